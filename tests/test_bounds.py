"""What others' files may cost: each of these is refused within bounds of time and memory, whatever reads it."""

import gzip
import io
import os
import re
import signal
import struct
import subprocess
import sys
import tarfile

import numpy as np
import polars
import pytest

from augment.corpus.source import Source, rows_of
from augment.errors import AudioError, CorpusError, ProfileError, RecipeError, TestSetError
from augment.files.audio import encode, read_audio
from augment.files.lines import text_lines
from augment.files.parquet import ask_parquet, read_parquet
from augment.profiles.library import Library
from augment.recipe.loader import load_recipe

MEGABYTE = 2**20
LIMIT_S = 60
"""Far more than is needed: it ends what would never end."""

MEASURED = """
import resource, sys
from pathlib import Path
from augment.corpus.source import Source, rows_of
from augment.errors import AcoustigridError
import polars
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        for _ in rows_of(Source(Path(path)), None):
            pass
    except AcoustigridError as error:
        print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def refusal(*paths, program=MEASURED):
    """What reading manifests says, and how many MB of memory it took more than before."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, paths)], capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    said, megabytes = done.stdout.rstrip("\n").rsplit("\n", 1)
    return said, float(megabytes)


@pytest.mark.parametrize("name", ["m.jsonl", "m.csv", "m.tsv"])
def test_a_line_without_an_end_is_refused_before_it_is_in_memory(tmp_path, name):
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(b'{"text": "' if name == "m.jsonl" else b"id\n")
        file.seek(MEGABYTE * 1000)  # a hole: no disk is needed for it
        file.write(b"\n")
    said, megabytes = refusal(path)
    assert f"{path}:{1 if name == 'm.jsonl' else 2}: the line has more than 4,194,304 bytes" in said
    assert megabytes < 200


@pytest.mark.parametrize("filling", [b"\0" * MEGABYTE, b'{"a": 1}\n' * 100_000, b"\n" * MEGABYTE])
def test_a_compressed_manifest_is_refused_when_it_expands_beyond_text(tmp_path, filling):
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(MEGABYTE * 100 // len(filling)):
            file.write(filling)
    with pytest.raises(CorpusError, match=r"more than 4,194,304 bytes|no more than 200 times|less than 4 bytes each"):
        list(text_lines(path, CorpusError))


def test_a_compressed_manifest_of_real_rows_is_read(tmp_path):
    rows = [
        f'{{"id": "u{n}", "audio_filepath": "audio/speaker_{n % 90}/u{n}.flac", "text": "the same"}}\n'
        for n in range(300_000)
    ]
    with gzip.open(tmp_path / "m.jsonl.gz", "wt") as file:
        file.writelines(rows)
    assert list(text_lines(tmp_path / "m.jsonl.gz", CorpusError)) == rows


def test_more_lines_than_any_corpus_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("augment.files.lines.MOST_ROWS", 10)
    path = tmp_path / "m.jsonl"
    path.write_text("{}\n" * 10)
    assert len(list(text_lines(path, CorpusError))) == 10
    path.write_text("{}\n" * 11)
    with pytest.raises(CorpusError, match="more than 10 lines"):
        list(text_lines(path, CorpusError))


def test_a_table_row_without_an_end_is_refused(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("id,text\n" + 'a,"' + "yes\n" * (2 * MEGABYTE))
    with pytest.raises(CorpusError, match=r"m.csv:\d+: "):
        list(rows_of(Source(path), None))
    path.write_text("id,text\n" + "x".join(['"\n",'] * MEGABYTE))  # ends each field, and never the row
    with pytest.raises(CorpusError, match=r"m.csv:\d+: "):
        list(rows_of(Source(path), None))


def test_a_table_of_too_many_columns_is_refused(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(",".join(f"c{n}" for n in range(1001)) + "\n")
    with pytest.raises(CorpusError, match="1,001 columns; at most 1,000"):
        list(rows_of(Source(path), None))


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, kind):
    paths = [tmp_path / f"m{suffix}" for suffix in (".jsonl", ".csv", ".tsv", ".jsonl.gz", ".parquet")]
    for path in paths:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()
    said, _ = refusal(*paths)
    for path, line in zip(paths, said.split("\n"), strict=True):
        assert line.startswith(f"{path}: ")
        assert "this is not a file" in line or (kind == "folder" and "this is a folder" in line)


def test_parquet_with_flipped_bits_is_a_message_and_nothing_else(tmp_path, capfd):
    good = tmp_path / "good.parquet"
    polars.DataFrame({"a": [f"text {n}" for n in range(50)], "n": range(50)}).write_parquet(good)
    data, path = good.read_bytes(), tmp_path / "bad.parquet"
    said = set()
    for place in range(0, len(data), 3):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :])
        try:
            read_parquet(path, TestSetError)
        except TestSetError as error:
            said.add(str(error).split(": ")[1])
    assert {one.partition(" ")[0] for one in said} <= {"cannot", "the", "its"}  # be read; table has; bytes expand
    assert "cannot be read as a table" in said
    assert capfd.readouterr().err == ""


