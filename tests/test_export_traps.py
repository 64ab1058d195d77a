"""Exports of a set whose labels, ids and texts are traps, read by plain readers that share no code with the package."""

import csv
import gzip
import hashlib
import io
import json
import re
import tarfile
import tempfile
from pathlib import Path

import polars
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.acoustics.pcm import duration_s
from augment.export import exporters
from augment.files.tar import tar_bytes
from augment.formats import shards as shards_module
from augment.formats.shards import shards
from augment.perturb.columns import known
from augment.plain_text import from_spreadsheet_cell
from augment.testset.reading import Finished
from augment.testset.reading import read_finished as of_folder
from conftest import Workshop

FORMATS = sorted(exporters())
TEXTS = ['costs $5 {net}, "he" said', "two\nlines\tand\u2028more\x85", "=SUM(A1)", "naïve 日本語 🎧", "", "  <s> {0} }"]
IDS = ["x" * 120, "a b/c", "A B/c", "ünï.code", "-dash", "con"]
OWN = {
    "audiofolder": ("audio",),
    "huggingface": ("audio",),
    "nemo": ("audio_filename", "sampling_rate", "_skipme"),
    "speechbrain": ("wav", "words", "ID"),
}
LABELS = (*{name: None for names in OWN.values() for name in names}, "spk", "dur", "lang", "first language")
LABELS = (*LABELS, "file_name", "mouth_file_names", "first_language", "方言", "言語", "Dialect", "dialect", "gender")
LONG = "a_setting_with_all_there_is_to_say_of_it"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("traps"))
    rows = shop.corpus({"North": 3, "South East": 3}, seconds=0.6)
    for number, (row, text, identity) in enumerate(zip(rows, TEXTS, IDS, strict=True)):
        row |= {"text": text, "id": identity, **{name: f"{name} of {number}" for name in LABELS}}
        row |= {"gender": "fm"[number % 2], "speaker": "Ann B" if number < 2 else f"Ann\u00a0{number}"}
    rows[5]["speaker"] = rows[5]["lang"] = None
    shop.manifest(rows)
    hum = f"{{quiet: [], {LONG}: [{{kind: equipment_noise, profile: mains_hum_50, snr_db: 10}}]}}"
    recipe = shop.recipe(output="{format: wav, labels: all}", factors=f"{{noise: {hum}}}")
    return augment.build(recipe, shop.folder / "set", formats=FORMATS).folder


def lines(data):
    return [json.loads(line) for line in data.decode().splitlines()]


def in_order(folder, pattern):
    return sorted(folder.glob(pattern))


def members(path):
    with tarfile.open(path) as archive:
        for info in archive:
            key, _, ending = info.name.partition(".")
            yield key, ending, archive.extractfile(info).read()


def read_nemo(folder):
    for row in lines((folder / "nemo/manifest.jsonl").read_bytes()):
        yield row, (folder / "nemo" / row.pop("audio_filepath")).read_bytes()


def read_csv(folder):
    with (folder / "csv/manifest.csv").open(newline="", encoding="utf-8") as file:
        for cells in csv.DictReader(file):
            row = {name: from_spreadsheet_cell(cell) for name, cell in cells.items()}
            yield row, (folder / row.pop("audio_filepath")).read_bytes()


def read_audiofolder(folder):
    for row in lines((folder / "audiofolder/metadata.jsonl").read_bytes()):
        yield row, (folder / "audiofolder" / row.pop("file_name")).read_bytes()


def read_huggingface(folder):
    for path in in_order(folder, "huggingface/data/*.parquet"):
        for row in polars.read_parquet(path).rows(named=True):
            yield row, row.pop("audio")["bytes"]


def read_webdataset(folder):
    found = {}
    for path in in_order(folder, "webdataset/*.tar"):
        for key, ending, data in members(path):
            found.setdefault(key, {})[ending] = data
    for key, parts in found.items():
        row = json.loads(parts["json"])
        assert (row["id"], row["text"].encode()) == (key, parts["txt"])
        del row["audio_filepath"]
        yield row, parts["wav"]


