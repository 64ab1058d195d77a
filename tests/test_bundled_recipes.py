"""Every ready-made recipe, built on the demo corpus and checked: one utterance of each accent under all conditions."""

import itertools
import json
import re
from collections import Counter

import numpy as np
import pytest
import soundfile

import augment
from augment.perturb.columns import known
from augment.recipe.loader import bundled_recipes

SETTINGS = sorted(set(bundled_recipes()) - {"demo", "accent_experiment"})


@pytest.mark.parametrize("name", SETTINGS)
def test_a_recipe_builds_and_is_what_it_says(name, tmp_path):
    source = bundled_recipes()[name]
    text = source.read_text()
    short = re.sub(r"utterances: \d+, speakers: \{min: \d+\}", "utterances: 1", text)
    assert short != text
    (tmp_path / "short.yaml").write_text(short)
    loaded = augment.load_recipe(tmp_path / "short.yaml", base=source.parent)
    planned = augment.plan(loaded)
    result = augment.build(planned, tmp_path / "set")
    assert result.failures == ()
    assert result.made == 4 * len(planned.conditions)
    rows = [json.loads(line) for line in (tmp_path / "set" / "manifest.jsonl").read_text().splitlines()]
    assert all(row["clipped_samples"] == 0 for row in rows)
    ours = [(known(column), value) for row in rows for column, value in row.items() if value is not None]
    assert all(type(value) is column.kind for column, value in ours if column is not None)
    for row in rows:
        samples, rate = soundfile.read(tmp_path / "set" / row["audio_filepath"])
        assert samples.size == row["samples"] == round(row["duration"] * rate)
        assert np.abs(samples).max() > 0.01
        for noise in ("noise", "noise2", "noise3"):
            if row.get(f"{noise}_snr_requested_db") is not None:
                assert row[f"{noise}_snr_db"] == pytest.approx(row[f"{noise}_snr_requested_db"], abs=0.001)
    verdict = augment.verify(tmp_path / "set", sample=4, recipe_folder=source.parent)
    assert verdict.sound, verdict.deviations


def test_there_is_one_for_each_setting():
    wanted = {"hospital_imaging", "hospital_ward", "dental_practice", "car", "call_centre", "open_office", "kitchen",
              "factory", "snr_ladder", "microphone_survey",
              "scanner_rhythm"}  # fmt: skip
    assert wanted == set(SETTINGS)


def test_the_experiment_is_one(tmp_path):
    """Equal cells, every pair of settings that may meet, the budget kept; and the set is sound."""
    planned = augment.plan("accent_experiment")
    cells = Counter(planned.items.select("group", "condition").rows())
    assert len(cells) == 4 * len(planned.conditions)
    assert max(cells.values()) - min(cells.values()) <= 1
    assert planned.items.height <= 200 < planned.items.height + 4 * 8
    pairs = {pair for c in planned.conditions for pair in itertools.combinations(c.settings, 2)}
    assert len(pairs) == 7 * 3 + 7 * 2 + 3 * 2 - 1
    assert (("device", "laptop"), ("line", "telephone")) not in pairs
    result = augment.build(planned, tmp_path / "set")
    assert result.failures == ()
    verdict = augment.verify(tmp_path / "set", sample=8, recipe_folder=bundled_recipes()["demo"].parent)
    assert verdict.sound, verdict.deviations
