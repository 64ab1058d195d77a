"""A set built in shards, by builders that know nothing of one another, is the set that one build makes."""

import json
from pathlib import Path

import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augment
from augment.api import sharding
from augment.errors import AcoustigridError, TestSetError
from augment.files.sealed import SealedFolder
from augment.testset import shared
from augment.testset.folder import LOCK
from augment.testset.outgoing import parquet_pieces
from augment.testset.shared import PlanShard, SharedPlan, building_shard
from conftest import command, tree


@pytest.fixture
def planned(stocked) -> Path:
    """A folder with the plan of a stocked workshop in it."""
    augment.plan_into(stocked.folder / "recipe.yaml", stocked.folder / "set")
    return stocked.folder / "set"


def test_seven_shards_in_any_order_are_one_build(planned, finished):
    made = [augment.build_shard(planned, f"{number}/7").made for number in (4, 7, 1, 6, 2, 5, 3)]
    assert sum(made) == 64
    assert 0 in made  # there are four blocks, and no shard has a part of one
    assert not (planned / "testset.json").exists()
    result = augment.finish(planned)
    assert (result.made, result.reused, result.failures) == (64, 0, ())
    assert tree(planned) == tree(finished)
    assert augment.verify(planned, seed=1).sound
    assert sorted(path.name for path in (planned / ".acoustigrid").iterdir()) == [
        ".gitignore", "lock", "name", "where.json",
    ]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10**6)), min_size=1, max_size=40), st.integers(1, 60))
@settings(deadline=None, max_examples=60)
def test_shards_share_all_blocks_and_are_of_equal_length_as_far_as_blocks_allow(tmp_path_factory, rows, of):
    folder = tmp_path_factory.mktemp("plan")
    with SealedFolder(folder) as sealed:
        table = polars.DataFrame(rows, {"block": polars.Int64, "samples": polars.Int64}, orient="row")
        sealed.replace(shared.UTTERANCES, b"".join(parquet_pieces([table])))
        plan = SharedPlan(sealed, None, None, folder, "", False)
        found = [plan.blocks(PlanShard(number, of)) for number in range(1, of + 1)]
    blocks = [block for start, end in found for block in range(start, end)]
    assert blocks == sorted(set(blocks))
    assert {block for block, _ in rows} <= set(blocks)
    sizes = {block: sum(samples for own, samples in rows if own == block) for block in blocks}
    shares = [sum(sizes[block] for block in range(start, end)) for start, end in found]
    assert max(shares) <= sum(sizes.values()) / of + max(sizes.values())


def test_a_shard_that_was_stopped_goes_on(planned):
    assert augment.build_shard(planned, "1/2").made == 32
    one, other, *_ = sorted((planned / "audio").rglob("*.flac"))
    one.unlink()
    other.write_bytes(other.read_bytes()[:-1])
    again = augment.build_shard(planned, "1/2")
    assert (again.made, again.reused) == (32, 30)


def test_what_is_missing_is_told_with_its_shard(planned):
    for number in (1, 3):
        augment.build_shard(planned, PlanShard(number, 4))
    with pytest.raises(TestSetError, match=r"32 items of 64 are not there.*; not done: 2/4, 4/4 - build what is"):
        augment.finish(planned)
    assert augment.build(planned.parent / "recipe.yaml", planned).reused == 32
    with pytest.raises(TestSetError, match="there is no plan in this folder"):
        augment.finish(planned)


def test_items_that_cannot_be_made_are_told_at_the_end(stocked, planned):
    path = stocked.folder / "audio" / "north_0.wav"
    sound = path.read_bytes()
    path.unlink()
    results = [augment.build_shard(planned, f"{number}/2") for number in (1, 2)]
    assert [len(result.failures) for result in results if result.failures] == [8]
    path.write_bytes(sound)
    result = augment.finish(planned)
    assert (result.made, len(result.failures)) == (56, 8)
    assert len((planned / "failures.jsonl").read_text().splitlines()) == 8
    verdict = augment.verify(planned, seed=1)
    assert len(verdict.deviations) == sum("could not be made" in str(fault) for fault in verdict.deviations) == 8