def of_cut(cut):
    (said,) = cut["supervisions"]
    heard = cut["recording"]
    assert (said["id"], said["recording_id"], heard["id"]) == (cut["id"],) * 3
    assert said["duration"] == cut["duration"] == heard["duration"]
    plain = {"id": cut["id"], "text": said["text"], "speaker": said.get("speaker")}
    length = {"samples": heard["num_samples"], "sample_rate": heard["sampling_rate"]}
    return {**said["custom"], **plain, **length, "duration": duration_s(*length.values())}


def read_lhotse(folder):
    for cut in lines(gzip.decompress((folder / "lhotse/cuts.jsonl.gz").read_bytes())):
        (source,) = cut["recording"]["sources"]
        yield of_cut(cut), (folder / source["source"]).read_bytes()


def read_lhotse_shar(folder):
    cuts, tars = in_order(folder, "lhotse_shar/cuts.*.gz"), in_order(folder, "lhotse_shar/recording.*.tar")
    for path, beside in zip(cuts, tars, strict=True):
        heard = {key: data for key, ending, data in members(beside) if ending == "wav"}
        for cut in lines(gzip.decompress(path.read_bytes())):
            yield of_cut(cut), heard.pop(cut["id"])
        assert not heard


def read_speechbrain(folder):
    """The JSON as SpeechBrain formats it; of the CSV, what it has no dollar sign for."""
    with (folder / "speechbrain/test.csv").open(newline="", encoding="utf-8") as file:
        table = {row.pop("ID"): row for row in csv.DictReader(file, skipinitialspace=True)}
    for key, escaped in json.loads((folder / "speechbrain/test.json").read_bytes()).items():
        row = {n: v.format_map({"data_root": folder}) if isinstance(v, str) else v for n, v in escaped.items()}
        cells = table.pop(key)
        cells["wav"] = cells["wav"].replace("$data_root", str(folder))  # a text with '$' is for the JSON alone
        assert cells == {n: "" if v is None else str(v) for n, v in row.items()}
        yield {**row, "id": key, "text": row.pop("words")}, Path(row.pop("wav")).read_bytes()
    assert not table


READERS = {name.removeprefix("read_"): read for name, read in list(globals().items()) if name.startswith("read_")}


def pcm_sha256(data):
    samples, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    return hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


def said(value, name):
    """A value as the format can hold it."""
    return (None if value is None else str(value) or None) if name == "csv" else value


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_row_label_and_sample_comes_back(built, name):
    found = {row["id"]: (row, audio) for row, audio in READERS[name](built)}
    rows = lines((built / "manifest.jsonl").read_bytes())
    assert len(rows) == 12
    own = OWN.get(name, ())
    for row in rows:
        read, audio = found.pop(row["id"])
        assert pcm_sha256(audio) == row["pcm_sha256"]
        del row["audio_filepath"]
        for column, value in row.items():
            there = f"label_{column}" if column in own else column
            if name == "audiofolder" and column.endswith(("file_name", "file_names")):
                there = f"{column}_label"
            assert said(read[there], name) == said(value, name), column
    assert not found


def kaldi_table(path):
    return dict(line.split(" ", 1) for line in path.read_text(encoding="utf-8").split("\n")[:-1])


@pytest.mark.parametrize("name", ["kaldi", "espnet"])
def test_kaldi_tables_hold_every_label_in_a_file_of_its_own(built, name):
    folder = built / name
    ids = kaldi_table(folder / "utt2id")
    rows = {row["id"]: row for row in lines((built / "manifest.jsonl").read_bytes())}
    files = {label: f"utt2{label}" for label in ("Dialect", "方言", "言語", "noise", "condition", "block", "gender")}
    files |= {label: f"utt2label_{label}" for label in ("spk", "dur", "lang", "dialect", "first_language")}
    files |= {"first language": "utt2first_language", "snr_db": "utt2snr_db", "group": "utt2group"}
    for column, file in files.items():
        table = kaldi_table(folder / file)
        assert {ids[key]: value for key, value in table.items()} == {
            key: str(row[column]) for key, row in rows.items() if row[column] is not None
        }, column
    names, speakers = kaldi_table(folder / "spk2name"), kaldi_table(folder / "utt2spk")
    for key, identity in ids.items():
        row = rows[identity]
        assert names.get(speakers[key]) == (row["speaker"] and " ".join(row["speaker"].split()))
        assert (kaldi_table(folder / "text")[key]) == " ".join(row["text"].split())
        assert kaldi_table(folder / "wav.scp")[key] == row["audio_filepath"]
    # What Kaldi's own check of a text refuses, and what splits lines elsewhere.
    assert not re.search(r"[^\S \n]", (folder / "text").read_text(encoding="utf-8"))
    assert len({path.name.casefold() for path in folder.iterdir()}) == len(list(folder.iterdir()))


