"""What is odd in the files of other tools and of corpora, and would put the wrong audio or label under an utterance."""

import io
import json
import os
import tarfile

import polars
import pytest

from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import CorpusError
from augment.files.audio import encode
from augment.notes import texts
from conftest import RATE
from test_layouts import ARCHIVE, ARCHIVE_TABLE, COMMON_VOICE, EDACC, LIBRISPEECH, QUESTIONS, VCTK, VCTK_INFO
from test_readers import RECORDING, SUPERVISIONS, assert_same, heard, json_lines, kaldi, lay, read, rows, sound, tar

LHOTSE = ("recordings.jsonl", "supervisions.jsonl")


def lhotse(tmp_path, recordings=(RECORDING,), supervisions=SUPERVISIONS, **more):
    lines = (json_lines(*values, packed=False) for values in (recordings, supervisions))
    return lay(tmp_path / "l", **dict(zip(LHOTSE, lines, strict=True)), **{"r.wav": sound(8, 2.0), **more})


def changed(*names):
    return {**RECORDING, "transforms": [{"name": name, "kwargs": {}} for name in names]}


def test_lhotse_recordings_that_are_changed_when_they_are_loaded(tmp_path):
    """As Lhotse writes them after perturb_speed and the like: the file holds other sound than the times speak of."""
    for names in (["Speed"], ["Resample", "Volume"]):
        with pytest.raises(CorpusError, match=rf"supervisions.jsonl:1: .*\(transforms: {', '.join(names)}\): save the"):
            read(lhotse(tmp_path, [changed(*names)]), "lhotse")
    with pytest.raises(CorpusError, match=r"transforms: Tempo"):
        read(lhotse(tmp_path, [{**RECORDING, "transforms": [{"type": "Tempo"}]}]), "lhotse")
    cut = {"id": "c", "start": 0, "duration": 2.0, "recording": changed("Speed"), "supervisions": SUPERVISIONS[:1]}
    with pytest.raises(CorpusError, match=r"cuts.jsonl:1: this cut cannot be used: .*transforms: Speed"):
        read(lay(tmp_path / "c", **{"cuts.jsonl": json_lines(cut, packed=False)}), "lhotse")
    for recording in (changed("Resample"), changed(), {**RECORDING, "transforms": None}):
        assert list(rows(read(lhotse(tmp_path, [recording]), "lhotse"))) == ["u1", "u2"]


def test_custom_fields_of_lhotse_do_not_decide_which_audio_is_read(tmp_path):
    custom = {"offset": 1.0, "duration": 0.25, "audio_filepath": "no.wav", "text": "no", "accent": "Welsh"}
    corpus = read(lhotse(tmp_path, supervisions=[{**SUPERVISIONS[0], "custom": custom}]), "lhotse")
    assert rows(corpus)["u1"] == {
        "audio_filepath": "r.wav", "duration": 2.0, "text": "all", "speaker": "s", "gender": "f", "accent": "Welsh",
        "label_offset": "1.0", "label_duration": "0.25", "label_audio_filepath": "no.wav", "label_text": "no",
    }  # fmt: skip
    assert_same(heard(corpus, "u1"), sound(8, 2.0))


def test_a_missing_file_of_lhotse_is_not_taken_from_another_corpus(tmp_path):
    second = {**RECORDING, "id": "q", "sources": [{**RECORDING["sources"][0], "source": "q.wav"}]}
    other = {**SUPERVISIONS[0], "id": "u3", "recording_id": "q"}
    lay(tmp_path, **{"q.wav": sound(1)})
    found = rows(read(lhotse(tmp_path, [RECORDING, second], [*SUPERVISIONS, other]), "lhotse"))
    assert {row["audio_filepath"] for row in found.values()} == {"r.wav", "q.wav"}


