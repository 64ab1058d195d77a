"""Layouts of other tools, made by hand with what is odd about real ones, and read row by row."""

import gzip
import io
import json
import tarfile

import numpy as np
import polars
import pytest
import soundfile

import augment
from augment import import_corpus
from augment.acoustics.filters import without_infrasound
from augment.corpus.source import readers
from augment.corpus.spec import CorpusSpec
from augment.corpus.speech import read_speech
from augment.corpus.table import read_corpus
from augment.errors import AcoustigridError, AudioError, CorpusError
from augment.files.audio import encode
from augment.notes import texts
from conftest import RATE, speech_like


def sound(seed=0, seconds=0.5):
    return np.round(speech_like(seconds, seed) * 32767).astype(np.int16)


def lay(folder, **files):
    """Files by name: text, bytes, or samples."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            content = encode(content, RATE, "flac" if path.suffix == ".flac" else "wav")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(folder, layout, **more):
    return read_corpus(CorpusSpec(path=str(folder), layout=layout, **more), folder.parent)


def rows(corpus):
    """Rows without what is empty, and without their places."""
    named = (
        {n.removeprefix("label:"): v for n, v in row.items() if v not in (None, "") and n != "row"}
        for row in corpus.frame.rows(named=True)
    )
    return {row.pop("id"): row for row in named}


def heard(corpus, identity):
    row = next(row for row in corpus.frame.rows(named=True) if row["id"] == identity)
    return read_speech(corpus.audio_path(row["audio_filepath"]), row["offset"], row["duration"], RATE).samples


def assert_same(found, pcm):
    samples = pcm / 32768
    assert np.allclose(found, without_infrasound(samples, RATE), atol=1e-12)


def tar(**members):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return memory.getvalue()


def test_a_folder_without_a_layout_is_told_what_it_looks_like(tmp_path):
    lay(tmp_path / "k", **{"wav.scp": "a a.wav\n"})
    with pytest.raises(CorpusError, match=r"it looks like kaldi: corpus: \{layout: kaldi\}"):
        read(tmp_path / "k", None)
    with pytest.raises(CorpusError, match="the layout 'jsonl' is a file"):
        read(tmp_path / "k", "jsonl")
    with pytest.raises(CorpusError, match="no such file or folder"):
        read(tmp_path / "none", "kaldi")
    with pytest.raises(CorpusError, match="takes no pattern"):
        read(tmp_path / "k", "kaldi", pattern="{id}.wav")


@pytest.mark.parametrize("layout", sorted(name for name, module in readers().items() if module.FOLDER))
def test_empty_folders_are_refused(tmp_path, layout):
    (tmp_path / "empty").mkdir()
    more = {"pattern": "{id}.wav"} if layout == "folder" else {}
    with pytest.raises(CorpusError):
        read(tmp_path / "empty", layout, **more)


def kaldi(tmp_path, **more):
    files = {
        "audio/r1.wav": sound(1, 2.0),
        "audio/r2.flac": sound(2, 1.0),
        "data/all/wav.scp": "r1 audio/r1.wav\r\nr2 flac -c -d -s audio/r2.flac |\r\n",
        "data/all/segments": "s1-a r1 0.25 1.0\ns1-b r1 1.0 2.0\ns2-a r2 0 -1\n",
        "data/all/text": "\ufeffs1-a  a text \ns1-b\ns2-a naïve\ttext\n",
        "data/all/utt2spk": "s1-a s1\ns1-b s1\ns2-a s2\n",
        "data/all/spk2utt": "s1 s1-a s1-b\ns2 s2-a\n",
        "data/all/spk2gender": "s1 f\ns2 m\n",
        "data/all/utt2accent": "s1-a Welsh\ns2-a Southern Irish\n",
    }
    lay(tmp_path, **{**files, **more})
    return tmp_path / "data" / "all"


def test_kaldi(tmp_path):
    corpus = read(kaldi(tmp_path), "kaldi")
    assert rows(corpus) == {
        "s1-a": {
            "audio_filepath": "../../audio/r1.wav", "offset": 0.25, "duration": 0.75, "text": "a text",
            "speaker": "s1", "gender": "f", "accent": "Welsh",
        },
        "s1-b": {
            "audio_filepath": "../../audio/r1.wav", "offset": 1.0, "duration": 1.0, "speaker": "s1", "gender": "f",
        },
        "s2-a": {
            "audio_filepath": "../../audio/r2.flac", "offset": 0.0, "text": "naïve\ttext", "speaker": "s2",
            "gender": "m", "accent": "Southern Irish",
        },
    }  # fmt: skip
    assert_same(heard(corpus, "s1-a"), sound(1, 2.0)[RATE // 4 : RATE])
    assert_same(heard(corpus, "s2-a"), sound(2, 1.0))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("wav.scp", "r1 audio/r1.wav\nr2 sox x.wav -t wav - speed 1.1 |\n", "segments:3: .*s2-a': wav.scp has a"),
        ("wav.scp", "r1 audio/r1.wav\nr1 audio/r2.flac\n", r"wav.scp:2: 'r1' stands in line 1 too"),
        ("segments", "s1-a r9 0 1\n", "segments:1: utterance 's1-a': the recording 'r9' is not in wav.scp"),
        ("segments", "s1-a r1 1.0 0.5\n", "segments:1: utterance 's1-a': the segment 1-0.5 s has no length"),
        ("segments", "s1-a r1 zero one\n", "segments:1: .*expected a recording, a start and an end"),
        ("text", "s1-a a\ns9 b\n", "text:2: text has 's9', which has no audio"),
        ("text", b"s1-a caf\xe9\n", "text:1: the file is not UTF-8"),
    ],
)  # fmt: skip
def test_kaldi_faults_have_their_line(tmp_path, name, content, words):
    with pytest.raises(CorpusError, match=words):
        read(kaldi(tmp_path, **{f"data/all/{name}": content}), "kaldi")


def test_folder(tmp_path):
    lay(
        tmp_path / "f",
        **{
            "Scots/ann/ann_1_mic1.wav": sound(3),
            "Scots/ann/ann_1_mic1.txt": "one\ntwo  three\n",
            "Scots/ann/ann_1_mic2.wav": sound(4),
            "North & East/bob/bob_2_mic1.wav": sound(5),
        },
    )
    corpus = read(tmp_path / "f", "folder", pattern="{accent}/{speaker}/{id}_mic1.wav")
    assert rows(corpus) == {
        "ann_1": {
            "audio_filepath": "Scots/ann/ann_1_mic1.wav", "text": "one two three", "speaker": "ann", "accent": "Scots"
        },
        "bob_2": {"audio_filepath": "North & East/bob/bob_2_mic1.wav", "speaker": "bob", "accent": "North & East"},
    }  # fmt: skip
    assert any(note.startswith("1 audio files do not fit the pattern") for note in texts(corpus.notes))
    for pattern, words in ((None, "needs a pattern"), ("{a}/{a}.wav", "'a' twice"), ("{a", "brace too many"),
                           ("{1}.wav", "not a name"), ("*.wav", "no field"), ("{}.wav", "brace too many")):  # fmt: skip
        with pytest.raises(CorpusError, match=words):
            read(tmp_path / "f", "folder", pattern=pattern)
    with pytest.raises(CorpusError, match="none of 3 audio files fits"):
        read(tmp_path / "f", "folder", pattern="{id}.ogg")


def test_webdataset(tmp_path):
    wav = encode(sound(6), RATE, "wav")
    first = tar(**{"x/utt1.wav": wav, "x/utt1.txt": "one", "x/utt1.json": '{"accent": "Welsh", "speaker": 7}'})
    second = tar(**{"utt2.seg.json": "[]", "utt2.flac": encode(sound(7), RATE, "flac"), ".hidden.wav": b""})
    lay(tmp_path / "w", **{"a-0.tar": first, "b/b-0.tar": second})
    corpus = read(tmp_path / "w", "webdataset")
    assert rows(corpus) == {
        "x/utt1": {"audio_filepath": "a-0.tar!/x/utt1.wav", "text": "one", "speaker": "7", "accent": "Welsh"},
        "utt2": {"audio_filepath": "b/b-0.tar!/utt2.flac"},
    }
    assert_same(heard(corpus, "x/utt1"), sound(6))
    assert_same(heard(corpus, "utt2"), sound(7))
    alone = read_corpus(CorpusSpec(path="w/a-0.tar"), tmp_path)
    assert list(rows(alone)) == ["x/utt1"]
    with pytest.raises(AudioError, match=r"no file 'none.wav'"):
        read_speech(tmp_path / "w" / "a-0.tar!" / "none.wav", None, None, RATE)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"../evil.wav": b"x"}, r"a.tar:1: the sample '\.\./evil' points outside"),
        ({"/evil.wav": b"x"}, "points outside"),
        ({"u.wav": b"x", "u.flac": b"x"}, "has 2 audio files"),
        ({"u.txt": "only"}, "has 0 audio files"),
        ({"u.wav": b"x", "u.json": "[1]"}, "is not a JSON object"),
        ({"u.wav": b"x", "u.json": "{"}, "cannot be read"),
        ({"u.wav": b"x", "u.txt": b"\xff"}, "cannot be read"),
    ],
)
def test_webdataset_faults_have_their_sample(tmp_path, members, words):
    lay(tmp_path / "w", **{"a.tar": tar(**members)})
    with pytest.raises(CorpusError, match=words):
        read(tmp_path / "w", "webdataset")


def test_archives_that_are_none(tmp_path):
    lay(tmp_path, **{"a.tar": "no archive at all" * 100, "b.tar": gzip.compress(tar(**{"u.wav": b"x"}))})
    for name in ("a.tar", "b.tar"):
        with pytest.raises(CorpusError, match="cannot be read as an archive"):
            read(tmp_path / name, "webdataset")


RECORDING = {
    "id": "r", "sources": [{"type": "file", "channels": [0], "source": "r.wav"}], "sampling_rate": RATE,
    "num_samples": 2 * RATE, "duration": 2.0, "channel_ids": [0],
}  # fmt: skip
SUPERVISIONS = [
    {
        "id": "u1", "recording_id": "r", "start": 0.0, "duration": 2.0, "channel": 0, "text": "all", "speaker": "s",
        "gender": "f", "custom": {"accent": "Welsh"},
    },
    {"id": "u2", "recording_id": "r", "start": 0.5, "duration": 1.0, "channel": 0},
]  # fmt: skip


def json_lines(*values, packed=True):
    data = "".join(json.dumps(value) + "\n" for value in values).encode()
    return gzip.compress(data) if packed else data


@pytest.mark.parametrize("packed", [True, False])
def test_lhotse_recordings_with_supervisions(tmp_path, packed):
    end = ".gz" if packed else ""
    supervised = json_lines(*SUPERVISIONS, packed=packed)
    files = {f"x_recordings_all.jsonl{end}": json_lines(RECORDING, packed=packed), "r.wav": sound(8, 2.0)}
    lay(tmp_path / "l", **files, **{f"x_supervisions_all.jsonl{end}": supervised})
    corpus = read(tmp_path / "l", "lhotse")
    assert rows(corpus) == {
        "u1": {
            "audio_filepath": "r.wav", "duration": 2.0, "text": "all", "speaker": "s", "gender": "f", "accent": "Welsh"
        },
        "u2": {"audio_filepath": "r.wav", "offset": 0.5, "duration": 1.0},
    }  # fmt: skip
    assert_same(heard(corpus, "u2"), sound(8, 2.0)[RATE // 2 : 3 * RATE // 2])


def test_lhotse_cuts(tmp_path):
    cut = {"id": "c", "start": 0.5, "duration": 1.5, "channel": 0, "recording": RECORDING, "type": "MonoCut"}
    whole = {**SUPERVISIONS[1], "start": 0.25}
    lay(tmp_path / "l", **{"cuts.jsonl.gz": json_lines({**cut, "supervisions": [whole]}), "r.wav": sound(8, 2.0)})
    expected = {"u2": {"audio_filepath": "r.wav", "offset": 0.75, "duration": 1.0}}
    assert rows(read(tmp_path / "l", "lhotse")) == expected
    assert rows(read_corpus(CorpusSpec(path="l/cuts.jsonl.gz"), tmp_path)) == expected
    odd = [
        {**cut, "tracks": []},
        {**cut, "supervisions": [whole], "recording": {**RECORDING, "channel_ids": [0, 1]}},
        {**cut, "supervisions": [whole], "recording": {**RECORDING, "sources": [{"type": "command", "source": "x"}]}},
        {"id": "c"},
    ]
    lay(tmp_path / "l", **{"cuts.jsonl.gz": json_lines(*odd)})
    with pytest.raises(CorpusError) as caught:
        read(tmp_path / "l", "lhotse")
    for fault, words in zip(
        caught.value.faults, ("mixed cut", "several channels", "a 'command'", "no 'supervisions'"), strict=True
    ):
        assert words in fault.message
        assert "cuts.jsonl.gz:" in fault.where
    lay(tmp_path / "l", **{"cuts.jsonl.gz": json_lines(*odd)[:-9]})
    with pytest.raises(CorpusError, match="cannot be read"):
        read(tmp_path / "l", "lhotse")


def test_huggingface_parquet(tmp_path):
    """Written by polars; the description of class labels as the data sets library writes it."""
    audio = [{"bytes": encode(sound(n), RATE, "wav"), "path": f"{n}.wav"} for n in (1, 2)]
    frame = polars.DataFrame(
        {"audio": [*audio, {"bytes": None, "path": "out.wav"}], "sentence": ["one", "two", None],
         "accent": [1, 0, None], "client_id": ["a", "b", "c"], "id": ["u1", "u2", "u3"]}
    )  # fmt: skip
    features = {"accent": {"_type": "ClassLabel", "names": ["Scottish", "Welsh"]}}
    said = json.dumps({"info": {"features": features}})
    (tmp_path / "h" / "data").mkdir(parents=True)
    frame.write_parquet(tmp_path / "h" / "data" / "train-00000-of-00001.parquet", metadata={"huggingface": said})
    corpus = read(tmp_path / "h", "huggingface")
    name = "data/train-00000-of-00001.parquet"
    assert rows(corpus) == {
        "u1": {"audio_filepath": f"{name}!/audio/0", "text": "one", "speaker": "a", "accent": "Welsh"},
        "u2": {"audio_filepath": f"{name}!/audio/1", "text": "two", "speaker": "b", "accent": "Scottish"},
        "u3": {"audio_filepath": "out.wav", "speaker": "c"},
    }
    assert_same(heard(corpus, "u2"), sound(2))
    lay(tmp_path / "h", **{"data/train-00000-of-00001.parquet": b"PAR1 no table"})
    with pytest.raises(CorpusError, match="cannot be read as a table"):
        read(tmp_path / "h", "huggingface")
    frame.drop("audio").write_parquet(tmp_path / "h" / name)
    with pytest.raises(CorpusError, match="no column with embedded audio"):
        read(tmp_path / "h", "huggingface")


@pytest.mark.parametrize("split", ["", "test/"])
def test_a_data_set_of_huggingface_that_was_saved_to_disk_is_told_how_to_become_parquet(tmp_path, split):
    lay(tmp_path / "d", **{f"{split}data-00000-of-00001.arrow": b"x", f"{split}state.json": "{}"})
    with pytest.raises(CorpusError, match=r"no .parquet file is in this folder - the .arrow files .*to_parquet\("):
        read(tmp_path / "d", "huggingface")
    with pytest.raises(CorpusError, match="it looks like huggingface"):
        read(tmp_path / "d", None)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_audiofolder(tmp_path, ending):
    table = polars.DataFrame({"file_name": ["b/1.wav"], "transcription": ['=one, "two"'], "accent": ["Welsh"]})
    memory = io.BytesIO()
    write = {"csv": table.write_csv, "jsonl": table.write_ndjson, "parquet": table.write_parquet}[ending]
    write(memory)
    lay(tmp_path / "a", **{f"train/metadata.{ending}": memory.getvalue(), "train/b/1.wav": sound(9)})
    corpus = read(tmp_path / "a", "audiofolder")
    assert rows(corpus) == {"train/b/1": {"audio_filepath": "train/b/1.wav", "text": '=one, "two"', "accent": "Welsh"}}
    assert_same(heard(corpus, "train/b/1"), sound(9))


def test_audio_inside_of_containers_is_built(workshop):
    """A set from an archive has the bytes of a set from the files in it."""
    from conftest import tree

    made = workshop.corpus({"North": 2, "South": 2})
    plain = augment.build(workshop.recipe(), workshop.folder / "plain")
    members = {}
    for row in made:
        members[f"{row['id']}.wav"] = (workshop.folder / row["audio_filepath"]).read_bytes()
        members[f"{row['id']}.json"] = json.dumps({n: v for n, v in row.items() if n != "audio_filepath"})
    lay(workshop.folder, **{"shard.tar": tar(**members)})
    packed = augment.build(workshop.recipe(corpus="{path: shard.tar}"), workshop.folder / "packed", workers=2)
    audio = {name: data for name, data in tree(plain.folder).items() if name.startswith("audio/")}
    assert {n: d for n, d in tree(packed.folder).items() if n.startswith("audio/")} == audio
    assert augment.verify(packed.folder, sample=2).sound
    assert soundfile.info(packed.folder / next(iter(audio))).samplerate == RATE


def test_an_imported_manifest_reads_as_the_corpus_does(tmp_path):
    folder = kaldi(tmp_path)
    out = tmp_path / "elsewhere" / "corpus.jsonl"
    out.parent.mkdir()
    corpus = import_corpus("kaldi", folder, out)
    again = read_corpus(CorpusSpec(path="corpus.jsonl"), out.parent)
    assert again.labels == corpus.labels
    assert_same(heard(again, "s1-a"), sound(1, 2.0)[RATE // 4 : RATE])
    for identity, row in rows(again).items():
        assert row.pop("audio_filepath").startswith("../audio/")
        first = rows(corpus)[identity]
        first.pop("audio_filepath")
        assert first == row
    groups = augment.audit(folder, ["gender"], sample=0, layout="kaldi").groups
    assert [(group.group, group.utterances) for group in groups] == [("f", 2), ("m", 1)]
    before = out.read_bytes()
    lay(folder, segments="s1-a r9 0 1\n")
    with pytest.raises(CorpusError, match="r9"):
        import_corpus("kaldi", folder, out, replace=True)
    assert out.read_bytes() == before
    for arguments, words in ((("kaldy", folder, out), "did you mean 'kaldi'"), (("jsonl", out, out), "exists already"),
                             (("kaldi", folder, tmp_path / "x.csv"), "ends in .jsonl")):  # fmt: skip
        with pytest.raises(AcoustigridError, match=words):
            import_corpus(*arguments)


@pytest.mark.parametrize("where", ["same", "other", "speech", "."])
def test_ids_that_were_made_of_paths_survive_an_import(tmp_path, where):
    lay(tmp_path, **{f"{name}.wav": sound(n) for n, name in enumerate(["speech/a", "same/b", "same/tab\there/c"])})
    paths = ["../speech/a.wav", "b.wav", str(tmp_path / "same" / "b.wav"), "tab\there/c.wav"]
    given = [{"audio_filepath": path, "text": "x", "speaker": "s"} for path in paths]
    given += [{**given[0], "offset": 0.25, "audio_channel": 0}]
    lay(tmp_path / "same", **{"nemo.jsonl": "".join(json.dumps(row) + "\n" for row in given)})
    out = tmp_path / where / "corpus.jsonl"
    out.parent.mkdir(exist_ok=True)
    first = import_corpus("jsonl", tmp_path / "same" / "nemo.jsonl", out)
    again = read_corpus(CorpusSpec(path="corpus.jsonl"), out.parent)
    assert again.frame["id"].to_list() == first.frame["id"].to_list()
    assert again.frame["id"][0] == "../speech/a"
    assert ("speech/a.wav" in again.frame["audio_filepath"]) == (where == ".")
    for corpus in (first, again):
        for row, place in zip(corpus.frame.rows(named=True), ["speech/a", "same/b", "same/b"], strict=False):
            assert corpus.audio_path(row["audio_filepath"]).resolve() == tmp_path / f"{place}.wav"
    retold = import_corpus("jsonl", out, tmp_path / "retold.jsonl")
    assert retold.frame["id"].to_list() == first.frame["id"].to_list()
