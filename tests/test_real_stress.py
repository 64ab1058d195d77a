"""Odd manifests and audio of a robustness pack: used, used and told, or refused; nothing half written."""

import json
import re
import tarfile
from pathlib import Path

import pytest

import augment
from augment.corpus.speech import facts_of
from augment.errors import AcoustigridError, AudioError
from augment.export import exporters
from augment.profiles.recording import inspect_recordings
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


REFUSED_INSTEAD = {
    "channels/stereo_delayed.wav": r"channel 1 is 0\.50 ms behind 0.*channel: mix",
    "channels/two_talkers.wav": r"2 channels that differ.*channel: 0 or channel: 1",
    "levels/very_quiet_-80dbfs.wav": "no active speech",
    "levels/quiet_16bit_2lsb.wav": "no active speech",
    "lengths/five_ms.wav": "lasts 0.005 s; at least 0.1 s",
    "lengths/flac_45min_mostly_silence.flac": "is longer than 15 minutes",
    "corrupt/truncated_data.wav": "cut off",
    "corrupt/truncated.mp3": "cut off",
    "corrupt/truncated.flac": "cut off",
    "corrupt/truncated.ogg": "cut off",
    "corrupt/mp3_concatenated.mp3": "joined in it that do not go together: 22,050 Hz .*, 44,100 Hz",
}
"""Expected to be used, with a warning or (45 minutes) without: a text does not stand for half of its sound or for two
talkers, and nobody says a sentence of 45 minutes, though noise may last so long."""
USED_INSTEAD = {"levels/float_int_scaled.wav": "on the scale of integers"}
"""Expected to be refused, or rescaled with a warning."""


def audio_rows(pack: Path) -> list[dict[str, str]]:
    rows = [json.loads(line) for line in (pack / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if not row["audio"].startswith("odd_manifests/")]


def told_of(path: Path) -> tuple[bool, str]:
    """Whether a file is used as speech, and what is told of it."""
    try:
        return True, " ".join(facts_of(path, None, None, 16000).remarks)
    except AudioError as error:
        return False, str(error)


def test_every_expectation_for_audio_is_met_or_argued_with(pack):
    table = {}
    warned = 0
    for row in audio_rows(pack):
        used, told = told_of(pack / row["audio"])
        expected = {**REFUSED_INSTEAD, **USED_INSTEAD}.get(row["audio"])
        if expected is not None:
            met = used == (row["audio"] in USED_INSTEAD) and re.search(expected, told)
        elif row["expect"] == "error":
            met = not used and row["audio"].split("/")[-1] in told
        else:
            met = used and (row["expect"] == "process+warn") == bool(told)
        warned += row["expect"] == "process+warn" and bool(told)
        table[row["audio"]] = (row["expect"], used, told, bool(met))
    for name, (expect, used, told, met) in table.items():
        print(f"{'met' if met else 'NOT'} | {name} | {expect} | {'used' if used else 'refused'} | {told}")
    assert len(table) == 132
    assert all(met for *_, met in table.values())
    assert warned == 24  # all of them; seven more are manifests


def test_noise_of_45_minutes_is_used(pack):
    (found,) = inspect_recordings(pack / "lengths" / "flac_45min_mostly_silence.flac").recordings
    assert found.duration_s == 2700
