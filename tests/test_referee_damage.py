"""Nothing that is read from a set raises past `verify`: whatever its files hold, the answer is a verdict or a fault."""

import hashlib
import io
import json
import shutil
from contextlib import suppress

import numpy as np
import polars
import pytest

import augment
from augment.errors import TestSetError
from conftest import Workshop

ODD = [None, [], {}, [1], "", "x", -1, 1e308, float("nan"), True, ["a", {}], "\x1b[31m", 10**30]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("damage"))
    shop.corpus({"North": 1, "South": 1})
    recipe = shop.recipe(balance="{by: [accent], utterances: 1}")
    augment.build(recipe, shop.folder / "set", formats=["csv"])
    return shop.folder / "set"


@pytest.fixture
def folder(original, tmp_path):
    shutil.copytree(original, tmp_path / "set")
    shutil.rmtree(tmp_path / "set" / ".acoustigrid")
    return tmp_path / "set"


def told(folder, **how) -> str:
    """What the check says; anything but a verdict or a fault of the set would end the test."""
    return checked(folder, **how)[0]


def checked(folder, **how) -> tuple[str, str | None]:
    """The same, and the identity of the set where it has one."""
    try:
        verdict = augment.verify(folder, **how)
    except TestSetError as error:
        return str(error), None
    return "\n".join(map(str, verdict.deviations)), verdict.identity


