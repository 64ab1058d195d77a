"""What a reader sees and does not use is accounted for; what it should find is found; what is not there is told."""

import json

import numpy as np
import pytest

import augment
from augment.corpus.presence import absent_rows
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.corpus.unused import Leftover, Unused
from augment.errors import AcoustigridError, CorpusError
from augment.files.audio import encode
from augment.notes import texts
from conftest import RATE, speech_like
from test_cli import run
from test_layouts import COMMON_VOICE, LIBRISPEECH
from test_reader_traps import lhotse
from test_readers import RECORDING, SUPERVISIONS, json_lines, kaldi, lay, read, rows, sound, tar

WAV = encode(sound(1), RATE, "wav")


def test_texts_and_audio_in_upper_case(tmp_path):
    said = {"SA1.WAV": sound(1), "SA1.TXT": "0 31999 She had your suit.\n", "SA1.PHN": "h#"}
    files = {f"DR1/{who}/{name}": data for who in ("ANN", "BOB") for name, data in said.items()}
    lay(tmp_path / "T", **files)
    for pattern in ("{accent}/{speaker}/*.WAV", "{accent}/{speaker}/*.wav"):
        corpus = read(tmp_path / "T", "folder", pattern=pattern)
        assert corpus.frame["text"].to_list() == ["She had your suit."] * 2
        assert corpus.unused == (Unused(Leftover.FILES, ".phn", 2),)
        assert "not used: files of other kinds: .phn (2)" in texts(corpus.notes)
        assert any(note.startswith("2 texts begin with the numbers") for note in texts(corpus.notes))
    with pytest.raises(CorpusError, match=r"gives 2 files the id 'SA1'.*write \* in place of \{id\}"):
        read(tmp_path / "T", "folder", pattern="{accent}/{speaker}/{id}.WAV")


def test_numbers_that_are_words_stay(tmp_path):
    lay(tmp_path / "f", **{"a_1.wav": sound(1), "a_1.txt": "0 5 and 7", "a_2.wav": sound(2), "a_2.lab": "1000 2000 x"})
    corpus = read(tmp_path / "f", "folder", pattern="{speaker}_{id}.wav")
    assert corpus.frame["text"].to_list() == ["0 5 and 7", "1000 2000 x"]


def test_files_of_a_folder_that_are_not_used(tmp_path):
    lay(tmp_path / "f", **{
        "a_1.wav": sound(1), "a_1.txt": "one", "b.docx": "x", "c/d.DOCX": "x", "e.zzz": "x", "LICENCE": "x",
        ".DS_Store": "x", "lost.txt": "x", "set/testset.json": "{}", "set/a.wav": sound(2), "odd.wav": sound(3),
    })  # fmt: skip
    corpus = read(tmp_path / "f", "folder", pattern="{speaker}_{id}.wav")
    told = "not used: files of other kinds: .docx (2), .txt (1), .zzz (1), without an ending (1)"
    assert {told, "not used: folders of test sets: and what is in them (1)"} <= set(texts(corpus.notes))
    assert any(note.startswith("1 audio files do not fit the pattern") for note in texts(corpus.notes))
    lay(tmp_path / "g", **{"a.zzz": "x", "b.zzz": "x"})
    with pytest.raises(CorpusError, match=r"no rows - not used: files of other kinds: \.zzz \(2\)"):
        read(tmp_path / "g", "folder", pattern="{id}.wav")


def test_members_of_archives_with_a_dot_before_them(tmp_path):
    members = {"./u1.wav": WAV, "./u1.txt": "one", "./u1.cls": "3", "./._u1.wav": b"mac", "./d/u2.wav": WAV}
    lay(tmp_path / "w", **{"a.TAR": tar(**members), "a.tar.gz": b"x"})
    corpus = read(tmp_path / "w", "webdataset")
    assert list(rows(corpus)) == ["u1", "d/u2"]
    expected = {"members of archives: hidden files (1)", "parts of samples: .cls (1)", "files of other kinds: .gz (1)"}
    assert {f"not used: {told}" for told in expected} <= set(texts(corpus.notes))


def test_fields_of_lhotse(tmp_path):
    supervision = {**SUPERVISIONS[0], "alignment": {"word": [["a", 0, 1]]}, "custom": {"accent": "Welsh"}}
    corpus = read(lhotse(tmp_path, supervisions=[supervision]), "lhotse")
    assert "not used: fields: alignment of supervisions (1)" in texts(corpus.notes)
    cut = {"id": "c", "start": 0, "duration": 2.0, "channel": 0, "recording": RECORDING, "features": {"type": "fbank"},
           "custom": {"accent": "Irish", "device": "phone"}, "supervisions": [supervision]}  # fmt: skip
    corpus = read(
        lay(tmp_path / "c", **{"cuts.jsonl": json_lines(cut, packed=False), "r.wav": sound(8, 2.0)}), "lhotse"
    )
    assert [rows(corpus)["u1"][name] for name in ("accent", "device")] == ["Welsh", "phone"]
    assert "not used: fields: alignment of supervisions (1), features of cuts (1)" in texts(corpus.notes)


