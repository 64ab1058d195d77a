"""What a set says of itself hangs on no folder of the machine that made it, and what is not its own stays."""

import json
import shutil

import numpy as np
import pytest
import soundfile

import augment
from augment.errors import CorpusError, TestSetError
from augment.notes import texts
from conftest import RATE, speech_like

LEFT_OUT = "{path: corpus.jsonl, unusable: leave_out, at_most: 40 %}"
FACTORS = (
    "{noise: {quiet: [], street: [{kind: background_noise, source: noise/street, snr_db: 10, unusable: leave_out, "
    "at_most: 50 %}]}}"
)


def test_a_set_with_things_left_out_verifies_and_names_no_folder(workshop, monkeypatch):
    """A broken row, a broken recording of speech and one of noise; built from another folder by a relative path."""
    rows = workshop.corpus({"North": 5, "South": 5})
    workshop.noise("street/a.wav", 0.1 * np.random.default_rng(1).standard_normal(8 * RATE))
    (workshop.folder / "noise/street/bad.wav").write_bytes(b"no sound")
    (workshop.folder / rows[1]["audio_filepath"]).write_bytes(b"no sound")
    lines = (workshop.folder / "corpus.jsonl").read_text().splitlines()
    (workshop.folder / "corpus.jsonl").write_text("\n".join([*lines[:3], "{broken", *lines[3:]]) + "\n")
    workshop.recipe(corpus=LEFT_OUT, factors=FACTORS, noise="{segment_s: 2}")
    monkeypatch.chdir(workshop.folder.parent)
    result = augment.build("workshop/recipe.yaml", "made")
    notes = "\n".join(texts(result.plan.notes))
    assert all(told in notes for told in ("corpus.jsonl:4", "north_1", "bad.wav"))
    verdict = augment.verify("made", sample=4)
    assert verdict.sound, verdict.deviations
    assert any("made again" in said for _, said in verdict.checks)
    from_above = augment.build(workshop.folder / "recipe.yaml", "again")
    assert texts(from_above.plan.notes) == texts(result.plan.notes)
    for name in ("testset.json", "datasheet.md", "croissant.json", "manifest.jsonl"):
        assert str(workshop.folder.parent) not in (workshop.folder.parent / "again" / name).read_text(), name


def test_replace_leaves_what_is_not_ours(stocked, finished):
    condition = next(path for path in sorted((finished / "audio").iterdir()))
    for path in (condition / "notes.txt", finished / "audio" / "mine" / "x.flac"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    before = (finished / "testset.json").read_bytes()
    recipe = stocked.recipe((stocked.folder / "recipe.yaml").read_text().replace("[20, 0]", "[10]"))
    with pytest.raises(TestSetError, match=r"notes\.txt: the file is no part of this test set") as caught:
        augment.build(recipe, finished, replace=True)
    assert "2 files below audio/ are not of this test set, and nothing was changed" in str(caught.value)
    assert (condition / "notes.txt").read_text() == (finished / "audio" / "mine" / "x.flac").read_text() == "mine"
    assert (finished / "testset.json").read_bytes() == before
    (condition / "notes.txt").unlink()
    shutil.rmtree(finished / "audio" / "mine")
    assert augment.build(recipe, finished, replace=True).removed > 0
    assert augment.verify(finished, sample=2).sound


@pytest.mark.parametrize("column", ["offset", "duration"])
@pytest.mark.parametrize("value", [[0.5], {"s": 0.5}, []])
def test_a_time_of_several_values_is_a_fault(workshop, column, value):
    """Passed over, all of the recording would stand under the text of a segment."""
    (first, *rest) = workshop.corpus({"N": 2})
    workshop.manifest([{**first, "offset": 0.0, "duration": 0.5, column: value}, *rest])
    with pytest.raises(CorpusError, match=rf"corpus\.jsonl:1: {column}: expected seconds"):
        augment.plan(workshop.recipe())


def test_the_mean_of_channels_on_the_scale_of_integers(workshop):
    """Both channels are the talker, the second 3 dB softer and 20 ms later: the mean is asked for, and made."""
    rows = workshop.corpus({"N": 2})
    sound = 20_000 * speech_like(1.5)
    for row in rows:
        other = 0.7 * np.roll(sound, RATE // 50)
        both = np.stack([sound, other], axis=1)
        soundfile.write(workshop.folder / row["audio_filepath"], both, RATE, subtype="FLOAT")
    plan = augment.plan(workshop.recipe(corpus="{path: corpus.jsonl, channel: mix}"))
    assert plan.items.height == 4
    assert json.dumps(texts(plan.notes)).count("on the scale of integers") == 1
