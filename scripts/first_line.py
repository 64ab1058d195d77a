"""How long every command leaves the terminal empty, and how long it takes: seconds, each in a terminal of its own.

The commands are run on the demo, without anything that was kept of earlier runs.

Run: ``python scripts/first_line.py [--within 1.0]``; it fails if a command of more than two seconds says nothing for
longer than that.
"""

import argparse
import json
import os
import pty
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from augment.report.text import table

LASTS_S = 2.0
COMMANDS = (
    "recipes", "profile list", "profile show mri_epi", "profile render mri_epi --out n.wav", "check demo", "plan demo",
    "corpus audit demo", "corpus import jsonl {corpus} --durations --out c.jsonl", "sample-size --detect 0.02",
    "preview demo",
    "build demo --out set --workers 2", "build demo --out set", "export set --format nemo,csv", "verify set",
    "score set --hyp h.jsonl --out scores", "demo --out again",
)  # fmt: skip


def timed(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Seconds until a command shows something, and until it ends."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    begun_s, first_s = time.monotonic(), None
    process = subprocess.Popen(
        [sys.executable, "-m", "augment.cli", *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment,
    )  # fmt: skip
    os.close(theirs)
    with suppress(OSError):  # how Linux says that the other end is closed
        while os.read(ours, 65536):
            first_s = time.monotonic() - begun_s if first_s is None else first_s
    os.close(ours)
    if process.wait():
        raise SystemExit(f"{' '.join(arguments)}: exit code {process.returncode}")
    whole_s = time.monotonic() - begun_s
    return (whole_s if first_s is None else first_s), whole_s


def main() -> None:
    """Time all commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--within", type=float, default=1.0, help="seconds after which something must be shown")
    within_s = parser.parse_args().within
    corpus = Path(__file__).resolve().parents[1] / "recipes" / "demo" / "corpus.jsonl"
    rows, late = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for command in COMMANDS:
            if command.startswith("score"):
                items = map(json.loads, (folder / "set" / "manifest.jsonl").read_text().splitlines())
                heard = (json.dumps({"id": item["id"], "text": item["text"]}) for item in items)
                (folder / "h.jsonl").write_text("\n".join(heard))
            first_s, whole_s = timed(command.format(corpus=corpus).split(), folder)
            rows.append([command.partition(" --")[0].format(corpus="FILE"), f"{first_s:.2f}", f"{whole_s:.2f}"])
            late += [command] if whole_s > LASTS_S and first_s > within_s else []
    print(table(["command", "first line s", "end s"], rows))
    if late:
        sys.exit(f"nothing within {within_s:g} s: {', '.join(late)}")


if __name__ == "__main__":
    main()
