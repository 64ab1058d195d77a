"""Rows that stay on the disk are what a list of them would be, and take no room."""

import hashlib
import itertools
import json
import os
import pickle
import subprocess
import sys
import tracemalloc
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.errors import TestSetError
from augment.files import json_rows
from augment.files.json_rows import PickedRows, read_json_rows, rows_between, write_json_rows
from augment.files.sealed import SealedFolder
from augment.files.sorting import in_order
from augment.testset import by_name, parts
from augment.testset.by_name import ByName, NameIndex
from augment.testset.folder import NAME, SCRATCH
from augment.testset.parts import PartRows, PlannedKeys
from augment.testset.portions import Work, job_of, shards
from augment.testset.shard import ShardWriter
from conftest import tree

VALUES = st.one_of(st.none(), st.integers(-9, 9), st.text(st.characters(exclude_categories=["Cs"]), max_size=9))
ROWS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), max_size=12)
NAMED = st.lists(st.sampled_from("abcdefgh"), max_size=12)


def nothing(number, row):
    """Looks at a row and finds nothing."""


@given(ROWS, st.integers(1, 60), st.lists(st.integers(0, 11), max_size=20))
def test_rows_on_the_disk_are_those_of_a_list(tmp_path_factory, rows, at_once, asked):
    folder = SealedFolder(tmp_path_factory.mktemp("rows"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "PASSED_BYTES", at_once)
        patch.setattr(json_rows, "AHEAD_BYTES", at_once)
        written = write_json_rows(folder, "rows.jsonl", iter(rows))
        seen = []
        read = read_json_rows(folder, "rows.jsonl", lambda number, row: seen.append((number, row)))
        for found in (written, read):
            assert list(found) == rows
            assert len(found) == len(rows)
            assert [found[n] for n in asked if n < len(rows)] == [rows[n] for n in asked if n < len(rows)]
            assert found[1:4] == rows[1:4]
            assert found[::-2] == rows[::-2]
            # Whoever goes through them twice at the same time meets the same rows.
            assert list(zip(found, itertools.islice(found, 1, None), strict=False)) == list(itertools.pairwise(rows))
            assert found.sha256 == hashlib.sha256((folder.path / "rows.jsonl").read_bytes()).hexdigest()
        assert seen == list(enumerate(rows))
        picked = [n for n in asked if n < len(rows)]
        assert list(PickedRows(read, picked)) == [rows[n] for n in picked]
        stretches = [(read.starts[n], read.starts[n + 1]) for n in picked]
        assert rows_between(folder, "rows.jsonl", stretches) == [rows[n] for n in picked]


def test_blank_lines_are_no_rows_and_the_last_needs_no_end(tmp_path):
    (tmp_path / "rows.jsonl").write_text('\n{"a": 1}\n\n\n{"a": 2}\n{"a": 3}')
    rows = read_json_rows(SealedFolder(tmp_path), "rows.jsonl", nothing)
    assert [row["a"] for row in rows] == [1, 2, 3]
    assert [rows[number]["a"] for number in (2, 0, 1)] == [3, 1, 2]


def test_all_damaged_lines_are_told(tmp_path):
    (tmp_path / "rows.jsonl").write_bytes(b'{"a": 1}\n{"a": \n{"a": "\xff"}\n{"a": 1, "a": 2}\n{"a": NaN}\n{"b": 1}\n')

    def take(number, row):
        row["a"]

    with pytest.raises(TestSetError) as told:
        read_json_rows(SealedFolder(tmp_path), "rows.jsonl", take)
    said = str(told.value)
    assert [f"rows.jsonl:{number}: " in said for number in range(1, 7)] == [False, True, True, True, True, True]
    assert "twice" in said


def test_rows_are_those_that_were_found_whatever_takes_the_name_later(tmp_path):
    folder = SealedFolder(tmp_path)
    rows = write_json_rows(folder, "rows.jsonl", ({"a": number} for number in range(9)))
    folder.replace("rows.jsonl", b"something else")
    assert [row["a"] for row in rows] == list(range(9))
    (tmp_path / "other.jsonl").write_bytes(b'{"a": 1}\n{"a": 2}\n')
    read = read_json_rows(folder, "other.jsonl", nothing)
    (tmp_path / "other.jsonl").write_bytes(b"x" * 18)  # in place
    with pytest.raises(TestSetError, match="has changed while it was read"):
        list(read)


def test_no_link_is_followed_to_rows(tmp_path):
    (tmp_path / "elsewhere.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "rows.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    with pytest.raises(TestSetError, match="this is a link"):
        read_json_rows(SealedFolder(tmp_path / "set"), "rows.jsonl", nothing)


def test_going_through_rows_holds_few_of_them(tmp_path):
    """A line of 1 kB costs 8 bytes; 40 MB of lines would be seen."""
    folder, text = SealedFolder(tmp_path), "x" * 1000
    count = 40_000
    tracemalloc.start()
    try:
        written = write_json_rows(folder, "rows.jsonl", ({"number": number, "text": text} for number in range(count)))
        read = read_json_rows(folder, "rows.jsonl", nothing)
        assert sum(row["number"] for row in written) == sum(row["number"] for row in read)
        assert sum(read[number]["number"] for number in range(0, count, 97)) == sum(range(0, count, 97))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000


@given(st.lists(st.binary(max_size=6), max_size=40), st.integers(1, 9))
def test_sorting_on_the_disk_sorts(keys, at_once):
    expected = sorted((key, number) for number, key in enumerate(keys))
    assert list(in_order(keys, at_once)) == expected


def test_sorting_takes_keys_longer_than_what_is_read_at_once():
    keys = [bytes([65 + number % 7]) * (40_000 * (number % 5)) for number in range(12)]
    assert list(in_order(keys, 3)) == sorted((key, number) for number, key in enumerate(keys))


@pytest.mark.parametrize("odd_hash", [False, True])
@given(names=NAMED, asked=NAMED)
def test_rows_by_name_are_those_of_a_dict(odd_hash, names, asked):
    """Even if all names had the same hash."""
    rows = [{"audio_filepath": name, "number": number} for number, name in enumerate(names)]
    expected = {row["audio_filepath"]: row for row in rows}
    with pytest.MonkeyPatch.context() as patch:
        if odd_hash:
            patch.setattr(by_name, "hash", lambda name: 7, raising=False)
        found = ByName(rows)
        assert list(found.pairs()) == list(expected.items())
        assert list(found) == list(expected)
        assert len(found) == len(expected)
        assert [found.get(name) for name in asked] == [expected.get(name) for name in asked]
        assert [found.get(name) for name in names] == [expected[name] for name in names]
        assert found.twice == sorted(name for name in expected if names.count(name) > 1)
        assert {name for name in asked if name in found} == set(asked) & set(names)


def test_numbers_of_many_names():
    names = [f"audio/c{number % 7}/u{number}.flac" for number in range(3000)]
    index = NameIndex(names)
    assert index.numbers(names[::-1]).tolist() == list(range(2999, -1, -1))
    assert index.numbers(["audio/c0/u1.flac", names[5]]).tolist() == [-1, 5]
    assert NameIndex.of_hashes(array("q", map(hash, names))).numbers(names).tolist() == list(range(3000))


@pytest.mark.parametrize("block", [7, 64, 4096])
def test_rows_are_found_in_the_parts_of_shards(tmp_path, monkeypatch, block):
    monkeypatch.setattr(parts, "BLOCK_BYTES", block)
    folder = SealedFolder(tmp_path)
    names = [f"audio/c/u{number}.flac" for number in range(40)]
    keys = PlannedKeys(lambda: ((name, f"key of {name}") for name in names), 40)
    rows = PartRows(folder, keys)
    for part, numbers in (("a.jsonl", range(39, 9, -3)), ("b.jsonl", range(1, 38, 3))):
        lines = [json.dumps({"name": names[number], "text": "x" * number}).encode() + b"\n" for number in numbers]
        folder.replace(part, lines)
        starts = [0, *itertools.accumulate(map(len, lines))][:-1]
        rows.put(part, keys.numbers([names[number] for number in numbers]), starts)
    there = sorted({*range(39, 9, -3), *range(1, 38, 3)})
    assert rows.numbers.tolist() == there
    assert len(rows) == len(there)
    assert [rows.row(number)["name"] for number in there] == [names[number] for number in there]
    assert rows.as_they_lie.tolist() == [*range(39, 9, -3), *range(1, 38, 3)]
    rows.forget([39, 1])
    assert (39 in rows, 36 in rows, 0 in rows) == (False, True, False)
    assert rows.lacks(keys.numbers([names[1], names[36]])).tolist() == [True, False]


def test_no_item_is_made_for_a_folder_in_which_nothing_is_asked_for(tmp_path):
    keys = PlannedKeys(lambda: pytest.fail("somebody made items"), 10**8)
    assert keys.numbers([]).size == 0
    assert len(PartRows(SealedFolder(tmp_path), keys)) == 0


def test_of_an_item_in_two_parts_the_row_counts_that_is_wanted(stocked):
    """A part of another plan, and one that was written twice: the manifest is the same as without them."""
    folder = augment.build(stocked.folder / "recipe.yaml", stocked.folder / "set").folder
    before = tree(folder)
    kept = folder / ".acoustigrid" / "parts"
    kept.mkdir(exist_ok=True)
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    other = [json.dumps({**json.loads(line), "key": "0" * 64, "gain_db": 99.0}) for line in lines[:9]]
    (kept / "a.jsonl").write_text("\n".join([*other, *lines[:3], *other]) + "\n")
    (kept / "b.jsonl").write_text("\n".join(other) + "\n")
    again = augment.build(stocked.folder / "recipe.yaml", folder)
    assert (again.made, again.reused) == (len(lines), len(lines))
    assert tree(folder) == before


def test_a_portion_that_is_made_again_under_its_name_has_its_new_rows(stocked):
    """Rows of the part before were read when the folder was opened: what they said of files counts no longer."""
    folder = stocked.folder / "set"
    planned = augment.plan(stocked.folder / "recipe.yaml")
    with SealedFolder.made(folder, SCRATCH) as sealed:
        ShardWriter(sealed, job_of(planned.loaded, planned.conditions))(next(shards(Work.of(planned))))
        sealed.replace(NAME, b"stocked")
    (part,) = (folder / ".acoustigrid" / "parts").glob("*.jsonl")
    part.write_text(part.read_text().replace('"sha256": "', '"sha256": "0'))
    result = augment.build(planned, folder)
    assert result.reused == 0
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    files = {row["sha256"]: (folder / row["audio_filepath"]).read_bytes() for row in rows}
    assert all(hashlib.sha256(data).hexdigest() == sha256 for sha256, data in files.items())


def test_rows_by_name_can_be_sent_to_another_process(tmp_path):
    """Python hashes texts anew in each process."""
    sent = pickle.dumps(ByName([{"audio_filepath": name} for name in "abc"]))
    code = "import pickle, sys; print('b' in pickle.loads(sys.stdin.buffer.read()))"
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, env=environment, check=True)
    assert done.stdout == b"True\n"
