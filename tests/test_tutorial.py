"""The tutorial: every command in it runs, in its order, in a copy of its folder."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

TUTORIAL = ROOT / "recipes" / "tutorial"


def test_the_tutorial_runs_as_it_is_written(tmp_path):
    place = tmp_path / "my-ward"
    shutil.copytree(TUTORIAL, place)
    text = (TUTORIAL / "README.md").read_text()
    first, *others = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert first == "cp -r recipes/tutorial my-ward\ncd my-ward\n"
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in others:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=place, env={**os.environ, "PATH": tools},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    for name in re.findall(r"`((?:testset|scores)/[\w.]+)`", text):
        assert (place / name).is_file(), name
    assert b"<audio" in (place / "preview.html").read_bytes()
    scores = json.loads((place / "scores" / "scores.json").read_text())
    cells = {(cell["group"], cell["condition"]): cell for cell in scores["recognisers"]["made-up"]["cells"]}
    assert set(cells) == {(group, name) for group in ("Americas", "Britain")
                          for name in ("quiet", "ward_10db", "ward_0db", "scanner_10db", "scanner_0db")}  # fmt: skip
