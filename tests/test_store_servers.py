"""Servers that speak S3: a short twin of ``scripts/store_rehearsal.py``, through its faulty proxy.

moto comes with the extra ``stores``; s3rver is used where the variable S3RVER says where it is, as ``.ci/run`` does.
"""

import os
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.store

ROOT = Path(__file__).resolve().parents[1]
SERVERS = ["moto", *(["s3rver"] if "S3RVER" in os.environ else [])]


@pytest.fixture(scope="module")
def rehearsal():
    """The script, as a module."""
    sys.path.append(str(ROOT / "scripts"))
    import store_rehearsal

    yield store_rehearsal
    sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture(scope="module")
def small(rehearsal, tmp_path_factory):
    """A recipe of a few shards, its set on the disk, and the set's identity."""
    folder = tmp_path_factory.mktemp("small")
    recipe = folder / "small.yaml"
    recipe.write_text(
        f"name: small\ncorpus: {{path: {ROOT / 'recipes' / 'demo' / 'corpus.jsonl'}}}\n"
        "balance: {by: [accent], utterances: 6, speakers: {min: 3}}\n"
        "factors: {device: {studio: [], handset: [{kind: microphone, profile: itu_p48_handset}]}}\n"
    )
    return recipe, folder / "set", rehearsal.local_build(str(recipe), folder / "set", "kaldi")


@pytest.mark.parametrize("name", SERVERS)
def test_a_build_survives_its_death_and_a_store_that_fails(rehearsal, small, name):
    recipe, local, identity = small
    server = rehearsal.moto if name == "moto" else rehearsal.s3rver(os.environ["S3RVER"])
    faults = rehearsal.Faults(busy=0.05, dropped=0.01, seed=2)
    promises = rehearsal.rehearsed(server, faults, str(recipe), local, identity, parts=1, workers=1)
    assert [promise for promise in promises if not promise.kept] == []
    assert len(promises) == 7
    met = {fate: faults.counts[fate] for fate in rehearsal.Fate}
    assert met[rehearsal.Fate.BUSY] > 0
    assert sum(met[fate] for fate in (rehearsal.Fate.DEAF, rehearsal.Fate.MUTE, rehearsal.Fate.TORN)) > 0


def test_what_a_store_refuses_is_told_at_once(rehearsal, small, tmp_path):
    """A bucket that does not exist, before anything is planned."""
    recipe, *_ = small
    command, port = rehearsal.moto(tmp_path)
    with rehearsal.serving(command, port), rehearsal.environment(f"http://127.0.0.1:{port}") as told:
        for words in (
            ["build", str(recipe), "--out", "s3://no-such-bucket/set"],
            ["verify", "s3://no-such-bucket/set"],
        ):
            code, said = rehearsal.commanded(words, told)
            assert (code, said.count("\n")) == (2, 1), said
            assert "s3://no-such-bucket" in said
            assert "there is no such bucket - create it" in said
