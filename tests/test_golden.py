"""Bytes change only on purpose: with a new ``BYTES_VERSION`` and a line in the changelog."""

import json

import numpy as np

import augment
from augment.design.chains import BYTES_VERSION
from conftest import ROOT

GOLDEN = json.loads((ROOT / "tests" / "data" / "golden_demo.json").read_text())


def test_the_demo_sounds_as_it_did():
    """Within one step of 16 bits: other processors may round the last digit of a float otherwise."""
    assert GOLDEN["bytes_version"] == BYTES_VERSION
    plan = augment.plan("demo")
    seen = 0
    for utterance in {name.split("__")[0] for name in GOLDEN["samples"]}:
        for condition, item in augment.render_utterance(plan, utterance).items():
            expected = np.array(GOLDEN["samples"][f"{utterance}__{condition}"])
            assert np.abs(item.pcm[::499].astype(int) - expected).max() <= 1
            seen += 1
    assert seen == len(GOLDEN["samples"]) == 4 * 8


def test_the_demo_has_the_keys_it_had():
    assert dict(augment.plan("demo").items.sort("id").select("id", "key").rows()) == GOLDEN["keys"]


def test_the_changelog_speaks_of_this_version():
    changed = (ROOT / "CHANGELOG.md").read_text().split("### Bytes changed")[1]
    assert f"bytes version {BYTES_VERSION}" in changed