@pytest.mark.parametrize(
    ("recordings", "supervisions", "words"),
    [
        ([{**RECORDING, "sampling_rate": 0}], SUPERVISIONS, "supervisions.jsonl:1: .*'sampling_rate' .* is 0"),
        ([{**RECORDING, "sources": RECORDING["sources"] * 2}], SUPERVISIONS, "recording has 2 sources"),
        ([{**RECORDING, "sources": None}], SUPERVISIONS, "a part of it is not what Lhotse writes"),
        ([[RECORDING]], SUPERVISIONS, r"recordings.jsonl:1: found \[\{.*; expected a JSON object"),
        ([RECORDING], [None], "supervisions.jsonl:1: found null; expected a JSON object"),
        ([RECORDING], [{**SUPERVISIONS[0], "start": "x"}], "expected a number as 'start', found 'x'"),
        ([RECORDING], [{**SUPERVISIONS[0], "duration": True}], "expected a number as 'duration', found True"),
        ([RECORDING], [{**SUPERVISIONS[0], "duration": -1}], "expected 0 or more as 'duration', found -1"),
        (
            [RECORDING],
            [{**SUPERVISIONS[0], "start": -0.5}],
            "'u1' begins 0.5 s before its recording: it is not heard as a whole; leave it out",
        ),
        ([RECORDING, {**RECORDING, "duration": 3.0}], SUPERVISIONS, r"recordings.jsonl:2: 'r' appears twice"),
    ],
)
def test_lhotse_faults(tmp_path, recordings, supervisions, words):
    with pytest.raises(CorpusError, match=words):
        read(lhotse(tmp_path, recordings, supervisions), "lhotse")


def test_a_recording_of_lhotse_may_stand_twice_in_the_same_words(tmp_path):
    assert list(rows(read(lhotse(tmp_path, [RECORDING, RECORDING]), "lhotse"))) == ["u1", "u2"]


def test_labels_of_kaldi_do_not_decide_which_audio_is_read(tmp_path):
    values = {"offset": 1.5, "duration": 0.5, "text": "no"}
    odd = {f"data/all/utt2{name}": f"r1 {value}\n" for name, value in values.items()}
    folder = kaldi(tmp_path, **odd, **{"data/all/text": "r1 yes\n", "data/all/utt2spk": "r1 s1\n"})
    (folder / "segments").unlink()
    corpus = read(folder, "kaldi")
    assert rows(corpus)["r1"] == {
        "audio_filepath": "../../audio/r1.wav", "text": "yes", "speaker": "s1", "gender": "f", "label_offset": "1.5",
        "label_duration": "0.5", "label_text": "no",
    }  # fmt: skip
    assert_same(heard(corpus, "r1"), sound(1, 2.0))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "segments",
            "s1-a r1 0 1 B\n",
            r"segments:1: utterance 's1-a': expected .* perhaps a channel, found 'r1 0 1 B'",
        ),
        ("segments", "s1-a\n", "segments:1: utterance 's1-a': the segment names no recording"),
        ("segments", "s1-a r1 0\n", "segments:1: .*expected a recording, a start and an end"),
        ("wav.scp", "r1\nr2 audio/r2.flac\n", "segments:1: .*the entry of 'r1' in wav.scp is empty"),
        (
            "utt2spk",
            "s1-a s1\ns1-b s1 extra\n",
            "utt2spk:2: expected an utterance and a speaker, found 's1-b s1 extra'",
        ),
    ],
)
def test_kaldi_faults(tmp_path, name, content, words):
    with pytest.raises(CorpusError, match=words):
        read(kaldi(tmp_path, **{f"data/all/{name}": content}), "kaldi")


def test_speakers_of_kaldi_by_speaker(tmp_path):
    folder = kaldi(tmp_path)
    expected = rows(read(folder, "kaldi"))
    (folder / "utt2spk").unlink()
    assert rows(read(folder, "kaldi")) == expected
    lay(folder, spk2utt="s1 s1-a s1-b\ns2 s2-a s1-a\n")
    with pytest.raises(CorpusError, match="spk2utt:2: 's1-a' is one of 's2', and of 's1' too"):
        read(folder, "kaldi")
    lay(folder, spk2utt="s1 s1-a s9-c\n")
    with pytest.raises(CorpusError, match="spk2utt:1: spk2utt has 's9-c', which has no audio"):
        read(folder, "kaldi")


