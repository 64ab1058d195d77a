"""What a build will cost is foretold from a few blocks that are built on trial."""

import itertools
import json

import pytest

import augment
from augment.api import costing
from conftest import command


def test_bytes_are_those_of_the_set_that_is_then_built(stocked, finished):
    cost = augment.cost_of(augment.plan(stocked.folder / "recipe.yaml"))
    size = sum(path.stat().st_size for path in (finished / "audio").rglob("*.flac"))
    assert cost.files == 64
    assert cost.size_bytes == pytest.approx(size, rel=0.05)


def test_time_is_that_of_the_trial_by_the_audio_that_it_made(stocked, monkeypatch):
    """A clock that says one second for every block: the trial ends after three, and a set of four blocks has four."""
    monkeypatch.setattr(costing.time, "process_time", itertools.count().__next__)
    planned = augment.plan(stocked.folder / "recipe.yaml")
    cost = augment.cost_of(planned)
    tried = costing._tried(planned)
    audio_s = sum(u.samples * len(u.items) for shard in tried for u in shard.utterances) / 16000
    assert cost.core_s == pytest.approx(len(tried) * planned.seconds / audio_s)
    assert cost.core_s == pytest.approx(4, rel=0.1)


def test_blocks_that_meet_some_conditions_are_tried_until_all_are_met():
    planned = augment.plan("accent_experiment")
    assert not planned.schedule.crossed
    tried = {item.condition for shard in costing._tried(planned) for u in shard.utterances for item in u.items}
    assert tried == {condition.name for condition in planned.conditions}


def test_the_command_tells_it(stocked):
    said = command("plan", "recipe.yaml", "--cost", cwd=stocked.folder).stdout
    assert "\ncost: about " in said
    told = json.loads(command("plan", "recipe.yaml", "--cost", "--json", cwd=stocked.folder).stdout)
    assert (told["cost"]["files"], told["cost"]["shards"]) == (64, 1)
