"""Licences and credits of every source reach the rows; forbidden mixtures are refused, or allowed by name."""

import json
import re
from collections import Counter

import numpy as np
import pytest

import augment
from augment.errors import AcoustigridError, DesignError
from augment.notes import texts
from conftest import RATE

FACTORS = """{noise: {quiet: [],
  street: {steps: [{kind: background_noise, source: noise/street}], sweep: {snr_db: [5]}},
  voices: [{kind: babble, talkers: 1, snr_db: 5}]}}"""
STREET = "noise/street: {licence: CC-BY-2.0, credit: B. Person}, noise/street/b.wav: {licence: CC0-1.0}"


@pytest.fixture
def shop(workshop):
    rows = workshop.corpus({"North": 3, "South": 3})
    for row in rows:
        row |= {"license": "cc by 4.0" if row["accent"] == "North" else "CC-BY-SA-4.0", "credit": row["accent"]}
    workshop.manifest(rows)
    rng = np.random.default_rng(5)
    for name in "ab":
        workshop.noise(f"street/{name}.wav", 0.1 * rng.standard_normal(3 * RATE))
    return workshop


def recipe(shop, sources=STREET, allow=""):
    allowed = f", allow: {allow}" if allow else ""
    more = {"noise": "{segment_s: 1.5}", "licences": f"{{sources: {{{sources}}}{allowed}}}"}
    return shop.recipe(factors=FACTORS, **more)


def built(shop, *arguments, name="set"):
    folder = augment.build(recipe(shop, *arguments), shop.folder / name).folder
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    return folder, rows, json.loads((folder / "testset.json").read_text())


def test_rows_and_set_name_licences_and_credits(shop):
    folder, rows, identity = built(shop)
    for row in rows:
        speech = "CC-BY-4.0" if row["accent"] == "North" else "CC-BY-SA-4.0"
        north = row["accent"] == "North"
        if row["noise"] == "quiet":
            assert (row["licence"], row["credit"]) == (speech, row["accent"])
        elif row["noise"] == "voices":  # anybody of the corpus may talk
            assert (row["licence"], set(row["credit"].split("; "))) == ("CC-BY-SA-4.0", {"North", "South"})
        elif row["noise_source"] == "a.wav":
            assert row["licence"] == ("CC-BY-2.0 AND CC-BY-4.0" if north else "CC-BY-SA-4.0")
            assert row["credit"] == f"{row['accent']}; B. Person"
        else:
            assert (row["licence"], row["credit"]) == (speech, row["accent"])
    assert identity["licence"] == "CC-BY-SA-4.0"
    assert identity["licences_of_items"] == dict(Counter(row["licence"] for row in rows))
    heard = {source["name"]: (source["licence"], source["items"]) for source in identity["sources"]}
    assert heard["noise/street/a.wav"] == ("CC-BY-2.0", sum(row["noise_source"] == "a.wav" for row in rows))
    assert heard["noise/street/b.wav"][0] == "CC0-1.0"
    assert not [note for note in identity["notes"] if "licence" in note]
    assert augment.verify(folder, sample=4).sound


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ("GPL-2.0", r"CC-BY-SA-4.0 asks .* GPL-2.0-only asks for itself: street_5db"),
        ("CC-BY-NC-4.0", r"CC-BY-NC-4.0 \(no commerce\) forbids: street_5db"),
        ("CC-BY-ND-4.0", "allows no adaptations"),
    ],
)
def test_forbidden_mixtures_are_refused_or_allowed_by_name(shop, licence, words):
    sources = f"noise/street: {{licence: {licence}}}"
    with pytest.raises(DesignError, match=words):
        augment.plan(recipe(shop, sources))
    folder, _, identity = built(shop, sources, "'J. Doe, 2026: inside the house only'")
    assert identity["forbidden_mixtures_allowed_by"] == "J. Doe, 2026: inside the house only"
    assert re.search(words.rpartition(":")[0] or words, identity["forbidden_mixtures"][0])
    assert augment.verify(folder, sample=0).sound


def test_what_nobody_states_is_told(shop):
    notes = "\n".join(
        texts(augment.plan(recipe(shop, "noise/street/a.wav: {licence: MIT}, noise/car: {licence: MIT}")).notes)
    )
    assert "nobody says under which licence these sources are: noise/street/b.wav" in notes
    assert "licences.sources names 'noise/car', which no item uses" in notes
    assert "nobody says whom to name for sources under MIT, which asks for it" in notes
    assert "whom to name" not in "\n".join(texts(augment.plan(recipe(shop)).notes))
    with pytest.raises(
        AcoustigridError, match=r"recipe.yaml:[0-9]+:[0-9]+: .*'free' is not an SPDX licence identifier"
    ):
        augment.plan(recipe(shop, "noise/street: {licence: free}"))
    with pytest.raises(AcoustigridError, match="'mine' is not an SPDX licence identifier"):
        augment.plan(shop.recipe(corpus="{path: corpus.jsonl, licence: mine}"))
