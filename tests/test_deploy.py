"""What can be said of the image, the services and the proxies without running them."""

from __future__ import annotations

import asyncio
import fnmatch
import http.server
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import threading
import tomllib
from typing import Any

import pytest
from deepface.models.face_detection import OpenCv
from streamlit import net_util
from streamlit.web.server import server_util

from deploy import guard, server, warm
from emotion import settings
from emotion.messages import LANGUAGES
from tests.conftest import ROOT

DOCKERFILE = ROOT / "Dockerfile"
SHELL = ("deploy/check.sh", "deploy/install.sh", "deploy/huggingface/push.sh", "tests/whole.sh")
Instruction = tuple[str, str]


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def stages() -> list[list[Instruction]]:
    """The Dockerfile's instructions, stage by stage."""
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    found: list[list[Instruction]] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            if name == "FROM":
                found.append([])
            if found:
                found[-1].append((name, rest.strip()))
    return found


def of(stage: list[Instruction], name: str) -> list[str]:
    return [rest for each, rest in stage if each == name]


def test_the_server_in_the_image_is_not_root_and_cannot_change_its_own_code(stages: list[list[Instruction]]):
    final = stages[-1]
    assert of(final, "USER") == ["moodcue"]
    after_user = final[[name for name, _ in final].index("USER") :]
    assert not of(after_user, "COPY"), "what is copied then would be copied by root anyway, but not be compiled"
    assert not any("--chown" in rest for rest in of(final, "COPY"))
    assert of(final, "HEALTHCHECK") and of(final, "CMD") == ['["python", "-m", "deploy.server"]']
    assert "deploy.warm" in " ".join(of(after_user, "RUN")), "caches must belong to who uses them"