def test_audio_without_an_utterance(tmp_path):
    cut = {"id": "c", "start": 0, "duration": 2.0, "channel": 0, "recording": RECORDING, "supervisions": SUPERVISIONS}
    lines = json_lines(cut, {**cut, "id": "d", "supervisions": []}, packed=False)
    corpus = read(lay(tmp_path / "c", **{"cuts.jsonl": lines, "r.wav": sound(8, 2.0)}), "lhotse")
    assert "not used: rows: of cuts without a supervision (1)" in texts(corpus.notes)
    corpus = read(lhotse(tmp_path, recordings=[RECORDING, {**RECORDING, "id": "q"}]), "lhotse")
    assert "not used: recordings: without a supervision (1)" in texts(corpus.notes)
    scp = "r1 audio/r1.wav\nr2 audio/r2.flac\nr3 audio/r3.wav\nr4 audio/r4.wav\n"
    corpus = read(kaldi(tmp_path / "k", **{"data/all/wav.scp": scp}), "kaldi")
    assert "not used: recordings: without a segment (2)" in texts(corpus.notes)


def test_columns_of_newer_common_voice_and_files_of_kaldi(tmp_path):
    lay(tmp_path / "cv", **COMMON_VOICE)
    corpus = read(tmp_path / "cv" / "en", "common_voice")
    assert {"sentence_domain", "segment", "variant", "locale"} <= set(corpus.labels)
    assert "not used: columns: sentence_id (2)" in texts(corpus.notes)
    corpus = read(kaldi(tmp_path / "k", **{"data/all/feats.scp": "x", "data/all/utt2num_frames": "x"}), "kaldi")
    assert "not used: files of other kinds: feats.scp (1), utt2num_frames (1)" in texts(corpus.notes)
    lay(tmp_path / "l", **LIBRISPEECH, **{"LibriSpeech/BOOKS.TXT": "x"})
    assert "not used: files of other kinds: .txt (1)" in texts(
        read(tmp_path / "l" / "LibriSpeech", "librispeech").notes
    )


def test_noise_that_is_not_heard_is_told(stocked):
    noise = stocked.folder / "noise" / "street"
    (noise / "copy.wav").write_bytes((noise / "a.wav").read_bytes())
    for name in ("c.zzz", "read.me", ".hidden"):
        (noise / name).write_text("x")
    notes = texts(augment.plan(stocked.folder / "recipe.yaml").notes)
    assert "noise/street: not used: files of other kinds: .me (1), .zzz (1)" in notes
    assert "noise/street: not used: recordings: with the very bytes of another (1)" in notes


def missing(workshop, absent):
    workshop.corpus({"North": 3, "South": 3})
    for name in absent:
        (workshop.folder / "audio" / f"{name}.wav").unlink()
    workshop.recipe()
    return workshop.folder


def test_audio_that_is_not_there_is_told_at_once(workshop):
    folder = missing(workshop, ["north_1", "south_2"])
    words = "the audio of 2 of 6 rows is not there: "
    assert words in run("check", "recipe.yaml", cwd=folder).stdout
    assert words in run("corpus", "import", "jsonl", "corpus.jsonl", "-o", "out.jsonl", cwd=folder).stdout
    audit = ["corpus", "audit", "corpus.jsonl", "--by", "accent"]
    assert "the audio of 4 was read, that of 2 cannot be" in run(*audit, cwd=folder).stdout
    assert words in run(*audit, "--details", cwd=folder).stdout
    found = texts(augment.import_corpus("jsonl", folder / "corpus.jsonl", folder / "o.jsonl").notes)[0]
    assert found.startswith(f"{folder / 'corpus.jsonl'}:2: {words}{folder / 'audio' / 'north_1.wav'}, ")


def test_a_corpus_without_any_audio_is_no_good_recipe(workshop):
    folder = missing(workshop, [f"{group}_{n}" for group in ("north", "south") for n in range(3)])
    told = run("check", "recipe.yaml", cwd=folder, code=2).stderr
    assert "corpus.jsonl:1: the audio of 6 of 6 rows is not there: " in told
    assert "north_2.wav, ..." in told
    assert told.count("error:") == 1


def test_members_of_archives_that_are_not_there(tmp_path):
    lay(tmp_path, **{"a.tar": tar(**{"u.wav": WAV}), "b.tar": b"none"})
    paths = ["a.tar!/u.wav", "a.tar!/v.wav", "b.tar!/u.wav", "c.tar!/u.wav", "d!/e.wav"]
    lay(
        tmp_path, **{"d!/e.wav": WAV, "m.jsonl": "".join(json.dumps({"audio_filepath": path}) + "\n" for path in paths)}
    )
    absent = absent_rows(read_corpus(CorpusSpec(path="m.jsonl"), tmp_path))
    assert absent["audio_filepath"].to_list() == paths[1:4]


def test_folders_are_no_audio(tmp_path):
    (tmp_path / "x.wav").mkdir()
    lay(tmp_path, **{"m.jsonl": '{"audio_filepath": "x.wav"}\n'})
    assert absent_rows(read_corpus(CorpusSpec(path="m.jsonl"), tmp_path)).height == 1


def test_check_tells_what_is_not_used(workshop):
    workshop.corpus({"North": 2, "South": 2})
    workshop.recipe(corpus="{path: audio, layout: folder, pattern: '{accent}_*.wav'}")
    (workshop.folder / "audio" / "notes.zzz").write_text("x")
    assert "note: not used: files of other kinds: .zzz (1)" in run("check", "recipe.yaml", cwd=workshop.folder).stdout
    with pytest.raises(AcoustigridError, match="no such file or folder"):
        augment.plan(workshop.recipe(corpus="{path: nothing.jsonl}"))


def test_nothing_is_told_where_all_is_used(workshop):
    workshop.corpus({"North": 2, "South": 2})
    workshop.noise("a.wav", np.concatenate([speech_like(2)] * 2))
    plan = augment.plan(workshop.recipe())
    assert [note for note in texts(plan.notes) if "not used" in note] == []
