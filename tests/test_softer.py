"""Items that were made softer against clipping: told by group, and what that does to their level."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

import augment
from acceptance.outside import p56_dbov
from augment.verification.claims import snr_faults
from conftest import RATE, speech_like


def test_groups_that_are_touched_are_told(workshop):
    """South has a crest that no file holds at this level: its items are softer, and rows say the level of the file."""
    rows = workshop.corpus({"North": 2, "South": 2})
    for row in rows[2:]:
        speech = speech_like(1.5, seed=len(row["id"]))
        speech[RATE // 2 : RATE // 2 + 20] = 4 * np.abs(speech).max()
        soundfile.write(workshop.folder / row["audio_filepath"], speech / 8, RATE, subtype="FLOAT")
    recipe = workshop.recipe(factors="{noise: {quiet: []}}", speech="{level_dbov: -18}")
    result = augment.build(recipe, workshop.folder / "set")
    assert (result.softer.items, dict(result.softer.groups)) == (2, {"North": (0, 2), "South": (2, 2)})
    assert str(result.softer).startswith("2 items were made softer as a whole by up to ")
    assert "(headroom_gain_db): South 2 of 2" in str(result.softer)
    said = json.loads((workshop.folder / "set" / "testset.json").read_text())["made_softer_against_clipping"]
    assert said["groups"] == {"North": [0, 2], "South": [2, 2]}
    sheet = (workshop.folder / "set" / "datasheet.md").read_text()
    assert "South 2 of 2" in sheet
    moved = []
    for line in (workshop.folder / "set" / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        samples, _ = soundfile.read(workshop.folder / "set" / row["audio_filepath"])
        assert row["speech_level_dbov"] == pytest.approx(p56_dbov(samples, RATE), abs=0.01)
        if row["group"] == "South":
            moved.append(abs(row["speech_level_dbov"] + 18 - row["headroom_gain_db"]))
    assert result.softer.level_moved_db == pytest.approx(max(moved), abs=0.002)


def test_what_was_made_softer_may_be_delivered_at_another_snr():
    """The meter reads speech again in a softer file, with thresholds that did not move; elsewhere that is a fault."""
    row = {"snr_db": -10.0, "snr_delivered_db": -9.8, "headroom_gain_db": -8.0}
    item = SimpleNamespace(condition=SimpleNamespace(chain=()), number=row.get)
    assert not list(snr_faults(item))
    row["headroom_gain_db"] = 0.0
    (told,) = snr_faults(item)
    assert told.startswith("snr_delivered_db: nothing follows the noise")
