"""``python -m tests.browser.picture``: the picture of the README, taken of the app as it is, and of no other.

The sample whose mood turns is opened by its link in a fresh server; ``--width 390 --scheme dark --output FILE`` looks
at the same page otherwise.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, ROOT, chromium, serving, until

TARGET = ROOT / "docs" / "screenshot.png"
COLOURS = 256
"""Of a palette: a page has few, and the file stays small."""


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.browser.picture", description=__doc__)
    parser.add_argument("--output", type=Path, default=TARGET)
    parser.add_argument("--sample", default="long_evening")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1180)
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--language", default="en-GB")
    parser.add_argument("--whole", action="store_true", help="the page to its end, one screen under another")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        view = {"width": args.width, "height": args.height}
        page = browser.new_page(viewport=view, color_scheme=args.scheme, locale=args.language)  # pyright: ignore
        page.goto(f"{server.url}/?sample={args.sample}")
        page.locator(".st-key-cue_strip .block").first.wait_for(timeout=240_000)
        page.locator(".st-key-clip_timeline .js-plotly-plot").wait_for(timeout=120_000)
        until(page, "document.querySelector('.st-key-clip_player video, .st-key-clip_player audio')?.readyState >= 2")
        page.evaluate("{ const v = document.querySelector('.st-key-clip_player video'); if (v) v.currentTime = 9; }")
        page.mouse.move(2, 2)
        page.wait_for_timeout(2500)
        if args.whole:
            height = int(page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight"))
            page.set_viewport_size({"width": args.width, "height": min(height, 8000)})
            page.wait_for_timeout(2000)
        picture = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    picture.convert("RGB").quantize(COLOURS, kmeans=5).save(args.output, optimize=True)
    print(args.output, picture.size, args.output.stat().st_size // 1024, "KB")


if __name__ == "__main__":
    main()
