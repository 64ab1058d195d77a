"""Formats of other tools, read back: every row, every label, the exact samples; and the rules of each format."""

import csv
import gzip
import hashlib
import io
import json
import re
import tarfile

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import AcoustigridError, TestSetError
from augment.export import exporters
from augment.export.csv import table as csv_table
from augment.files.audio import pcm_sha256, read_bytes
from augment.formats.kaldi_tables import speaker_key, table, utterance_key
from augment.plain_text import from_spreadsheet_cell
from conftest import Workshop, command, tree

FORMATS = sorted(exporters())
TEXTS = ['say "hi", he said; ok', "two\nlines\tand a tab", "=SUM(A1)", "naïve 日本語 🎧", "", "  plain  "]
IDS = ["a b/c", "A B/c", "ünïcode", "dots.in.it", "plain_5", "-dash"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A set with odd texts, ids, speakers and a missing label, in all formats at once."""
    shop = Workshop(tmp_path_factory.mktemp("exports"))
    rows = shop.corpus({"North": 3, "South East": 3}, seconds=0.6)
    for row, text, identity in zip(rows, TEXTS, IDS, strict=True):
        row |= {
            "text": text,
            "id": identity,
            "speaker": f"Ann {identity[0]}",
            "age": None if identity == "A B/c" else 30,
        }
    shop.manifest(rows)
    recipe = shop.recipe(output="{format: wav, labels: [age]}")
    return augment.build(recipe, shop.folder / "set", formats=FORMATS).folder


def manifest(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def pcm(data):
    samples, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    return pcm_sha256(samples)


def test_every_format_is_listed_with_its_files(built):
    listed = json.loads((built / "exports.json").read_text())
    assert sorted(listed) == FORMATS
    for name, entry in listed.items():
        found = {p.relative_to(built / name).as_posix() for p in (built / name).rglob("*") if p.is_file()}
        assert found == set(entry["files"])
    assert augment.verify(built, sample=0).sound


@pytest.mark.parametrize(
    ("name", "layout", "path"),
    [
        ("nemo", "jsonl", "nemo/manifest.jsonl"), ("csv", "delimited", "csv/manifest.csv"), ("kaldi", "kaldi", "kaldi"),
        ("lhotse", "lhotse", "lhotse"), ("webdataset", "webdataset", "webdataset"),
        ("huggingface", "huggingface", "huggingface"), ("audiofolder", "audiofolder", "audiofolder"),
    ],
)  # fmt: skip
def test_our_own_readers_read_it_back(built, name, layout, path):
    """Every item with its text, speaker, labels and condition, and the samples to the bit."""
    if layout == "delimited":  # its paths start from the folder of the test set
        (built / "manifest_again.csv").write_bytes((built / path).read_bytes())
        path = "manifest_again.csv"
    corpus = read_corpus(CorpusSpec(path=str(built / path), layout=layout), built)
    found = {row["id"]: row for row in corpus.frame.rows(named=True)}
    for row in manifest(built):
        key = utterance_key(row) if name == "kaldi" else row["id"]
        read = found.pop(key)
        if name == "csv":
            read = {n: from_spreadsheet_cell(cell) if isinstance(cell, str) else cell for n, cell in read.items()}
        text = " ".join(row["text"].split()) if name == "kaldi" else row["text"].strip()
        assert read["text"] == text
        assert read["speaker"] == (speaker_key(row["speaker"]) if name == "kaldi" else row["speaker"])
        for column in ("accent", "age", "condition", "noise", "group"):
            assert read[f"label:{column}"] == (None if row[column] is None else str(row[column])), column
        assert float(read["label:snr_db"] or "nan") == pytest.approx(row["snr_db"] or np.nan, nan_ok=True)
        assert pcm(read_bytes(corpus.audio_path(read["audio_filepath"]))) == row["pcm_sha256"]
    assert not found
    (built / "manifest_again.csv").unlink(missing_ok=True)


def test_csv_is_read_by_the_standard_library(built):
    with (built / "csv" / "manifest.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert {row["text"] for row in found} >= {"'=SUM(A1)"}  # which no spreadsheet reckons out
    assert [{n: from_spreadsheet_cell(v) or None for n, v in row.items()} for row in found] == [
        {n: None if v is None else str(v) or None for n, v in row.items()} for row in manifest(built)
    ]


def test_kaldi_keeps_its_rules(built):
    folder = built / "kaldi"
    tables = {}
    for path in folder.iterdir():
        lines = path.read_bytes().split(b"\n")
        assert lines.pop() == b""
        assert lines == sorted(lines), f"{path.name} is not sorted by bytes"
        keys = [line.split(b" ", 1)[0] for line in lines]
        assert len(set(keys)) == len(keys) or path.name == "spk2utt"
        assert not any(b"\t" in line or b"\r" in line for line in lines)
        tables[path.name] = {k.decode(): line.partition(b" ")[2].decode() for k, line in zip(keys, lines, strict=True)}
    keys = set(tables["wav.scp"])
    assert len(keys) == 12
    for name in ("text", "utt2spk", "utt2dur", "reco2dur", "utt2accent", "utt2condition", "utt2noise"):
        assert set(tables[name]) == keys
    assert set(tables["utt2snr_db"]) == {key for key in keys if tables["utt2condition"][key] != "quiet"}
    assert len(tables["utt2age"]) == 10
    by_utterance = sorted(keys, key=str.encode)
    by_speaker = sorted(keys, key=lambda key: (tables["utt2spk"][key].encode(), key.encode()))
    assert by_utterance == by_speaker
    assert all(key.startswith(f"{tables['utt2spk'][key]}-") for key in keys)
    listed = {u: s for s, own in tables["spk2utt"].items() for u in own.split()}
    assert listed == tables["utt2spk"]
    assert set(tables["spk2name"].values()) == {row["speaker"] for row in manifest(built)}
    assert {(built / path).is_file() for path in tables["wav.scp"].values()} == {True}


def test_espnet_has_the_same_tables_and_a_category(built):
    for name in ("wav.scp", "text", "utt2spk", "spk2utt"):
        assert (built / "espnet" / name).read_bytes() == (built / "kaldi" / name).read_bytes()
    assert b" South_East__quiet\n" in (built / "espnet" / "utt2category").read_bytes()


def test_lhotse_says_the_same_three_times(built):
    names = ("recordings", "supervisions", "cuts")
    packed = [(built / "lhotse" / f"{name}.jsonl.gz").read_bytes() for name in names]
    parts = [[json.loads(line) for line in gzip.decompress(data).splitlines()] for data in packed]
    for row, recording, supervision, cut in zip(manifest(built), *parts, strict=True):
        assert (cut["recording"], cut["supervisions"]) == (recording, [supervision])
        assert supervision["custom"]["accent"] == row["accent"]
        assert supervision["custom"]["snr_db"] == row["snr_db"]
        assert recording["num_samples"] == row["samples"]


def test_shar_and_webdataset_hold_the_audio(built):
    for name, pattern in (("lhotse_shar", "recording.*.tar"), ("webdataset", "*.tar")):
        heard = {}
        for path in (built / name).glob(pattern):
            with tarfile.open(path) as archive:
                for info in archive:
                    assert (info.mtime, info.uid, info.uname) == (0, 0, "")
                    key, _, ending = info.name.partition(".")
                    if ending == "wav":
                        heard[key] = pcm(archive.extractfile(info).read())
        assert heard == {row["id"]: row["pcm_sha256"] for row in manifest(built)}


def test_speechbrain_says_the_same_twice(built):
    with (built / "speechbrain" / "test.csv").open(newline="", encoding="utf-8") as file:
        table = {row["ID"]: row for row in csv.DictReader(file)}
    told = json.loads((built / "speechbrain" / "test.json").read_text())
    for row in manifest(built):
        one, two = table[row["id"]], told[row["id"]]
        assert one["words"] == two["words"] == row["text"]
        assert one["wav"].replace("$data_root", str(built)) == two["wav"].format(data_root=built)
        assert pcm(read_bytes(built / two["wav"].format(data_root=built))) == row["pcm_sha256"]
        assert (one["accent"], two["accent"]) == (row["accent"], row["accent"])


def test_exports_are_the_same_bytes_every_time(built):
    before = json.loads((built / "exports.json").read_text())
    augment.write_formats(built, FORMATS)
    assert json.loads((built / "exports.json").read_text()) == before


def test_export_from_the_command_line(built, tmp_path):
    assert f"{built / 'kaldi'}: " in command("export", built, "--format", "kaldi, nemo").stdout
    listed = command("export", built).stdout
    assert all(name in listed for name in FORMATS)
    assert "did you mean 'kaldi'?" in command("export", built, "-f", "kaldy", code=2).stderr
    assert "there is no finished test set" in command("export", tmp_path, "-f", "kaldi", code=2).stderr


def test_a_missing_extra_is_told_with_its_command(built, monkeypatch):
    monkeypatch.setattr(exporters()["huggingface"], "installed", lambda: False)
    with pytest.raises(AcoustigridError, match=r"pip install 'acoustigrid\[huggingface\]'"):
        augment.write_formats(built, ["huggingface"])


@pytest.mark.parametrize("formats", [(["nemo", "csv"],), (None,), ("nemo,csv",)])
def test_names_of_formats_come_one_by_one(built, formats):
    with pytest.raises(AcoustigridError, match=r"expected the names of formats|there is no format 'nemo,csv'"):
        augment.open(built).export(*formats)


def test_changed_exports_are_noticed(stocked):
    folder = augment.build(stocked.recipe(), stocked.folder / "set", formats=["kaldi", "nemo"]).folder
    (folder / "kaldi" / "text").write_text("other\n")
    (folder / "nemo" / "manifest.jsonl").unlink()
    (folder / "kaldi" / "utt2extra").write_text("a b\n")
    told = "\n".join(map(str, augment.verify(folder, sample=0).deviations))
    assert "kaldi/text: the file is not the one that was written" in told
    assert "nemo/manifest.jsonl: the file is missing" in told
    assert "kaldi/utt2extra: the file is no part of the export" in told
    listed = json.loads((folder / "exports.json").read_text())
    listed["kaldi"]["files"]["text"] = hashlib.sha256(b"other\n").hexdigest()
    (folder / "exports.json").write_text(json.dumps(listed))
    told = "\n".join(map(str, augment.verify(folder, sample=0).deviations))
    assert "kaldi/text: is not what the set gives" in told, "an export is made again, whatever the list says"
    fewer = stocked.recipe(balance="{by: [accent], utterances: 2}")
    assert augment.build(fewer, folder, replace=True, formats=["nemo"]).outdated == ("kaldi",)
    left = augment.verify(folder, sample=0).deviations
    assert [str(fault) for fault in left] == [f"{folder}/kaldi/utt2extra: the file is no part of the set - move it"]
    assert (folder / "nemo").is_dir()
    assert [path.name for path in (folder / "kaldi").iterdir()] == ["utt2extra"], "what is somebody else's stays"
    with pytest.raises(TestSetError, match="in the way of the format 'kaldi'"):
        augment.write_formats(folder, ["csv", "kaldi"])
    assert not (folder / "csv").exists(), "nothing is written before all can be"
    (folder / "csv").mkdir()
    with pytest.raises(TestSetError, match="in the way of the format 'csv'"):
        augment.write_formats(folder, ["csv"])
    row = manifest(folder)[0]
    (folder / row["audio_filepath"]).write_bytes(b"other")
    with pytest.raises(TestSetError, match="not the one that was built"):
        augment.write_formats(folder, ["webdataset"])
    assert not (folder / "webdataset").exists()


def test_a_card_is_not_older_than_its_data_sheet(stocked):
    folder = augment.build(stocked.recipe(), stocked.folder / "set", formats=["huggingface", "kaldi"]).folder
    assert augment.build(stocked.recipe(about="told otherwise"), folder).outdated == ("huggingface",)
    assert augment.verify(folder, sample=0).sound
    (folder / "datasheet.md").write_text("another\n")
    with pytest.raises(TestSetError, match=r"datasheet\.md.*checksum differs"):
        augment.write_formats(folder, ["huggingface"])


def test_files_of_others_are_not_taken_away_with_an_export(stocked):
    recipe = stocked.recipe()
    folder = augment.build(recipe, stocked.folder / "set", formats=["kaldi"]).folder
    (folder / "kaldi" / "decode").mkdir()
    (folder / "kaldi" / "decode" / "wer_best").write_text("12.3\n")
    for again in (
        lambda: augment.write_formats(folder, ["kaldi"]),
        lambda: augment.build(recipe, folder, formats=["kaldi"]),
    ):
        with pytest.raises(TestSetError, match=r"1 files here are no part of the export, such as 'decode/wer_best'"):
            again()
    (folder / "kaldi" / "decode").rename(folder.parent / "decode")
    augment.write_formats(folder, ["kaldi"])
    assert augment.verify(folder, sample=0).sound


DAMAGED = [
    {"../victim": {"made_of": {}, "files": {}}}, {"audio": {"made_of": {}, "files": {}}}, {"kaldi": None},
    {"kaldi": ["made_of", "files"]}, {"kaldi": {"made_of": {}, "files": {"../../victim/file": "x"}}},
    {"kaldi": {"made_of": {}, "files": {"/etc/x": "x"}}}, {"/tmp": {"made_of": {}, "files": {}}}, [], 3,
]  # fmt: skip


@pytest.mark.parametrize("listed", DAMAGED)
def test_a_list_of_exports_leads_to_nothing_outside(stocked, listed):
    victim = stocked.folder / "victim" / "file"
    victim.parent.mkdir()
    victim.write_text("mine")
    folder = augment.build(stocked.recipe(), stocked.folder / "set").folder
    (folder / "exports.json").write_text(json.dumps(listed))
    fewer = stocked.recipe(balance="{by: [accent], utterances: 2}")
    with pytest.raises(TestSetError, match=r"exports\.json.*is damaged"):
        augment.build(fewer, folder, replace=True)
    told = "\n".join(map(str, augment.verify(folder, sample=0).deviations))
    assert re.search(r"exports\.json.*is damaged", told)
    assert victim.read_text() == "mine"
    assert any((folder / "audio").rglob("*.flac"))


@pytest.mark.parametrize(
    "name", ["../victim/file", "audio/../../victim/file", "/etc/x", "audio/x", "kaldi/text", "audio/.a/b"]
)
def test_a_manifest_leads_to_nothing_outside(stocked, name):
    victim = stocked.folder / "victim" / "file"
    victim.parent.mkdir()
    victim.write_text("mine")
    folder = augment.build(stocked.recipe(), stocked.folder / "set").folder
    with (folder / "manifest.jsonl").open("a") as file:
        file.write(json.dumps({"audio_filepath": name, "key": "k", "sha256": "x"}) + "\n")
    for again in (lambda: augment.build(stocked.recipe(), folder, replace=True), lambda: augment.verify(folder)):
        with pytest.raises(TestSetError, match=r"manifest\.jsonl:17: the line is damaged"):
            again()
    assert victim.read_text() == "mine"


def test_a_link_in_an_export_is_refused_by_name(stocked):
    victim = stocked.folder / "victim" / "file"
    victim.parent.mkdir()
    victim.write_text("mine")
    folder = augment.build(stocked.recipe(), stocked.folder / "set", formats=["kaldi"]).folder
    (folder / "kaldi" / "link").symlink_to(victim.parent)
    listed = json.loads((folder / "exports.json").read_text())
    listed["kaldi"]["files"]["link/file"] = "x"
    (folder / "exports.json").write_text(json.dumps(listed))
    fewer = stocked.recipe(balance="{by: [accent], utterances: 2}")
    before = tree(folder)
    with pytest.raises(TestSetError, match=r"kaldi/link: this is a link; expected a file or a folder"):
        augment.build(fewer, folder, replace=True)
    assert tree(folder) == before
    (folder / "kaldi" / "link").unlink()
    assert augment.build(fewer, folder, replace=True).outdated == ("kaldi",)
    assert victim.read_text() == "mine"


values = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))


@given(st.lists(st.fixed_dictionaries({"id": values, "text": values}), min_size=1, max_size=5))
def test_csv_gives_back_any_text(rows):
    found = list(csv.DictReader(io.StringIO(b"".join(csv_table(rows)).decode(), newline="")))
    assert [{n: from_spreadsheet_cell(v) or None for n, v in row.items()} for row in found] == rows


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=12, unique=True))
def test_kaldi_keys_are_unique_and_sorted_with_their_speakers(speakers):
    rows = [{"id": f"u{number}", "speaker": name} for number, name in enumerate(speakers)]
    assert len(set(map(speaker_key, speakers))) == len(speakers)
    keys = {utterance_key(row): speaker_key(row["speaker"]) for row in rows}
    assert sorted(keys, key=str.encode) == sorted(keys, key=lambda key: (keys[key].encode(), key.encode()))
    assert len(table(keys).splitlines()) == len(keys)
