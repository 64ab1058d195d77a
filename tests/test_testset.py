"""A finished set as one object: its tables are the manifest's rows, and its verbs are those of the package."""

import json
import shutil
import subprocess
import sys
from collections import Counter

import acoustigrid
import numpy as np
import polars
import pytest
import soundfile

import augment
from augment.columns import ROW
from augment.errors import ScoreError, TestSetError
from conftest import RATE, command

KINDS = {bool: polars.Boolean, int: polars.Int64, float: polars.Float64, str: polars.String}


def rows_of(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


@pytest.fixture
def testset(finished):
    return augment.open(finished)


def test_its_frame_holds_the_rows_of_the_manifest_in_their_kinds(testset, finished):
    rows = rows_of(finished)
    assert testset.frame.rows(named=True) == rows
    assert testset.frame.columns == list(rows[0])
    assert all(testset.frame.schema[column.name] == KINDS[column.kind] for column in ROW)
    assert testset.frame is testset.frame
    assert len(testset) == len(rows) == 64


def test_it_says_what_its_files_say(testset, finished):
    said = json.loads((finished / "testset.json").read_text())
    assert (testset.path, testset.name, len(testset.identity)) == (finished, "stocked", 64)
    assert list(testset.conditions) == said["conditions"]
    assert list(testset.groups) == said["groups"] == ["North", "South"]
    assert (testset.factors, testset.labels) == (("noise", "device"), ("accent",))
    assert list(testset.notes) == said["notes"]
    assert testset.hours == pytest.approx(sum(row["duration"] for row in rows_of(finished)) / 3600)
    assert testset.balance["variable"].to_list() == [found["variable"] for found in said["balance"]]
    assert testset.balance["after"].to_list() == [found["after"] for found in said["balance"]]
    assert (testset.failures.height, testset.failures.columns[-1]) == (0, "reason")
    assert testset.recipe.recipe.name == "stocked"
    assert testset.recipe.base == finished.parent
    assert augment.plan(testset.recipe).items["key"].to_list() == testset.frame["key"].to_list()


def test_its_tables_are_counted_and_measured_in_the_rows(testset, finished):
    rows = rows_of(finished)
    cells = Counter((row["condition"], row["group"]) for row in rows)
    coverage = testset.coverage
    assert coverage.columns == ["condition", "North", "South"]
    assert coverage["condition"].to_list() == list(testset.conditions)
    for row in coverage.rows(named=True):
        assert (row["North"], row["South"]) == (cells[row["condition"], "North"], cells[row["condition"], "South"])
    assert testset.planned.equals(coverage)
    assert f"{testset.grid}\n" == (finished / "coverage.txt").read_text()
    tables = (testset.measured, testset.measured_min, testset.measured_max)
    for name in testset.conditions:
        own = [row for row in rows if row["condition"] == name]
        for column in ("snr_db", "snr_a_weighted_db", "loudness_lufs"):
            values = [row[column] for row in own if row[column] is not None]
            wanted = [np.mean(values), min(values), max(values)] if values else [None, None, None]
            assert [found.filter(condition=name)[column][0] for found in tables] == pytest.approx(wanted)
    assert set(testset.measured["files"]) == {8}
    assert "speech_level_dbspl" not in testset.measured.columns
    assert str(testset.levels) in (finished / "datasheet.md").read_text()


def test_a_file_that_was_not_made_is_missing_in_its_tables(stocked):
    plan = augment.plan(stocked.folder / "recipe.yaml")
    victim = plan.items["source_audio"][0]
    speech, rate = soundfile.read(stocked.folder / victim)
    soundfile.write(stocked.folder / victim, speech * 0.5, rate)
    result = augment.build(plan, stocked.folder / "set")
    group = plan.items["group"][0]
    assert result.testset.coverage[group].to_list() == [3] * 8 == result.coverage[group].to_list()
    assert result.testset.planned[group].to_list() == [4] * 8
    assert set(result.testset.failures.rows()) == {tuple(failed.values()) for failed in result.failures}
    assert "has changed since it was planned" in result.testset.failures["reason"][0]


def test_a_group_may_be_called_condition(workshop):
    workshop.corpus({"condition": 1, "South": 1}, seconds=0.6)
    result = augment.build(workshop.recipe(), workshop.folder / "set")
    assert result.coverage.columns == ["condition", "South", "label_condition"]
    assert str(result.overview.coverage).splitlines()[0].split() == ["condition", "South", "condition"]


def test_its_audio_is_that_of_the_file(testset, finished):
    row = rows_of(finished)[5]
    samples, rate = testset.audio(row["id"])
    wanted, _ = soundfile.read(finished / row["audio_filepath"])
    assert rate == RATE
    assert np.array_equal(samples, wanted)
    with pytest.raises(TestSetError, match=r"there is no item 'north_0__quiet__studo' - did you mean"):
        testset.audio("north_0__quiet__studo")
    (finished / row["audio_filepath"]).write_bytes(b"other")
    with pytest.raises(TestSetError, match="its checksum differs"):
        testset.audio(row["id"])


def test_its_verbs_are_those_of_the_package(testset, finished, tmp_path):
    assert testset.export("csv", "nemo").keys() == {"csv", "nemo"}
    assert (finished / "nemo").is_dir()
    verdict = testset.verify(sample=2, seed=1)
    assert verdict.state == "all as it should be"
    assert verdict.identity == testset.identity
    assert testset.verify(sample=0, identity="0" * 64).frame["message"].len() == 1
    assert testset.write_list(tmp_path / "items.jsonl") == 64
    assert json.loads((tmp_path / "items.jsonl").read_text().splitlines()[0])["id"] == testset.frame["id"][0]


@pytest.fixture
def heard(testset, tmp_path):
    """Two recognisers: one that is always right, one that never hears the first word."""
    for name, cut in (("right", 0), ("deaf", 1)):
        lines = (
            {"id": row["id"], "text": " ".join(row["text"].split()[cut:])} for row in testset.frame.rows(named=True)
        )
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return {name: tmp_path / f"{name}.jsonl" for name in ("right", "deaf")}


def test_its_scores_are_tables(testset, heard):
    scores = testset.score(heard)
    assert scores.cells.rows() == testset.score(**heard).cells.rows()
    rates = scores.cells.group_by("recogniser").agg(polars.col("rate").mean())
    assert dict(rates.rows()) == {"right": 0.0, "deaf": 0.5}  # sentence 0
    assert scores.cells.height == 2 * 2 * 8
    assert scores.frame.height == 2 * 64
    assert scores.frame.filter(recogniser="deaf")["deletions"].sum() == 64
    assert {"growth", "groups", "conditions", "recognisers"} == set(scores.comparisons["kind"])
    between = scores.comparisons.filter(kind="recognisers")
    assert between["recogniser"].null_count() == between.height
    with pytest.raises(ScoreError, match="no hypotheses are given"):
        testset.score()


def test_an_audit_is_a_table(stocked):
    found = augment.audit(stocked.folder / "recipe.yaml")
    assert found.frame["group"].to_list() == ["North", "South"]
    assert found.frame["rates_hz"].to_list() == [[RATE], [RATE]]
    assert found.frame["level_dbov"].to_list() == [group.level_dbov for group in found.groups]


def test_no_set_is_opened_where_there_is_none(tmp_path, finished):
    with pytest.raises(TestSetError, match="there is no finished test set"):
        augment.open(tmp_path)
    (finished / "manifest.jsonl").write_text("")
    with pytest.raises(TestSetError, match="its checksum differs"):
        augment.open(finished)


def test_public_names_are_one_list_and_explained():
    from augment import api

    assert dir(augment) == sorted(augment.__all__) == dir(acoustigrid)
    assert set(augment.__all__) - {"__version__"} == set(api.__all__)
    for name in api.__all__:
        thing = getattr(augment, name)
        assert thing is getattr(api, name) is getattr(acoustigrid, name)
        assert thing.__module__.startswith("augment."), name
        assert "Example" in thing.__doc__, name
    with pytest.raises(AttributeError, match="has no attribute 'plam'"):
        _ = augment.plam


def test_importing_either_name_loads_no_signal_processing(tmp_path):
    code = "import acoustigrid, sys; dir(acoustigrid); print({'numpy', 'polars', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_other_name_is_a_command_too(tmp_path):
    run = [sys.executable, "-m", "acoustigrid", "--version"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == command("--version").stdout


def test_a_set_that_was_moved_opens_there(finished, tmp_path):
    elsewhere = shutil.move(finished, tmp_path / "moved")
    (elsewhere / ".acoustigrid" / "where.json").unlink()
    testset = augment.open(elsewhere)
    assert testset.recipe.base == elsewhere
    assert testset.columns_of_grid[0].name == testset.conditions[0]
