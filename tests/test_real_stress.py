"""Odd manifests of a robustness pack: built and exported, or refused with their place, and nothing half written."""

import json
import re
import tarfile
from pathlib import Path

import pytest

import augment
from augment.errors import AcoustigridError
from augment.export import exporters
from conftest import ROOT

STRESS = ROOT.parent / "shared" / "stress_pack.tar.gz"
pytestmark = pytest.mark.real

RECIPE = """\
name: odd
corpus: {{path: odd_manifests/{name}, columns: {{audio_filepath: audio}}}}
balance: {{by: [accent], unlabelled: group}}
factors: {{noise: {{quiet: [], hum: [{{kind: equipment_noise, profile: mains_hum_50, snr_db: 10}}]}}}}
"""
REFUSED = {
    "missing_file.jsonl": r"missing_file\.jsonl:2: .*there is no such file",
    "duplicate_ids.jsonl": r"duplicate_ids\.jsonl:2: .*stands in row 1 too",
    "bad_json_line.jsonl": r"bad_json_line\.jsonl:2: this line is not a JSON object",
    "utf16.jsonl": r"utf16\.jsonl:1: the file is UTF-16",
    "latin1.jsonl": r"latin1\.jsonl:\d+: the file is not UTF-8",
    "path_traversal_id.jsonl": r"path_traversal_id\.jsonl:\d+: .*points outside",
    "empty.jsonl": "the file is empty|the corpus has no rows",
    "array_not_lines.json": "found a JSON array",
    "array_not_lines.jsonl": "found a JSON array",
}
TOLD = {
    "no_accent.jsonl": "",  # rows without a label are a group of their own here, and are counted as one
    "empty_text.jsonl": "rows have no text: their word error rate is undefined",
    "wrong_duration.jsonl": "a duration that is not the audio's|a duration that is no number",
    "accent_case_variants.jsonl": "that differ in case, spaces or signs only",
}


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    assert STRESS.is_file(), "the pack is expected in ../shared"
    folder = tmp_path_factory.mktemp("stress")
    with tarfile.open(STRESS) as archive:
        archive.extractall(folder, filter="data")
    return folder / "stress_pack"


def odd_manifests() -> list[str]:
    """Names in the pack, without unpacking it; none where it is not there."""
    if not STRESS.is_file():
        return ["ok.jsonl"]
    with tarfile.open(STRESS) as archive:
        return sorted(Path(name).name for name in archive.getnames() if "/odd_manifests/" in name)


@pytest.mark.parametrize("name", odd_manifests())
def test_odd_manifests_are_built_and_exported_or_refused(pack, tmp_path, name):
    recipe = pack / f"{name}.yaml"
    recipe.write_text(RECIPE.format(name=name))
    target = tmp_path / "set"
    if name in REFUSED:
        with pytest.raises(AcoustigridError, match=REFUSED[name]):
            augment.build(recipe, target, formats=list(exporters()))
        assert not target.exists()
        return
    result = augment.build(recipe, target, formats=list(exporters()))
    assert not result.failures
    assert re.search(TOLD.get(name, ""), "\n".join(result.plan.notes))
    assert augment.verify(target, sample=2).sound
    rows = [json.loads(line) for line in (target / "manifest.jsonl").read_text().splitlines()]
    exported = [json.loads(line) for line in (target / "nemo" / "manifest.jsonl").read_text().splitlines()]
    assert [row["text"] for row in exported] == [row["text"] for row in rows]
    assert all(Path(row["audio_filepath"]).parts[0] == "audio" for row in rows)
