"""What is odd in the files of other tools and of corpora, and would put the wrong audio or label under an utterance."""

import pytest

from augment.errors import CorpusError
from conftest import RATE
from test_readers import RECORDING, SUPERVISIONS, heard, json_lines, kaldi, lay, read, rows, same, sound

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
    same(heard(corpus, "u1"), sound(8, 2.0))


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
        ([{**RECORDING, "sources": None}], SUPERVISIONS, "a part of it is not of the kind that Lhotse writes"),
        ([[RECORDING]], SUPERVISIONS, r"recordings.jsonl:1: found \[\{.*; expected a JSON object"),
        ([RECORDING], [None], "supervisions.jsonl:1: found null; expected a JSON object"),
        ([RECORDING], [{**SUPERVISIONS[0], "start": "x"}], "expected a number as 'start', found 'x'"),
        ([RECORDING], [{**SUPERVISIONS[0], "duration": True}], "expected a number as 'duration', found True"),
        ([RECORDING, {**RECORDING, "duration": 3.0}], SUPERVISIONS, r"recordings.jsonl:2: 'r' stands twice"),
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
    same(heard(corpus, "r1"), sound(1, 2.0))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("segments", "s1-a r1 0 1 B\n", r"segments:1: utterance 's1-a': the segment names a channel \('r1 0 1 B'\)"),
        ("segments", "s1-a\n", "segments:1: utterance 's1-a': the segment names no recording"),
        ("segments", "s1-a r1 0\n", "segments:1: .*expected a recording, a start and an end"),
        ("wav.scp", "r1\nr2 audio/r2.flac\n", "segments:1: .*the entry of 'r1' in wav.scp is empty"),
    ],
)
def test_kaldi_faults(tmp_path, name, content, words):
    with pytest.raises(CorpusError, match=words):
        read(kaldi(tmp_path, **{f"data/all/{name}": content}), "kaldi")


@pytest.mark.parametrize("entry", ['cat "audio/a b.wav" |', "cat 'audio/a b.wav' |", "cat audio/r1.wav |"])
def test_quotes_of_a_command_of_kaldi_are_no_part_of_the_name(tmp_path, entry):
    files = {"audio/a b.wav": sound(1, 2.0), "data/all/wav.scp": f"r1 {entry}\nr2 audio/r2.flac\n"}
    same(heard(read(kaldi(tmp_path, **files), "kaldi"), "s1-b"), sound(1, 2.0)[RATE:])
