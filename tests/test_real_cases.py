"""Small inputs of the kinds that other people report as faults of tools that do this job: what is right with each.

Run with ``pytest -m real``; the cases lie beside the project and are no part of it.
"""

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

import augment
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import AcoustigridError, AudioError, CorpusError
from augment.notes import texts
from augment.report.tables import plan_text
from conftest import RATE, ROOT
from test_cli import run

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.real


@pytest.fixture
def case(tmp_path, request) -> Path:
    """A copy of the folder that the test names."""
    assert CASES.is_dir(), "the cases are expected in ../shared/cases"
    return shutil.copytree(CASES / request.param, tmp_path / "case")


def of(name):
    return pytest.mark.parametrize("case", [name], indirect=True)


def made(folder, recipe):
    """Rows of a set that is built of a recipe in the folder."""
    out = augment.build(folder / recipe, folder / "set").folder
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


@of("lists-as-text")
def test_lists_are_faults_with_their_row(case):
    for name, column in (("text", "text"), ("label", "accent")):
        with pytest.raises(AcoustigridError, match=rf"{name}\.jsonl:1: {column}: expected one value, found a list"):
            augment.plan(case / f"{name}.yaml")


@of("folder-upper-case")
def test_texts_are_found_whatever_their_case(case):
    for number in (1, 2):
        pattern = ("{accent}/{speaker}/*.wav", "{accent}/{speaker}/*.WAV")[number - 1]
        corpus = read_corpus(CorpusSpec(path="TEST", layout="folder", pattern=pattern), case)
        assert corpus.frame["text"].to_list() == ["She had your dark suit."] * 4
    assert {row["text"] for row in made(case, "2.yaml")} == {"She had your dark suit."}
    for name in ("0.yaml", "1.yaml"):  # SA1 is what both speakers say: the remedy is what the recipe above does
        with pytest.raises(CorpusError, match=r"2 files the id 'SA1', and ids must be unique - write \* in place of"):
            augment.plan(case / name)


@of("json-not-lines")
def test_json_that_is_no_lines_is_read(case):
    for name in ("array", "one_array", "object"):
        items = augment.plan(case / f"{name}.yaml").items
        assert sorted(set(items["text"])) == [f"word number {n}" for n in range(8)]
        assert sorted(set(items["accent"])) == ["A", "B"]


@of("csv-odd")
def test_odd_tables_are_read(case):
    for name in ("blanks", "blanks2", "pandas", "pipe", "trail"):
        items = augment.plan(case / f"{name}.csv.yaml").items
        assert sorted(set(items["text"])) == [f"word number {n}" for n in range(8)]
        assert sorted(set(items["speaker"])) == ["sA0", "sA2", "sB1", "sB3"]
    assert "not used: columns: without a name (8)" in texts(augment.plan(case / "pandas.csv.yaml").notes)


@of("texts-without-words")
def test_texts_without_words_are_counted(case):
    (told,) = (note for note in texts(augment.plan(case / "r.yaml").notes) if "without a word" in note)
    assert told == "7 rows have a text without a word (2 of them none at all): their word error rate is undefined"
    recipe = (case / "r.yaml").read_text().replace("m.jsonl", "m.jsonl, unusable: leave_out, at_most: 50 %")
    (case / "some.yaml").write_text(recipe)
    with pytest.raises(CorpusError, match="7 of 8 in all, 4 of 4 of A, 3 of 4 of B"):
        augment.plan(case / "some.yaml")


@of("import-missing-audio")
def test_audio_that_is_not_there_is_told_at_once(case):
    words = "m.jsonl:1: the audio of 6 of 6 rows is not there: /nfs/me/clips/0.wav, "
    assert words in run("check", "r.yaml", cwd=case, code=2).stderr
    assert words in run("corpus", "import", "jsonl", "m.jsonl", "-o", "new.jsonl", cwd=case).stdout
    assert words in run("corpus", "audit", "m.jsonl", "--by", "accent", "--details", cwd=case, code=1).stdout


def counts_within_one(pairs):
    """Whether every combination of two things stands equally often, to within one."""
    counts = Counter(pairs)
    firsts, seconds = ({pair[side] for pair in counts} for side in (0, 1))
    every = [counts[first, second] for first in firsts for second in seconds]
    return max(every) - min(every) <= 1