def test_a_speaker_of_two_genders_has_none(built):
    assert not (built / "kaldi" / "spk2gender").exists()


def test_genders_that_are_known_are_told(workshop):
    rows = workshop.corpus({"North": 2, "South": 2}, seconds=0.6)
    for number, row in enumerate(rows):
        row["gender"] = ("Male", "f")[number % 2]
    workshop.manifest(rows)
    recipe = workshop.recipe(output="{labels: [gender]}")
    folder = augment.build(recipe, workshop.folder / "set", formats=["kaldi"]).folder
    assert set(kaldi_table(folder / "kaldi" / "spk2gender").values()) == {"m", "f"}


def test_categories_are_one_word(built):
    found = set(kaldi_table(built / "espnet" / "utt2category").values())
    assert found == {f"{group}__{noise}" for group in ("North", "South_East") for noise in ("quiet", LONG)}


def test_shards_end_at_either_limit(monkeypatch):
    monkeypatch.setattr(shards_module, "MOST_ITEMS", 3)
    monkeypatch.setattr(shards_module, "MOST_BYTES", 20)
    rows = [{"samples": n} for n in (1, 1, 1, 1, 9, 11, 1)]
    assert [[row["samples"] for row in rows[part]] for part in shards(rows)] == [
        [1, 1, 1], [1, 9], [11], [1],
    ]  # fmt: skip
    assert shards([]) == []


def test_a_shard_is_made_when_it_is_asked_for(built, monkeypatch):
    """One shard in memory at a time: no audio of the second is read before the first was taken."""
    monkeypatch.setattr(shards_module, "MOST_ITEMS", 5)
    taken = []
    monkeypatch.setattr(Finished, "audio", lambda self, row: taken.append(row["id"]) or b"audio")
    for name in ("webdataset", "lhotse_shar", "huggingface"):
        taken.clear()
        counts = [(len(taken), path) for path, _ in exporters()[name].files(of_folder(built))]
        assert sorted({count for count, _ in counts} - {0}) == [5, 10, 12], name


@given(st.integers(1, 300))
def test_archives_take_names_of_any_length(length):
    name = "n" * length + ".wav"
    with tarfile.open(fileobj=io.BytesIO(tar_bytes([(name, b"x"), ("b", b"y")]))) as archive:
        assert archive.getnames() == [name, "b"]
        assert archive.extractfile(name).read() == b"x"


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
names = st.text("awvordsIDfile_nm1 ", min_size=1, max_size=12) | st.sampled_from(["ID", "wav", "words", "label_wav"])
labels = st.dictionaries(names.filter(lambda name: known(name) is None), st.none() | words, max_size=4)


@given(st.lists(st.tuples(words, labels), min_size=1, max_size=4))
def test_any_text_and_label_survives_the_cheap_formats(given_rows):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "a.wav").write_bytes(b"audio")
        columns = dict.fromkeys(name for _, own in given_rows for name in own)
        rows = [
            {
                "id": f"u{n}", "audio_filepath": "a.wav", "duration": 1.0, "text": text, "speaker": None, "samples": 8,
                "sample_rate": 8, **{name: own.get(name) for name in columns}, "sha256": SHA256,
            }
            for n, (text, own) in enumerate(given_rows)
        ]  # fmt: skip
        finished = Finished(folder, {"name": "x", "labels": list(columns), "factors": []}, rows, "")
        for name in ("nemo", "csv", "lhotse", "speechbrain"):
            for path, data in exporters()[name].files(finished):
                (folder / name).mkdir(exist_ok=True)
                (folder / name / path).write_bytes(data)
            for row, (read, _) in zip(rows, READERS[name](folder), strict=True):
                assert read["text"] == row["text"]
                for column in columns:
                    there = column
                    while there in OWN.get(name, ()) or (there != column and there in columns):
                        there = f"label_{there}"
                    assert said(read[there], name) == said(row[column], name), (name, column)


SHA256 = hashlib.sha256(b"audio").hexdigest()