def test_parquet_that_says_more_rows_than_it_has_bytes_for(tmp_path):
    path = tmp_path / "m.parquet"
    polars.DataFrame({"a": polars.repeat(1, 5_000_000, eager=True)}).write_parquet(path)
    with pytest.raises(AudioError, match="5,000,000 rows; at most 100,000 are read"):
        ask_parquet(path, AudioError, lambda table: table.collect())


GOOD = "name: x\ncorpus: {path: c.jsonl}\nbalance: {by: [accent]}\nfactors: {noise: {quiet: []}}\n"
LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
YAML = {
    "a tag that fails": (GOOD + "about: !!bool maybe\n", "cannot be read as YAML"),
    "a tag of somebody": (GOOD + "about: !mine x\n", "unknown kind"),
    "a tag of a set": (GOOD + "about: !!set {a}\n", "unknown kind"),
    "a tag of bytes": (GOOD + "about: !!binary aGVsbG8=\n", "unknown kind"),
    "a tag of a program": (GOOD + "about: !!python/object/apply:os.system [ls]\n", "r.yaml"),
    "a number that is none": (GOOD + "seed: !!int x\n", "cannot be read as YAML"),
    "an anchor in itself": (GOOD + "about: &a [*a]\n", "occurs within what it stands for"),
    "an anchor in its own mapping": (GOOD + "about: &a {b: *a}\n", "occurs within what it stands for"),
    "a mapping merged into itself": (GOOD + "about: &a {<<: *a}\n", "r.yaml"),
    "a key that is an anchor of itself": (GOOD + "about: &a {? *a : 1}\n", "r.yaml"),
    "a key that is a list": (GOOD + "? [a, b]\n: 1\n", "is not text"),
    "a key that is twice one text": (GOOD + "about: {1: a, '1': b}\n", "appears twice"),
    "a billion laughs": (GOOD + LAUGHS, "aliases that multiply"),
    "many merges": (GOOD + "a: &a {b: 1}\n" + "".join(f"c{n}: {{<<: *a}}\n" for n in range(3000)), "3,000 aliases"),
    "depth": (GOOD + "about: " + "[" * 9000, "nested too deeply"),
    "depth in blocks": (GOOD + "about:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 400)), "nested too deeply"),
    "many values": (GOOD + "about: [" + "1," * 20_000 + "]\n", "20,0.. values"),
    "many lines": (GOOD + "- 1\n" * 20_000, "about 20,0.. values"),
    "size": (GOOD + "# " + "x" * 2**20, "at most 100,000 are read"),
    "a colon at its end": ("a:\n  - b\n c: d\n", r"r.yaml:\d+:\d+: "),
    "two documents": (GOOD + "---\na: 1\n", "r.yaml"),
    "half of a pair": (GOOD + 'about: "\\uD800"\n', "not valid Unicode"),
    "a number without an end": (GOOD + "seed: " + "9" * 5000 + "\n", "r.yaml"),
    "not a number": (GOOD + "speech: {level_dbov: .nan}\n", "level_dbov"),
    "no end of it": (GOOD + "speech: {level_dbov: -.inf}\n", "level_dbov"),
    "many factors": (
        GOOD.replace("{noise: {quiet: []}}", "{" + ", ".join(f"f{n}: {{a: []}}" for n in range(40)) + "}"),
        "at most 32 items",
    ),
    "a sweep of very many": (
        GOOD.replace(
            "{quiet: []}}",
            "{hum: {steps: [{kind: equipment_noise, profile: mains_hum_50}], sweep: {snr_db: ["
            + ", ".join(map(str, range(1001))) + "]}}}}",
        ),
        "1,001 settings so far",
    ),
    "sweeps that multiply": (
        GOOD.replace(
            "{quiet: []}}",
            "{hum: {steps: [{kind: equipment_noise}], sweep: {snr_db: ["
            + ", ".join(map(str, range(60))) + "], profile: [" + ", ".join(f"p{n}" for n in range(60)) + "]}}}}",
        ),
        "3,600 settings so far",
    ),
    "zero bytes": (GOOD + "about: \0\n", "r.yaml"),
}  # fmt: skip


@pytest.fixture
def watchdog():
    class Ended(BaseException):
        """Not an Exception, which a reader may take for a fault of the file."""

    def end(number, frame):
        raise Ended

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LIMIT_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("what", YAML)
def test_yaml_that_is_odd_or_large_is_a_message_with_its_file(tmp_path, what, watchdog):
    text, words = YAML[what]
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=words) as caught:
        load_recipe(path)
    assert all(str(path) in fault.where for fault in caught.value.faults)
    with pytest.raises(ProfileError):
        Library(tmp_path).noise_profile("r.yaml")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "nothing"])