def places(value, path=()):
    """Paths of every part of a JSON value."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


def put(value, path, new):
    if not path:
        return new
    *way, last = path
    for name in way:
        value = value[name]
    value[last] = new
    return None


@pytest.mark.parametrize("name", ["testset.json", "exports.json"])
def test_odd_values_in_json(folder, name):
    text = (folder / name).read_text()
    every = list(places(json.loads(text)))
    """What follows from the corpus alone cannot be checked without it: the set is another one then, by its identity."""
    rng, silent = np.random.default_rng(1), []
    original = checked(folder, sample=0)[1]
    for turn in rng.permutation(len(every))[:60]:
        changed = json.loads(text)
        odd = ODD[int(rng.integers(len(ODD)))]
        whole = put(changed, every[turn], odd)
        now = changed if whole is None and every[turn] else whole
        (folder / name).write_text(json.dumps(now))
        said, identity = checked(folder, sample=0)
        if not said and identity == original and now != json.loads(text):
            silent.append((every[turn], odd))
    assert silent == []


def test_odd_values_in_rows(folder):
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    for column in json.loads(lines[0]):
        for odd in (None, float("nan"), ["a"]):
            row = json.loads(lines[0]) | {column: odd}
            if odd is None:
                del row[column]
            (folder / "manifest.jsonl").write_text("\n".join([json.dumps(row), *lines[1:]]) + "\n")
            assert told(folder, sample=0), (column, odd)


def test_odd_columns_in_the_plan(folder):
    frame = polars.read_parquet(folder / "plan.parquet")
    for column in frame.columns:
        for changed in (
            frame.drop(column),
            frame.with_columns(polars.lit(None).alias(column)),
            frame.with_columns(polars.lit([1, 2]).alias(column)),
            frame.with_columns(polars.lit("odd").alias(column)),
        ):
            changed.write_parquet(folder / "plan.parquet")
            assert changed.equals(frame) or told(folder, sample=0), column


@pytest.mark.parametrize("name", ["plan.parquet", "manifest.jsonl", "testset.json", "recipe.yaml", "exports.json"])
def test_flipped_bits_and_lost_ends(folder, name):
    """Some bits of Parquet make polars panic, which is no Exception of Python."""
    data = (folder / name).read_bytes()
    rng = np.random.default_rng(2)
    for place in rng.integers(0, len(data), 40):
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(rng.integers(8))
        (folder / name).write_bytes(flipped)
        assert told(folder, sample=0) or name == "testset.json"  # which holds versions that nobody can check
    for length in (0, 1, len(data) // 2, len(data) - 9):
        (folder / name).write_bytes(data[:length])
        assert told(folder, sample=0)


def test_a_panic_of_polars_is_a_fault_with_its_place(folder):
    """The very panic, whatever bits cause it in the version that is installed."""
    from augment.testset.planned import read_plan

    def panic(*args, **how):
        raise polars.exceptions.PanicException("index out of bounds")

    with pytest.MonkeyPatch.context() as patch, suppress(io.UnsupportedOperation):
        patch.setattr(polars, "scan_parquet", panic)
        with pytest.raises(TestSetError, match=r"plan\.parquet: cannot be read as a table: it is damaged"):
            read_plan((folder / "plan.parquet").read_bytes(), folder / "plan.parquet")


def test_folders_pipes_and_links_where_files_are_expected(folder, tmp_path):
    import os

    for name in ("recipe.yaml", "manifest.jsonl", "plan.parquet", "datasheet.md"):
        kept = (folder / name).read_bytes()
        for plant in (
            lambda place: place.mkdir(),
            os.mkfifo,
            lambda place: place.symlink_to(tmp_path / "elsewhere"),
        ):
            (folder / name).unlink()
            plant(folder / name)
            assert name in told(folder, sample=0)
            (folder / name).rmdir() if (folder / name).is_dir() else (folder / name).unlink()
            (folder / name).write_bytes(kept)
    assert told(folder, sample=0) == ""


@pytest.mark.parametrize(("name", "place"), [("testset.json", "line 3 column"), ("exports.json", "line 3 column")])
def test_a_key_that_stands_twice_has_its_place(folder, name, place):
    text = (folder / name).read_text()
    first = next(iter(json.loads(text)))
    value = json.dumps(json.loads(text)[first])
    (folder / name).write_text(text.replace("{", f'{{\n  "{first}": {value},', 1))
    assert f"the key '{first}' appears twice: {place}" in told(folder, sample=0)


def test_keys_that_stand_twice_in_rows_are_told_together(folder):
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    lines[:2] = [line.replace("{", '{"text": "other", ', 1) for line in lines[:2]]
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    found = told(folder, sample=0)
    assert "manifest.jsonl:1: the line is damaged" in found
    assert "manifest.jsonl:2: the line is damaged" in found
    assert "the key 'text' appears twice" in found


def test_a_damaged_list_of_exports_is_one_finding_among_others(folder):
    (folder / "exports.json").write_text("{")
    (folder / "datasheet.md").write_text("nothing")
    (folder / "audio" / "more.flac").write_bytes(b"")
    verdict = augment.verify(folder, sample=0)
    found = "\n".join(map(str, verdict.deviations))
    assert "exports.json: is damaged" in found
    assert "datasheet.md: the file is not the one that was written" in found
    assert "more.flac: the file is not in the manifest" in found
    assert "no part of the set" not in found
    assert "the folders of exports" in " ".join(map(str, verdict.unchecked))


def test_a_file_that_only_the_list_of_exports_knows(folder):
    listed = json.loads((folder / "exports.json").read_text())
    (folder / "csv" / "results.txt").write_text("WER 0 %")
    digest = hashlib.sha256(b"WER 0 %").hexdigest()
    lost = next(iter(listed["csv"]["files"]))
    (folder / "csv" / lost).unlink()
    listed["csv"]["files"] = {"results.txt": digest}
    (folder / "exports.json").write_text(json.dumps(listed))
    found = told(folder, sample=0)
    assert "results.txt: the format has no such file" in found
    assert f"{lost}: exports.json does not list it" in found


def test_an_empty_list_of_failures_is_none_that_was_written(folder):
    (folder / "failures.jsonl").write_bytes(b"")
    assert "has no checksum of failures.jsonl" in told(folder, sample=0)


def test_a_manifest_larger_than_any_audio_is_read(folder, monkeypatch):
    """The bound on a file of audio is none of a table."""
    from augment.verification import disk

    monkeypatch.setattr(disk, "LARGEST_FILE_BYTES", 10)
    found = told(folder, sample=0)
    assert ".flac: the file has" in found
    assert "manifest.jsonl" not in found


def test_a_line_that_no_row_has_is_not_read(folder, monkeypatch):
    """A manifest of any size is read row by row: a row is what has a bound."""
    assert "manifest.jsonl" not in told(folder, sample=0)
    monkeypatch.setattr("augment.files.json_rows.LONGEST_LINE_BYTES", 600)
    with pytest.raises(TestSetError, match=r"manifest\.jsonl:1: the line has more than 600 bytes"):
        augment.verify(folder, sample=0)