def test_shards_are_built_at_the_same_time_but_each_by_one_and_nobody_finishes_meanwhile(planned):
    with SealedFolder(planned) as sealed, building_shard(sealed, PlanShard(1, 2)):
        assert augment.build_shard(planned, "2/2").made == 32
        for verb in (
            lambda: augment.build_shard(planned, "1/2"),
            lambda: augment.finish(planned),
            lambda: augment.build(planned.parent / "recipe.yaml", planned),
        ):
            with pytest.raises(TestSetError, match="another acoustigrid process"):
                verb()
    with SealedFolder(planned) as sealed, sealed.locked(LOCK), pytest.raises(TestSetError, match="another acoustigrid"):
        augment.build_shard(planned, "1/2")


def test_a_plan_of_other_code_is_refused(planned, monkeypatch):
    monkeypatch.setattr(shared, "found_with", lambda code: "other")
    with pytest.raises(TestSetError, match="another version of acoustigrid"):
        augment.build_shard(planned, "1/2")


def test_a_corpus_that_changed_meanwhile_is_refused(stocked, planned):
    augment.build_shard(planned, "1/1")
    manifest = stocked.folder / "corpus.jsonl"
    manifest.write_text(manifest.read_text().replace("sentence 0", "sentence zero"))
    with pytest.raises(TestSetError, match="not what they were when this was planned"):
        augment.finish(planned)


def test_a_finished_set_is_changed_by_shards_as_by_a_build(stocked, finished):
    recipe = stocked.folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("snr_db: 5}", "snr_db: 6}"))
    with pytest.raises(TestSetError, match="16 files would change"):
        augment.plan_into(recipe, finished)
    assert (finished / "testset.json").exists()
    augment.plan_into(recipe, finished, replace=True)
    assert not (finished / "testset.json").exists()
    result = augment.build_shard(finished, "1/1")
    assert (result.made, result.reused) == (64, 48)
    augment.finish(finished)
    assert tree(finished) == tree(augment.build(recipe, stocked.folder / "new").folder)


@pytest.mark.parametrize("replace", [[], ["--replace"]])
def test_a_finished_set_stays_as_it_is_where_the_plan_would_change_nothing(stocked, finished, replace):
    def everything():
        return {path: path.read_bytes() for path in sorted(finished.rglob("*")) if path.is_file()}

    before = everything()
    said = command("plan", "recipe.yaml", "--into", "finished", *replace, cwd=stocked.folder).stdout
    assert "nothing is to be done: finished is finished, and this plan would change nothing in it" in said
    assert "next, for each K" not in said
    plan = finished / ".acoustigrid" / "plan"
    assert {path: data for path, data in everything().items() if path.parent != plan} == before
    assert augment.verify(finished, seed=1).sound
    shards = [augment.build_shard(finished, f"{number}/2") for number in (1, 2)]  # a scheduler does all of it anyway
    assert all(shard.reused == shard.made for shard in shards)
    augment.finish(finished)
    assert everything() == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("recipe.yaml", "\n", "\n# said anew\n"), ("corpus.jsonl", "sentence 0", "sentence zero")],
)
def test_a_finished_set_is_opened_again_for_what_its_files_would_tell_otherwise(stocked, finished, name, old, new):
    path = stocked.folder / name
    path.write_text(path.read_text().replace(old, new, 1))
    said = command("plan", "recipe.yaml", "--into", "finished", "--replace", cwd=stocked.folder).stdout
    assert "next, for each K of N: acoustigrid build --out finished --shard K/N" in said
    augment.build_shard(finished, "1/1")
    augment.finish(finished)
    assert augment.verify(finished, seed=1).sound