@pytest.mark.parametrize("entry", ['cat "audio/a b.wav" |', "cat 'audio/a b.wav' |", "cat audio/r1.wav |"])
def test_quotes_of_a_command_of_kaldi_are_no_part_of_the_name(tmp_path, entry):
    files = {"audio/a b.wav": sound(1, 2.0), "data/all/wav.scp": f"r1 {entry}\nr2 audio/r2.flac\n"}
    assert_same(heard(read(kaldi(tmp_path, **files), "kaldi"), "s1-b"), sound(1, 2.0)[RATE:])


def parquet(folder, columns, features=None, audio=None, name="a.parquet"):
    """A table of two rows with their own audio, and the data set's description of its columns."""
    held = [{"bytes": encode(sound(n), RATE, "wav"), "path": f"{n}.wav"} for n in (1, 2)]
    frame = polars.DataFrame({**columns, audio or "audio": held})
    folder.mkdir(exist_ok=True)
    said = json.dumps({"info": {"features": features or {}}})
    frame.write_parquet(folder / name, metadata={"huggingface": said})
    return folder


def test_an_offset_does_not_cut_embedded_audio_again(tmp_path):
    """It says where the clip lay in what it was cut from: so do the manifests that such shards are made of."""
    table = {"id": ["a", "b"], "offset": [0.25, None], "duration": [0.1, 0.5], "label_offset": ["x", None]}
    corpus = read(parquet(tmp_path / "h", table), "huggingface")
    assert rows(corpus) == {
        "a": {
            "audio_filepath": "a.parquet!/audio/0", "label_offset": "x", "label_label_offset": "0.25",
            "label_duration": "0.1",
        },
        "b": {"audio_filepath": "a.parquet!/audio/1", "duration": 0.5},
    }  # fmt: skip
    assert_same(heard(corpus, "a"), sound(1))
    said = json.dumps({"offset": 0.25, "duration": 0.1, "speaker": "s"})
    lay(tmp_path / "w", **{"a.tar": tar(**{"u.wav": encode(sound(3), RATE, "wav"), "u.json": said})})
    corpus = read(tmp_path / "w", "webdataset")
    assert rows(corpus)["u"] == {
        "audio_filepath": "a.tar!/u.wav", "speaker": "s", "label_offset": "0.25", "label_duration": "0.1"
    }  # fmt: skip
    assert_same(heard(corpus, "u"), sound(3))


def test_the_audio_column_is_the_one_that_is_described_as_audio(tmp_path):
    image = [{"bytes": b"png", "path": "1.png"}] * 2
    for features in ({"speech": {"_type": "Audio"}}, {"face": {"_type": "Image"}}):
        folder = parquet(tmp_path / "h", {"face": image}, features, audio="speech")
        corpus = read(folder, "huggingface")
        assert set(corpus.frame["audio_filepath"]) == {"a.parquet!/speech/0", "a.parquet!/speech/1"}
    assert list(rows(read(parquet(tmp_path / "h", {"face": image}), "huggingface"))) == [
        "a.parquet!/audio/0", "a.parquet!/audio/1"
    ]  # fmt: skip
    with pytest.raises(CorpusError, match=r"a.parquet: has several columns that may be the audio: face, speech"):
        read(parquet(tmp_path / "h", {"face": image}, audio="speech"), "huggingface")
    with pytest.raises(CorpusError, match="no column with embedded audio"):
        read(parquet(tmp_path / "h", {}, {"audio": {"_type": "Image"}}), "huggingface")