@of("acoustics")
def test_a_line_near_an_edge_counts_the_same_whatever_the_length(case):
    """The full-band level of noise at one label: a line that counts differently moves it."""
    subprocess.run([sys.executable, case / "make.py", case], check=True)
    rows = made(case, "line.yaml")
    assert [row["snr_db"] for row in rows] == pytest.approx([10.0] * 5, abs=0.05)
    levels = [row["snr_full_band_db"] for row in rows]
    assert max(levels) - min(levels) < 0.4  # the speech itself differs by some tenths


@of("acoustics")
def test_rumble_is_no_speech(case):
    subprocess.run([sys.executable, case / "make.py", case], check=True)
    samples, rate = soundfile.read(case / "rumble.wav")
    clean = samples - 0.4 * np.sin(2 * np.pi * 6 * np.arange(samples.size) / rate)
    soundfile.write(case / "clean.wav", clean, rate)
    row = json.loads((case / "rumble.jsonl").read_text())
    both = [row, {**row, "id": "clean", "audio_filepath": "clean.wav"}]
    (case / "rumble.jsonl").write_text("".join(json.dumps(r) + "\n" for r in both))
    found = {(r["utterance"], r["noise"]): r for r in made(case, "rumble.yaml")}
    for column, tolerance in (("snr_db", 0.1), ("speech_level_dbspl", 0.1), ("speech_activity", 0.01)):
        assert found["rumble", "pink"][column] == pytest.approx(found["clean", "pink"][column], abs=tolerance)


@of("design")
def test_texts_are_crossed_with_conditions(case):
    subprocess.run([sys.executable, case / "make.py", case], check=True)
    for name in ("texts_8", "texts_9", "texts_10"):
        items = augment.plan(case / f"{name}.yaml").items
        assert counts_within_one(items.select("text", "condition").rows()), name


@of("design")
def test_positions_are_crossed_with_conditions_and_speakers(case):
    subprocess.run([sys.executable, case / "make.py", case], check=True)
    for name in ("positions_rotated", "positions_crossed"):
        rows = made(case, f"{name}.yaml")
        places = [re.search(r"position\d", json.dumps(row))[0] for row in rows]
        for column in ("condition", "speaker"):
            assert counts_within_one(list(zip(places, (row[column] for row in rows), strict=True))), (name, column)
        shutil.rmtree(case / "set")


@of("design")
def test_groups_that_are_matched_one_by_one_only_are_told(case):
    subprocess.run([sys.executable, case / "make.py", case], check=True)
    told = plan_text(augment.plan(case / "joint.yaml")).split("\n", 1)[1]  # without the recipe's name
    assert re.search(r"(?s)(joint|together|gender.{1,5}age_band).*1\.00", told)
    recipe = (case / "joint.yaml").read_text().replace("[gender, age_band]", "[[gender, age_band]]")
    (case / "joint.yaml").write_text(recipe)
    with pytest.raises(AcoustigridError):  # A has no old women at all
        augment.plan(case / "joint.yaml")


@of("mp3-without-length")
def test_an_mp3_without_its_length_is_read_whole_or_refused(case):
    with contextlib.suppress(AudioError, CorpusError):  # an error names the file, a set holds all of it
        assert min(row["duration"] for row in made(case, "r.yaml")) > 4.0


@of("flac-from-a-pipe")
def test_a_flac_of_unknown_length_is_read_whole(case):
    rows = {row["utterance"]: row["duration"] for row in made(case, "r.yaml")}
    whole = {f"u{n}": samples_of_flac((case / f"u{n}.flac").read_bytes()) / RATE for n in range(2)}
    assert rows == pytest.approx(whole, abs=1e-4)


def samples_of_flac(data):
    """Samples that PyAV decodes, which asks no header how many there are."""
    import av

    with av.open(io.BytesIO(data)) as file:
        return sum(frame.samples for frame in file.decode(audio=0))


@of("lhotse-two-talkers")
def test_each_talker_is_heard_alone(case):
    rows = {row["utterance"]: row for row in made(case, "old.yaml") if row["noise"] == "quiet"}
    recording, rate = soundfile.read(case / "old" / "rec.wav")
    for channel, start_s in ((0, 0.5), (1, 2.5)):
        heard, _ = soundfile.read(case / "set" / rows[f"s{channel}"]["audio_filepath"])
        part = recording[round(start_s * rate) : round(start_s * rate) + heard.size]
        own, other = (abs(np.corrcoef(heard, part[:, side])[0, 1]) for side in (channel, 1 - channel))
        assert own > 0.99
        assert other < 0.9