def test_a_recipe_that_is_no_file(tmp_path, kind, watchdog):
    path = tmp_path / "r.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(RecipeError):
        load_recipe(path)


def test_a_noise_that_is_neither_a_file_nor_a_folder(tmp_path, watchdog):
    os.mkfifo(tmp_path / "noise.wav")
    with pytest.raises(ProfileError, match="this is neither a file nor a folder"):
        Library(tmp_path).recordings("noise.wav")


HEARD = MEASURED.replace("rows_of(Source(Path(path)), None)", "[read_audio(Path(path), 0, None, 900)]")
HEARD = HEARD.replace("import polars", "from augment.files.audio import read_audio\nimport soundfile")


def large(path, head):
    """A file of 900 MB, most of it a hole."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(900 * MEGABYTE)
    return path


@pytest.mark.parametrize(
    ("declared", "rate", "said"),
    [
        (900 * MEGABYTE - 44, 16000, "is longer than 15 minutes"),
        (0xFFFFFFFF, 16000, "is longer than 15 minutes"),
        (32000, 16000, "its header says 32,000 bytes of sound, and it holds"),
        (1_500_000_000, 16000, "the file is cut off"),
        (900 * MEGABYTE - 44, 1_000_000, "declares 1,000,000 Hz"),
        (None, 0, "format not recognised"),
    ],
)
def test_a_large_file_is_refused_by_its_head(tmp_path, declared, rate, said):
    head = bytearray(encode(np.zeros(0, dtype=np.int16), 16000, "wav")) if declared else bytearray()
    if declared:
        struct.pack_into("<I", head, 24, rate)
        struct.pack_into("<I", head, 40, declared)
    words, megabytes = refusal(large(tmp_path / "x.wav", head), program=HEARD)
    assert said in words
    assert megabytes < 50


def test_a_large_file_that_can_be_used_is(tmp_path, monkeypatch):
    monkeypatch.setattr("augment.files.audio.LARGE_FILE_BYTES", 1000)
    sound = np.arange(-8000, 8000, dtype=np.int16)
    for kind in ("wav", "flac"):
        (tmp_path / "x").write_bytes(encode(sound, 16000, kind))
        assert np.array_equal(read_audio(tmp_path / "x").samples * 2**15, sound)
    with pytest.raises(AudioError, match=r"is longer than 0\.5 s"):
        read_audio(tmp_path / "x", longest_s=0.5)
    assert read_audio(tmp_path / "x", 0.25, 0.25, longest_s=0.5).samples.size == 4000


def test_a_text_that_is_longer_than_any_is_refused(tmp_path):
    text = b"yes " * (2 * MEGABYTE)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, data in (("u.wav", b""), ("u.txt", text), ("v.wav", b""), ("v.json", b'{"text": "' + text + b'"}')):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    found = [str(row) for _, row in rows_of(Source(tmp_path / "a.tar"), None)]
    for told, name in zip(found, ("u.txt", "v.json"), strict=True):
        assert re.search(rf"'{name}' has 8,388,6\d\d bytes; at most 4,194,304 are read", told)
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "s1.wav").touch()
    (tmp_path / "f" / "s1.txt").write_bytes(text.replace(b"yes ", b"yes\n"))
    with pytest.raises(CorpusError, match=r"s1\.txt: the text of an utterance has more than 4,194,304 bytes"):
        list(rows_of(Source(tmp_path / "f", "{id}.wav"), "folder"))
