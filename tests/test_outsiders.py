"""Another distribution adds a perturbation with a column of its own, and nothing of ours is changed for it."""

import json
import os
import subprocess
import sys

import polars

CRACKLE = '''
from typing import ClassVar, Literal
from augment.columns import Column
from augment.perturb import Perturbation
from augment.scene import Stage

class Crackle(Perturbation):
    """A loose contact."""
    kind: Literal["crackle"]
    stage: ClassVar = Stage.ELECTRICAL
    linear: ClassVar = False
    records: ClassVar = (Column("crackle_gap_ms", float, "longest gap", "ms"),)
    gap_ms: float | None = None
    note: Literal["crackle_gap_ms", "crackle_other"] = "crackle_gap_ms"
    said: Literal["gap", "word"] = "gap"

    def apply(self, scene, draw):
        return scene.noted(**{self.note: "long" if self.said == "word" else self.gap_ms})
'''
BUILT = "import sys, augment; print(augment.verify(augment.build(sys.argv[1], 'set', formats=['huggingface']).folder))"


def run(workshop, *steps):
    """Build and verify a set in a process that finds an installed package with this perturbation."""
    installed = workshop.folder / "packages" / "crackle-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "entry_points.txt").write_text("[acoustigrid.electrical]\ncrackle = crackle\n")
    (installed.parent / "crackle.py").write_text(CRACKLE)
    workshop.corpus({"North": 1, "South": 1})
    settings = {"plain": [], "loose": [{"kind": "crackle", **step} for step in steps]}
    command = [sys.executable, "-c", BUILT, str(workshop.recipe(factors=json.dumps({"contact": settings})))]
    environment = os.environ | {"PYTHONPATH": str(installed.parent)}
    return subprocess.run(command, cwd=workshop.folder, env=environment, capture_output=True, text=True)


def test_a_column_is_one_entry(workshop):
    assert "deviations=()" in run(workshop, {"gap_ms": 2.5}, {}).stdout
    rows = [json.loads(line) for line in (workshop.folder / "set" / "manifest.jsonl").read_text().splitlines()]
    told = {(row["condition"], row["crackle_gap_ms"], row["crackle2_gap_ms"]) for row in rows}
    assert told == {("plain", None, None), ("loose", 2.5, None)}
    (records,) = json.loads((workshop.folder / "set" / "croissant.json").read_text())["recordSet"]
    fields = {field["name"]: field for field in records["field"]}
    (part,) = (workshop.folder / "set" / "huggingface" / "data").iterdir()
    for name in ("crackle_gap_ms", "crackle2_gap_ms"):  # nothing in the second one tells its kind
        assert (fields[name]["dataType"], fields[name]["description"]) == ("sc:Float", "longest gap, in ms")
        assert polars.read_parquet_schema(part)[name] == polars.Float64


def test_what_is_filled_otherwise_than_declared_is_told_before_anything_is_written(workshop):
    told = run(workshop, {"note": "crackle_other"}, {"said": "word"}).stderr
    assert "condition loose: column 'crackle2_gap_ms' of kind float has 'no value, not even None'" in told
    assert "column 'crackle_gap_ms' of kind float has 'long'" in told
    assert "column 'crackle_other' stands in no step's 'records'" in told
    assert not (workshop.folder / "set").exists()
