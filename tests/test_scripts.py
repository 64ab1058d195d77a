"""Every script says what it does when asked for help, and does nothing else."""

import ast
import runpy
import sys

import pytest

from conftest import ROOT

SCRIPTS = ROOT / "scripts"
PARTS = {"_shared", "benchmark_jobs", "faulty_proxy", "round_trip_recording", "round_trip_truth"}
"""Modules of other scripts, which nobody runs."""
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.py") if path.stem not in PARTS)


@pytest.mark.parametrize("name", NAMES)
def test_help_is_an_answer(name, monkeypatch, capsys):
    """In this process, as Python runs a file: the folder of the script comes first among those of modules."""
    script = SCRIPTS / f"{name}.py"
    monkeypatch.syspath_prepend(SCRIPTS)
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert not ended.value.code
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith(f"usage: {name}.py ")
    about = ast.get_docstring(ast.parse(script.read_text())) or ""
    (first, *_) = about.split("\n\n")
    assert " ".join(first.split()) in said
    assert f"python scripts/{name}.py" in about
