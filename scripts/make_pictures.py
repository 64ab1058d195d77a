"""Pictures of the README and the tutorial: what the pages of the tutorial's set look like in a browser.

    python scripts/make_pictures.py --chromium /usr/bin/chromium

It runs the commands of the tutorial in a temporary folder and writes PNG files to ``recipes/tutorial/pictures``. It
needs the extra ``browser``. The voices are synthetic and the recogniser is made up: the pictures show the tool, and
nothing about speech.
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "recipes" / "tutorial"
COLOURS = 128
WIDTH, HEIGHT = 1180, 760
"""Of the window, in pixels."""
Shoot = Callable[[Any], bytes]


def run_tutorial(place: Path) -> None:
    """Run every command of the tutorial but the first, which copies its folder."""
    shutil.copytree(TUTORIAL, place)
    _, *blocks = re.findall(r"```sh\n(.*?)```", (TUTORIAL / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in blocks:
        subprocess.run(["bash", "-euc", block], cwd=place, env={**os.environ, "PATH": tools}, check=True)
    for command in PROFILES:
        subprocess.run(
            ["acoustigrid", "profile", *command.split()], cwd=place, env={**os.environ, "PATH": tools}, check=True
        )


def top_of(selector: str, width: int, height: int) -> Shoot:
    """The upper left part, of a width and height in pixels, of a page from the first thing on that fits a selector."""

    def shoot(page: Any) -> bytes:
        box = page.locator(selector).first.bounding_box()
        clip = {"x": 0, "y": max(box["y"] - 12, 0), "width": width, "height": height}
        return bytes(page.screenshot(clip=clip, full_page=True))

    return shoot


PROFILES = (
    "show mri_epi --picture mri.html",
    "render mri_epi --seconds 30 --rate 48000 --out ward_scanner.wav",
    "fit ward_scanner.wav --report fit.html",
)
"""Commands about profiles; what is fitted is a bundled scanner's sound, and no recording of anybody's."""
PICTURES: dict[str, tuple[str, Shoot]] = {
    "preview": ("preview.html", top_of("table", 662, 740)),
    "scores": ("scores/scores.html", top_of("h1", 820, 920)),
    "mri": ("mri.html", top_of("h1", WIDTH, 590)),
    "fit": ("fit.html", top_of("h1", 820, 820)),
}
"""For each picture its page, and what is shown of it."""


def smaller(png: bytes) -> bytes:
    """A picture with few colours, which are enough for pages."""
    from PIL import Image

    memory = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(memory, "PNG", optimize=True)
    return memory.getvalue()


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser (%(default)s)")
    chromium = parser.parse_args().chromium

    from playwright.sync_api import sync_playwright

    target = TUTORIAL / "pictures"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        place = Path(folder) / "my-ward"
        run_tutorial(place)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (page_name, shoot) in PICTURES.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.goto((place / page_name).as_uri())
            png = smaller(shoot(page))
            (target / f"{name}.png").write_bytes(png)
            print(f"{name}.png  {len(png) / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
