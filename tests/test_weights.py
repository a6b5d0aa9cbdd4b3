"""Every registered model has what a user is promised: matching hashes, a card, figures, a licence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from emotion import errors, weights

FOLDERS = sorted(p.name for p in weights.MODELS_DIR.glob("*-v*"))
OUR_OWN = [n for n in FOLDERS if not n.startswith(("vad-", "detector-", "person-", "landmarks-"))]
MAX_MB = 25


def test_the_product_has_a_voice_and_a_face() -> None:
    assert any(n.startswith("voice-") for n in FOLDERS)
    assert any(n.startswith("face-") for n in FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_model_is_whole(name: str) -> None:
    loaded = weights.load(name)
    for file in loaded.config["files"]:
        assert loaded.path(file).stat().st_size < MAX_MB * 1024**2
    card = (loaded.folder / "MODEL_CARD.md").read_text(encoding="utf-8").lower()
    for word in ("licence", "limits"):
        assert word in card, f"{name}'s card says nothing of {word}"
    assert loaded.config["licence"]
    assert len(loaded.used.sha256) == 64


@pytest.mark.parametrize("name", OUR_OWN)
def test_what_we_trained_shows_its_figures_and_command(name: str) -> None:
    folder = weights.load(name).folder
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "python -m emotion.training." in card or "python -m recommender.training." in card
    assert "non-commercial" in card or "research use" in card


def test_a_damaged_or_missing_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(n for n in FOLDERS if n.startswith("voice-"))
    shutil.copytree(weights.MODELS_DIR / name, tmp_path / name)
    monkeypatch.setenv("MOODCUE_MODELS_DIR", str(tmp_path))
    loaded = weights.load(name)
    file = next(iter(loaded.config["files"]))
    with (tmp_path / name / file).open("r+b") as f:
        f.seek(100)
        f.write(b"\x00damaged\x00")
    with pytest.raises(errors.WeightsError, match="checksum"):
        loaded.path(file)
    (tmp_path / name / file).unlink()
    with pytest.raises(errors.WeightsError, match="missing"):
        loaded.path(file)
    with pytest.raises(errors.WeightsError):
        loaded.path("../../../etc/passwd")
    for other in ("no-such-v1", "../x-v1", "voice"):
        with pytest.raises(errors.WeightsError):
            weights.load(other)