def test_columns_of_a_table_that_are_no_labels_are_told(tmp_path):
    table = {
        "_bare": ["one", "two"], "_path": ["x", "y"], "face": [{"bytes": b"png", "path": "1.png"}] * 2,
        "turns": [[{"who": "a"}]] * 2, "mel": [b"mel"] * 2, "tags": [["a", "b"]] * 2,
    }  # fmt: skip
    corpus = read(parquet(tmp_path / "h", table), "huggingface")
    first = {"audio_filepath": "a.parquet!/audio/0", "_bare": "one", "_path": "x"}
    assert rows(corpus)["a.parquet!/audio/0"] == first
    told = "face: a structure (2), mel: bytes (2), tags: a list (2), turns: a list (2)"
    assert f"not used: columns: {told}" in texts(corpus.notes)


def test_class_labels_of_a_table(tmp_path):
    features = {name: {"_type": "ClassLabel", "names": ["Scottish", "Welsh"]} for name in ("accent", "other")}
    table = {"accent": [1, -1], "other": ["Irish", "Welsh"]}
    found = list(rows(read(parquet(tmp_path / "h", table, features), "huggingface")).values())
    assert [(row.get("accent"), row["other"]) for row in found] == [("Welsh", "Irish"), (None, "Welsh")]
    with pytest.raises(CorpusError, match=r"a.parquet:2: accent: found 2; the data set names the classes 0 to 1"):
        read(parquet(tmp_path / "h", {"accent": [0, 2]}, features), "huggingface")


@pytest.mark.parametrize("parts", [("u.wav", "u.WAV"), ("u.wav", "u.txt", "u.TXT"), ("u.wav", "u.json", "u.JSON")])
def test_parts_of_a_sample_do_not_replace_each_other(tmp_path, parts):
    lay(tmp_path / "w", **{"a.tar": tar(**dict.fromkeys(parts, "{}"))})
    with pytest.raises(CorpusError, match=r"a.tar:1: the sample 'u' has (2 audio files|a part twice: u\..*, u\.)"):
        read(tmp_path / "w", "webdataset")