def test_what_the_image_copies_is_there_and_all_that_the_app_imports_is_copied(stages: list[list[Instruction]]):
    copied = [word for rest in of(stages[-1], "COPY") if not rest.startswith("--") for word in rest.split()[:-1]]
    missing = [name for name in copied if not (ROOT / name).exists()]
    assert not missing
    assert {"app.py", "assets", "deploy", "emotion", "pages", "recommender", ".streamlit"} <= set(copied)
    ignored = [line for line in text(".dockerignore").splitlines() if line and "*" not in line]
    lost = [line for line in ignored if line.split("/")[0] in copied]
    served = [
        path
        for folder in ("pages", "emotion", "recommender", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        if not any(path.is_relative_to(ROOT / line) for line in lost)
    ]
    modules = [
        line.removesuffix(".py").replace("/", ".") for line in lost if line.startswith(("emotion", "recommender"))
    ]
    assert modules == ["emotion.training", "recommender.training"]
    needing = [p for p in served for m in modules if re.search(rf"^\s*(from|import) {m}", p.read_text("utf-8"), re.M)]
    assert not needing, "the image lacks what these import"


def asked(dependencies: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", d, maxsplit=1)[0].lower() for d in dependencies}


def pins(path: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", text(path), re.MULTILINE))


def test_the_image_has_the_same_packages_as_everybody_without_tensorflow():
    serve, all_ = pins("requirements-serve.txt"), pins("requirements.txt")
    assert not {"tensorflow", "keras", "tf-keras"} & set(serve)
    assert "tensorflow" in all_
    assert {name: v for name, v in serve.items() if all_.get(name) != v} == {}, "run: make lock"
    project = tomllib.loads(text("pyproject.toml"))
    extras = project["project"]["optional-dependencies"]
    assert asked([*project["project"]["dependencies"], *extras["serve"]]) <= set(serve), "run: make lock"
    assert asked(extras["train"]) <= set(all_), "run: make lock"
    assert asked(project["dependency-groups"]["dev"]) <= set(pins("requirements-dev.txt")), "run: make lock"


def test_the_requirements_hold_the_seven_packages_pinned_and_name_no_host():
    seven = {"streamlit", "librosa", "tensorflow", "deepface", "yt-dlp", "pandas", "plotly"}
    assert seven <= set(pins("requirements.txt"))
    for path in sorted(ROOT.glob("requirements*")):
        assert path.suffix == ".txt", f"{path.name}: pyproject.toml says what is needed, `make lock` pins it"
        assert "://" not in text(path.name)


def test_no_secret_stands_in_the_services_and_every_blank_is_in_the_example():
    services = text("compose.yaml")
    secrets = re.findall(r'(?:PASSWORD: |"credential": "|--user=moodcue:|//moodcue:)(\S{2})', services)
    assert secrets == ["${"] * 4
    asked = set(re.findall(r"\$\{(\w+)", services))
    assert asked == set(re.findall(r"^#?(\w+)=", text("deploy/example.env"), re.MULTILINE))
    assert ".env" in text(".gitignore").split()
    assert ".env" in text(".dockerignore").split()


def test_what_the_image_and_the_services_set_exists():
    used = set(re.findall(r"^\s+(MOODCUE_\w+)[:=]", text("compose.yaml") + text("Dockerfile"), re.MULTILINE))
    assert used <= {setting.name for setting in settings.HOSTED}


def test_proxies_pass_sockets_on_and_take_what_the_app_takes():
    nginx, caddy = text("deploy/nginx.conf"), text("deploy/Caddyfile")
    largest = int(re.findall(r"maxUploadSize = (\d+)", text(".streamlit/config.toml"))[0])
    assert int(re.findall(r"client_max_body_size\s+(\d+)m", nginx)[0]) > largest
    assert int(re.findall(r"max_size (\d+)MB", caddy)[0]) > largest
    for line in (
        "proxy_set_header Upgrade $http_upgrade",
        "proxy_set_header Host $http_host",
        "proxy_http_version 1.1",
    ):
        assert line in nginx
    assert nginx.count("{") == nginx.count("}") and re.sub(r"\{\$\w+\}", "", caddy).count("{") == caddy.count("}") - 1


def test_the_space_has_its_front_matter_and_our_readme_has_none(stages: list[list[Instruction]]):
    front = text("deploy/huggingface/README.md").split("---")[1]
    said = dict(line.split(": ", 1) for line in front.strip().splitlines())
    assert said["sdk"] == "docker"
    assert said["app_port"] == of(stages[-1], "EXPOSE")[0]
    assert len(said["short_description"]) <= 60, "Spaces refuse a longer one"
    assert not text("README.md").startswith("---")


@pytest.mark.parametrize("script", SHELL)
def test_scripts_can_be_read_by_the_shell(script: str):
    shell = "bash" if "bash" in text(script).splitlines()[0] else "sh"
    assert subprocess.run([shell, "-n", str(ROOT / script)], capture_output=True, check=False).returncode == 0


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/_stcore/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_the_health_check_says_whether_the_server_answers():
    def status(port: int) -> int:
        command = [sys.executable, "-m", "deploy.health"]
        proxy = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}  # never asked
        env = {**os.environ, **proxy, "PORT": str(port)}
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Healthy) as healthy:
        threading.Thread(target=healthy.serve_forever, daemon=True).start()
        port = healthy.server_address[1]
        assert status(port) == 0
        healthy.shutdown()
    assert status(port) == 1


def test_the_image_keeps_the_calendars_of_every_language_and_the_cascades_of_the_detector():
    """Both are cut down to what is used: another language or cascade would fail in the image alone."""
    script = text("deploy/install.sh")
    languages = re.findall(r"! -name '([^']+)\.dat'", script)
    for language in (*LANGUAGES, "root"):
        parts = language.split("_")
        for name in ("_".join(parts[: n + 1]) for n in range(len(parts))):
            assert any(fnmatch.fnmatch(name, kept) for kept in languages), name
    used = set(re.findall(r"haarcascade_\w+\.xml", inspect.getsource(OpenCv)))
    assert used
    assert set(re.findall(r"! -name '(haarcascade[^']+)'", script)) == used


def test_an_image_with_tensorflow_is_not_built(capsys: pytest.CaptureFixture[str]):
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("no TensorFlow here: nothing to refuse")
    assert warm.main() == 1
    assert "TensorFlow" in capsys.readouterr().err


# The server's own guard ----------------------------------------------------------------------------


async def plain_app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Content-Type-Options", b"other")]})
    await send({"type": "http.response.body", "body": b"page"})


def answers(kind: str, **sent: str) -> list[dict[str, Any]]:
    """What the guard in front of an app sends for a request with these headers."""
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    headers = [(name.encode(), value.encode()) for name, value in sent.items()]
    asyncio.run(guard.Headers(guard.OwnPages(plain_app))({"type": kind, "headers": headers}, receive, send))
    return said


def test_every_answer_carries_the_security_headers_once():
    start, body = answers("http")
    names = [name.lower() for name, _ in start["headers"]]
    assert names.count(b"x-content-type-options") == 1
    headers = dict(start["headers"])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"camera=(self)" in headers[b"permissions-policy"]
    assert headers[b"referrer-policy"] == b"strict-origin-when-cross-origin", "YouTube's player needs it"
    assert body["body"] == b"page"


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({"host": "moodcue.example.org", "origin": "https://moodcue.example.org"}, "websocket.accept"),
        ({"host": "localhost:8501", "origin": "http://localhost:8501"}, "websocket.accept"),
        ({"host": "moodcue.example.org"}, "websocket.accept"),
        ({"host": "moodcue.example.org", "origin": "https://elsewhere.test"}, "websocket.close"),
        ({"host": "moodcue.example.org", "origin": "https://moodcue.example.org.elsewhere.test"}, "websocket.close"),
        ({"host": "localhost:8501", "origin": "http://localhost:9999"}, "websocket.close"),
        ({"host": "moodcue.example.org", "origin": "null"}, "websocket.close"),
    ],
)
def test_a_socket_is_opened_by_our_own_page_alone(headers: dict[str, str], answer: str):
    assert [message["type"] for message in answers("websocket", **headers)] == [answer]


def test_pages_load_from_their_own_server_and_a_player_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MOODCUE_FRAME_ANCESTORS", raising=False)
    index = guard.INDEX.read_text(encoding="utf-8")
    policy = guard.policy(index)
    assert re.findall(r"https?://[^\s;]+", policy) == ["https://www.youtube-nocookie.com"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    assert len(re.findall("'sha256-", scripts)) == len(re.findall("<script>", index)) > 0
    assert "frame-ancestors 'self'" in policy
    monkeypatch.setenv("MOODCUE_FRAME_ANCESTORS", "'self' https://huggingface.co")
    assert policy.replace("frame-ancestors 'self'", "frame-ancestors 'self' https://huggingface.co") == guard.policy(
        index
    )


def test_nobody_outside_is_asked_who_the_server_is(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []

    def ask(url: str, **_: object) -> None:
        asked.append(url)

    monkeypatch.setattr(net_util, "_make_blocking_http_get", ask)
    monkeypatch.setattr(net_util, "_external_ip", None)
    assert not server_util.is_url_from_allowed_origins("https://elsewhere.test")
    assert asked, "Streamlit does not ask any more: never_ask_outside can go"
    asked.clear()
    server.never_ask_outside()
    assert not server_util.is_url_from_allowed_origins("https://elsewhere.test")
    assert asked == []