def test_under_pseudonyms_shards_have_the_same_names(stocked):
    recipe = stocked.folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("path: corpus.jsonl", "path: corpus.jsonl, pseudonyms: names.key"))
    (stocked.folder / "names.key").write_text("0f1e2d3c4b5a69788796a5b4c3d2e1f0\n")
    augment.plan_into(recipe, stocked.folder / "set")
    augment.build_shard(stocked.folder / "set", "1/1")
    augment.finish(stocked.folder / "set")
    assert tree(stocked.folder / "set") == tree(augment.build(recipe, stocked.folder / "new").folder)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("{", "plan.json: is damaged"),
        ('{"plan": 3}', "plan.json: is damaged"),
    ],
)
def test_a_damaged_plan_is_refused(planned, broken, told):
    (planned / ".acoustigrid/plan/plan.json").write_text(broken)
    with pytest.raises(TestSetError, match=told):
        augment.build_shard(planned, "1/2")


def test_tables_of_a_plan_that_are_not_those_that_were_written_are_refused(planned):
    place = planned / ".acoustigrid/plan/utterances.parquet"
    place.write_bytes(place.read_bytes().replace(b"north_0", b"north_9"))
    for spoil in (lambda: None, place.unlink):
        spoil()
        with pytest.raises(TestSetError, match=r"not those that were written with plan\.json - plan it again"):
            augment.build_shard(planned, "1/2")


def test_a_plan_that_is_written_anew_meanwhile_is_the_one_that_is_built(planned, monkeypatch):
    """Whoever waits for the folder builds what stands there then."""
    recipe = planned.parent / "recipe.yaml"
    held = sharding.building_shard

    def slow(sealed, shard):
        recipe.write_text(recipe.read_text() + "seed: 7\n")
        monkeypatch.setattr(sharding, "building_shard", held)
        augment.plan_into(recipe, planned, replace=True)
        return held(sealed, shard)

    monkeypatch.setattr(sharding, "building_shard", slow)
    assert augment.build_shard(planned, "1/1").made == 64
    assert augment.finish(planned).made == 64


@pytest.mark.parametrize(
    "written",
    ['{"plan": "x"}', '{"plan": "x", "shard": 3, "failures": []}', '{"plan": "x", "shard": "9/3", "failures": []}',
     '{"plan": "x", "shard": "1/1", "failures": [{"audio_filepath": "audio/a/b.wav"}]}', "[]"],
)  # fmt: skip
def test_a_damaged_receipt_is_told(planned, written):
    augment.build_shard(planned, "1/1")
    (planned / ".acoustigrid/shards/0001-of-0001.json").write_text(written)
    with pytest.raises(TestSetError, match=r"0001-of-0001\.json: is damaged.*build that shard again"):
        augment.finish(planned)


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "1/0", "a/b", "-1/3", "١/٣"])
def test_shards_that_are_none(planned, shard):
    with pytest.raises(AcoustigridError, match="expected something like 3/40"):
        augment.build_shard(planned, shard)


def test_the_commands_say_what_comes_next(stocked):
    folder = stocked.folder
    said = command("plan", "recipe.yaml", "--into", "set", cwd=folder).stdout
    assert "next, for each K of N: acoustigrid build --out set --shard K/N" in said
    said = command("build", "--out", "set", "--shard", "1/2", cwd=folder).stdout
    assert "shard 1/2: 32 items in set" in said
    told = json.loads(command("build", "--out", "set", "--shard", "2/2", "--json", cwd=folder).stdout)
    assert (told["shard"], told["made"], told["failures"]) == ("2/2", 32, [])
    assert "64 of 64 items in set\n" in command("finish", "set", cwd=folder).stdout
    assert "leave out the recipe" in command("build", "recipe.yaml", "--out", "x", "--shard", "1/2", code=2).stderr
    asked = command("build", "--out", "set", "--shard", "1/2", "--address", "auto", cwd=folder, code=2)
    assert "leave out --address" in asked.stderr
    assert "say which recipe" in command("build", "--out", "x", cwd=folder, code=2).stderr
    assert not (folder / "x").exists()