def test_links_in_archives_are_told(tmp_path):
    memory = io.BytesIO(tar(**{"u.wav": encode(sound(1), RATE, "wav")}))
    with tarfile.open(fileobj=memory, mode="a") as archive:
        for name, kind in (("v.wav", tarfile.LNKTYPE), ("w.wav", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "u.wav"
            archive.addfile(info)
    corpus = read(lay(tmp_path / "w", **{"a.tar": memory.getvalue()}), "webdataset")
    assert list(rows(corpus)) == ["u"]
    assert any(note.startswith("2 links in archives are not followed") for note in texts(corpus.notes))


TWICE = [
    ("vctk", VCTK, "new", "speaker-info.txt", f"{VCTK_INFO}p225  23  M    English\n", r"\.txt:8: '225' appears twice"),
    (
        "librispeech", LIBRISPEECH, "LibriSpeech", "SPEAKERS.TXT", "84 | F | a | 1 | N\n84 | M | a | 1 | N\n",
        r"SPEAKERS\.TXT:2: '84' appears twice",
    ),
    ("edacc", EDACC, "", "linguistic_background.csv", f"{QUESTIONS}\n1,A,Male\n1,A,Female\n", r"\.csv:3: 'A' appears"),
    ("edacc", EDACC, "", "linguistic_background.csv", "PARTICIPANT_ID,X,X\nA,1,2\n", r":1: the column 'X' appears"),
    (
        "speech_accent_archive", ARCHIVE, "", "speakers_all.csv",
        f"{ARCHIVE_TABLE}1,1,x,english2,english,male,,usa,TRUE\n", r"speakers_all\.csv:5: 'english2' appears twice",
    ),
    (
        "speech_accent_archive", ARCHIVE, "", "speakers_all.csv", "filename,native_language,speakerid,sex,sex\n",
        r"speakers_all\.csv:1: the column 'sex' appears twice",
    ),
    (
        "common_voice", COMMON_VOICE, "en", "clip_durations.tsv", "clip\tduration[ms]\ncv_1.mp3\t500\ncv_1\t600\n",
        r"clip_durations\.tsv:3: 'cv_1\.mp3' appears twice",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "files", "path", "name", "content", "words"), TWICE)
def test_what_stands_twice_in_a_table_is_not_the_last_of_both(tmp_path, layout, files, path, name, content, words):
    lay(tmp_path, **{**files, f"{path}/{name}".removeprefix("/"): content})
    with pytest.raises(CorpusError, match=words):
        read(tmp_path / path, layout)


def test_what_stands_twice_in_the_same_words_is_no_fault(tmp_path):
    lay(tmp_path, **{**VCTK, "new/speaker-info.txt": VCTK_INFO + VCTK_INFO.splitlines()[1] + "\n"})
    assert rows(read(tmp_path / "new", "vctk"))["p225_001"]["gender"] == "F"
    lay(tmp_path / "a", **{**ARCHIVE, "speakers_all.csv": ARCHIVE_TABLE + "1,1,x,balanta1,b,male,9,senegal,TRUE\n"})
    assert "2 speakers of the table have no recording" in texts(read(tmp_path / "a", "speech_accent_archive").notes)


@pytest.mark.parametrize("path", [".", "/", ".."])
def test_a_path_of_common_voice_that_names_no_clip(tmp_path, path):
    lay(tmp_path, **{"validated.tsv": f"client_id\tpath\tsentence\nann\t{path}\tYes.\n"})
    with pytest.raises(CorpusError, match=r"validated\.tsv:2: the row names no clip in 'path': found '[./]+'"):
        read(tmp_path, "common_voice")


def test_lengths_of_common_voice_that_cannot_be_used_are_told(tmp_path):
    table = {"validated.tsv": "client_id\tpath\tsentence\nann\ta.mp3\tYes.\nbob\tb\tNo.\n"}
    lay(tmp_path, **table, **{"clip_durations.tsv": "duration[ms]\tclip\n500\ta.mp3\n600 b.mp3\n"})
    corpus = read(tmp_path, "common_voice")
    assert "2 lines of clip_durations.tsv are no clip, a tab and a number of milliseconds: they are not used" in texts(
        corpus.notes
    )
    assert "2 clips of the table are not in clip_durations.tsv" in texts(corpus.notes)
    lay(tmp_path, **{"clip_durations.tsv": "clip\tduration[ms]\na\t500\nb.mp3\t600\n"})
    corpus = read(tmp_path, "common_voice")
    assert corpus.frame["duration"].to_list() == [0.5, 0.6]
    assert not any("clip_durations" in note for note in texts(corpus.notes))


def test_a_file_name_that_is_no_text(tmp_path):
    lay(tmp_path / "f", **{"ann_1.wav": sound(1)})
    (tmp_path / "f" / os.fsdecode(b"caf\xe9_2.wav")).write_bytes(encode(sound(2), RATE, "wav"))
    with pytest.raises(CorpusError, match=r"f: the name 'caf\\udce9_2\.wav' is not UTF-8 - rename it") as caught:
        read(tmp_path / "f", "folder", pattern="{speaker}_{id}.wav")
    assert str(caught.value).isascii()


def test_audio_and_texts_that_no_row_takes_are_told(tmp_path):
    more = {
        "LibriSpeech/dev-clean/84/121123/84-121123-0009.flac": sound(1),
        "LibriSpeech/dev-clean/84/999/84-999-0000.flac": sound(1),
    }
    corpus = read(lay(tmp_path / "l", **{**LIBRISPEECH, **more}), "librispeech")
    assert "not used: audio files that no row names: .flac (2)" in texts(corpus.notes)
    table = "file_name,text\n./1.wav,one\nb/../2.wav,two\n"
    files = {"metadata.csv": table, **{f"{n}.wav": sound(1) for n in (1, 2, 3)}, "b/4.wav": sound(1)}
    corpus = read(lay(tmp_path / "a", **files), "audiofolder")
    assert "not used: audio files that no row names: .wav (2)" in texts(corpus.notes)
    more = {"dev/text": "EDACC-C01-01 YEAH\nEDACC-C01-03 NO\n"}
    corpus = read(lay(tmp_path / "e", **{**EDACC, **more}), "edacc")
    assert "1 texts have no segment: they are not used" in texts(corpus.notes)


def test_nothing_is_told_of_audio_that_rows_take(tmp_path):
    corpus = read(lay(tmp_path / "l", **LIBRISPEECH), "librispeech")
    assert not any("audio files" in note for note in texts(corpus.notes))


def test_recordings_of_l2_arctic_in_upper_case(tmp_path):
    files = {"ABA/wav/arctic_a0001.WAV": sound(1), "ABA/transcript/arctic_a0001.txt": "Author."}
    corpus = read(lay(tmp_path, **files), "l2_arctic")
    assert corpus.frame.select("id", "audio_filepath", "text").rows() == [
        ("ABA_arctic_a0001", "ABA/wav/arctic_a0001.WAV", "Author.")
    ]
    lay(tmp_path, **{"ABA/wav/arctic_a0001.wav": sound(2)})
    with pytest.raises(CorpusError, match=r"the id 'ABA_arctic_a0001' is also that of row"):
        read(tmp_path, "l2_arctic")


def test_a_speaker_of_edacc_who_is_marked_in_two_ways_has_neither(tmp_path):
    lay(tmp_path / "edacc", **EDACC)
    stm = tmp_path / "edacc" / "dev" / "stm"
    stm.write_text(stm.read_text() + "EDACC-C01 1 EDACC-C01-A 2.50 3.25 <female,l1> YEAH\n")
    corpus = read_corpus(CorpusSpec(path="edacc", layout="edacc"), tmp_path)
    said = dict(corpus.frame.select("speaker", "label:english").rows())
    assert said["EDACC-C01-A"] is None
    assert "dev/stm marks these speakers in two ways, and neither is taken: EDACC-C01-A" in texts(corpus.notes)


def test_numbers_of_lhotse_may_be_text(tmp_path):
    (tmp_path / "recordings.jsonl").write_text(json.dumps(RECORDING) + "\n")
    said = {**SUPERVISIONS[0], "start": "0.25", "duration": "1.5"}
    (tmp_path / "supervisions.jsonl").write_text(json.dumps(said) + "\n")
    frame = read_corpus(CorpusSpec(path=".", layout="lhotse"), tmp_path).frame
    assert frame.select("offset", "duration").rows() == [(0.25, 1.5)]


def test_supervisions_of_lhotse_that_reach_out_of_their_cuts_are_read_whole_and_once(tmp_path):
    """As `cut_into_windows` and `truncate` leave them: a supervision keeps its id in every cut that it is heard in."""

    def cut(start_s, duration_s, *supervisions):
        said = [{**SUPERVISIONS[1], "id": name, "start": at, "duration": 1.0} for name, at in supervisions]
        own = {"id": f"c{start_s}", "start": start_s, "duration": duration_s, "channel": 0, "recording": RECORDING}
        return {**own, "supervisions": said}

    windows = [cut(0.0, 1.0, ("u1", 0.0), ("u2", 0.7)), cut(1.0, 1.0, ("u2", -0.3), ("u3", "-0.25"))]
    folder = lay(tmp_path / "c", **{"cuts.jsonl": json_lines(*windows, packed=False), "r.wav": sound(8, 2.0)})
    corpus = read(folder, "lhotse")
    assert corpus.frame.select("id", "offset", "duration").rows() == [
        ("u1", 0.0, 1.0), ("u2", 0.7, 1.0), ("u3", 0.75, 1.0)
    ]  # fmt: skip
    assert "not used: rows: of supervisions that an earlier cut has too (1)" in texts(corpus.notes)
    lay(folder, **{"cuts.jsonl": json_lines(windows[0], cut(1.0, 1.0, ("u2", -0.25)), packed=False)})
    with pytest.raises(CorpusError, match=r"cuts.jsonl:2: the id 'u2' is also that of row"):
        read(folder, "lhotse")
