"""Which channel of a file is heard: the one that is named, and never an average that nobody asked for."""

import json

import numpy as np
import pytest
import soundfile

import augment
from augment.acoustics.channels import channel_of
from augment.acoustics.filters import without_infrasound
from augment.corpus.spec import CorpusSpec
from augment.corpus.speech import read_speech
from augment.corpus.survey import survey
from augment.corpus.table import read_corpus
from augment.errors import AcoustigridError, AudioError, CorpusError
from augment.files.audio import read_audio
from augment.files.containers.stream import Remark
from augment.notes import texts
from conftest import RATE, near, speech_like

ONE, OTHER = speech_like(2, seed=1), speech_like(2, seed=2)


def written(path, *channels) -> None:
    soundfile.write(path, np.stack(channels, axis=1), RATE, subtype="FLOAT")


def late(sound, samples):
    return np.concatenate([np.zeros(samples), sound[:-samples]])


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (OTHER, "2 channels that differ, and nobody says which is meant - say which: channel: 0 or channel: 1"),
        (late(ONE, 8), r"channel 1 is 0.50 ms behind 0"),
        (-ONE, "opposite polarity"),
        (0.3 * ONE + 0.2 * OTHER, "differ"),
    ],
    ids=["talkers", "delay", "inverted", "room"],
)
def test_channels_that_differ_are_refused_with_the_ways_out(tmp_path, second, words):
    path = tmp_path / "x.wav"
    written(path, ONE, second)
    with pytest.raises(AudioError, match=words):
        read_audio(path)
    for number, sound in enumerate((ONE, second)):
        found = read_audio(path, channel=number)
        assert near(found.samples, sound, 1e-7)
        assert found.remarks == {Remark.CHOSEN}
    with pytest.raises(AudioError, match="channel 2 is asked for, and the file has 2 channels, 0 to 1"):
        read_audio(path, channel=2)


@pytest.mark.parametrize(
    ("second", "remark"),
    [(ONE, Remark.SAME_CHANNELS), (0.6 * ONE, Remark.SAME_CHANNELS), (0 * ONE, Remark.ONE_SOUNDS)],
)
def test_where_it_does_not_matter_nobody_need_say_it(tmp_path, second, remark):
    written(tmp_path / "x.wav", ONE, second)
    found = read_audio(tmp_path / "x.wav")
    assert near(found.samples, ONE, 1e-7)
    assert found.remarks == {remark}


def test_the_centre_of_surround_sound_is_found(tmp_path):
    silence = np.zeros(ONE.size)
    written(tmp_path / "x.wav", silence, silence, ONE, silence, silence, silence)
    assert near(read_audio(tmp_path / "x.wav").samples, ONE, 1e-7)


def test_a_mean_that_is_asked_for_is_told_and_must_not_cancel(tmp_path):
    path = tmp_path / "x.wav"
    written(path, ONE, OTHER)
    found = read_audio(path, channel="mix")
    assert near(found.samples, (ONE + OTHER) / 2, 1e-7)
    assert found.remarks == {Remark.MIXED}
    written(path, ONE, late(ONE, 8))
    assert read_audio(path, channel="mix").remarks == {Remark.MIXED_DELAYED}
    written(path, ONE, -ONE)
    with pytest.raises(AudioError, match="far weaker"):
        read_audio(path, channel="mix")


def test_channels_are_spelled_one_way():
    assert [channel_of(text) for text in (None, "0", "63", "mix")] == [None, 0, 63, "mix"]
    for text in ("64", "-1", "left", "1.5"):
        with pytest.raises(ValueError, match="expected a channel"):
            channel_of(text)


def heard(corpus) -> dict[str, np.ndarray]:
    return {
        row["id"]: read_speech(
            corpus.audio_path(row["audio_filepath"]), row["offset"], row["duration"], RATE,
            channel_of(row["audio_channel"]),
        ).samples
        for row in corpus.frame.iter_rows(named=True)
    }  # fmt: skip


def lhotse(folder) -> CorpusSpec:
    recording = {"id": "r", "sampling_rate": RATE, "num_samples": 2 * RATE, "duration": 2.0,
                 "sources": [{"type": "file", "channels": [0, 1], "source": "x.wav"}]}  # fmt: skip
    said = [{"id": f"u{n}", "recording_id": "r", "start": 0, "duration": 2.0, "channel": n, "text": "a", "speaker": "s"}
            for n in (0, 1)]  # fmt: skip
    (folder / "recordings.jsonl").write_text(json.dumps(recording))
    (folder / "supervisions.jsonl").write_text("\n".join(map(json.dumps, said)))
    return CorpusSpec(path=".", layout="lhotse")


def cuts(folder) -> CorpusSpec:
    recording = {"id": "r", "sampling_rate": RATE, "num_samples": 2 * RATE, "duration": 2.0, "channel_ids": [0, 1],
                 "sources": [{"type": "file", "channels": [0, 1], "source": "x.wav"}]}  # fmt: skip
    said = [{"id": f"c{n}", "start": 0, "duration": 2.0, "channel": n, "recording": recording,
             "supervisions": [{"id": f"u{n}", "start": 0, "duration": 2.0, "text": "a"}]} for n in (0, 1)]  # fmt: skip
    (folder / "cuts.jsonl").write_text("\n".join(map(json.dumps, said)))
    return CorpusSpec(path="cuts.jsonl", layout="lhotse")


def kaldi(folder, wav: str, segments: str = "", sides: str = "", ids: str = "u0 u1") -> CorpusSpec:
    (folder / "wav.scp").write_text(wav)
    (folder / "text").write_text("".join(f"{name} a\n" for name in ids.split()))
    if segments:
        (folder / "segments").write_text(segments)
    if sides:
        (folder / "reco2file_and_channel").write_text(sides)
    return CorpusSpec(path=".", layout="kaldi")


LAYOUTS = {
    "lhotse": lhotse,
    "cuts": cuts,
    "segments": lambda f: kaldi(f, "r x.wav\n", "u0 r 0 2 0\nu1 r 0 2 1\n"),
    "sides": lambda f: kaldi(f, "u0 x.wav\nu1 x.wav\n", sides="u0 x A\nu1 x B\n"),
    "sph2pipe": lambda f: kaldi(f, "u0 sph2pipe -f wav -p -c 1 x.wav |\nu1 sph2pipe -f wav -p -c 2 x.wav |\n"),
    "sox": lambda f: kaldi(f, "u0 sox x.wav -t wav - remix 1 |\nu1 sox x.wav -t wav - remix 2 |\n"),
    "jsonl": lambda f: listed(f, "m.jsonl", "channel"),
    "floats": lambda f: listed(f, "m.jsonl", "channel", float),
    "named": lambda f: listed(f, "m.jsonl", "audio_channel"),
    "csv": lambda f: listed(f, "m.csv", "channel"),
}


def listed(folder, name: str, column: str, kind=int) -> CorpusSpec:
    rows = [{"id": f"u{n}", "audio_filepath": "x.wav", "text": "a", column: kind(n)} for n in (0, 1)]
    if name.endswith(".csv"):
        text = "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)])
    else:
        text = "\n".join(map(json.dumps, rows))
    (folder / name).write_text(text + "\n")
    return CorpusSpec(path=name)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_reads_the_channel_that_it_names(tmp_path, layout):
    written(tmp_path / "x.wav", ONE, OTHER)
    corpus = read_corpus(LAYOUTS[layout](tmp_path), tmp_path)
    found = heard(corpus)
    for name, sound in (("u0", ONE), ("u1", OTHER)):
        assert near(found[name], without_infrasound(sound, RATE), 1e-6)


def test_a_column_of_words_called_channel_is_a_label(tmp_path):
    rows = [{"id": f"u{n}", "audio_filepath": "x.wav", "text": "a", "channel": word} for n, word in enumerate("ab")]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = read_corpus(CorpusSpec(path="m.jsonl"), tmp_path)
    assert corpus.labels == ("channel",)
    assert corpus.frame["audio_channel"].to_list() == [None, None]


def test_a_recipe_says_it_for_rows_that_do_not(tmp_path):
    written(tmp_path / "x.wav", ONE, OTHER)
    (tmp_path / "m.jsonl").write_text('{"id": "u", "audio_filepath": "x.wav", "text": "a"}\n')
    silent = read_corpus(CorpusSpec(path="m.jsonl"), tmp_path)
    _, faults = survey(silent, silent.frame, RATE)
    assert "nobody says which" in str(faults["u"][0])
    for choice, sound in ((0, ONE), (1, OTHER), ("mix", (ONE + OTHER) / 2)):
        corpus = read_corpus(CorpusSpec(path="m.jsonl", channel=choice), tmp_path)
        assert near(heard(corpus)["u"], without_infrasound(sound, RATE), 1e-6)


def test_a_wrong_channel_is_a_fault_of_its_row(tmp_path):
    rows = '{"id": "u", "audio_filepath": "x.wav", "text": "a", "audio_channel": "left"}\n'
    (tmp_path / "m.jsonl").write_text(rows)
    with pytest.raises(
        CorpusError, match=r"m.jsonl:1: audio_channel: expected a channel, 0 to 63, or mix, found 'left'"
    ):
        read_corpus(CorpusSpec(path="m.jsonl"), tmp_path)


RECIPE = """\
name: channels
corpus: {{path: m.jsonl}}
balance: {{by: [accent]}}
factors:
  noise:
    quiet: []
    street: [{{kind: background_noise, source: noise.wav, snr_db: 10{more}}}]
"""


@pytest.fixture
def two_talkers(tmp_path):
    written(tmp_path / "x.wav", ONE, OTHER)
    rows = [{"id": f"u{n}", "audio_filepath": "x.wav", "channel": n, "text": "a", "speaker": f"s{n}", "accent": "AB"[n]}
            for n in (0, 1)]  # fmt: skip
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    rng = np.random.default_rng(3)
    written(tmp_path / "noise.wav", *(0.1 * rng.standard_normal((2, 8 * RATE))))
    (tmp_path / "r.yaml").write_text(RECIPE.format(more=""))
    return tmp_path


def test_a_set_is_built_and_verified_from_named_channels(two_talkers):
    result = augment.build(two_talkers / "r.yaml", two_talkers / "set")
    assert not result.failures
    assert augment.verify(two_talkers / "set", sample=4).sound
    rows = [json.loads(line) for line in (two_talkers / "set" / "manifest.jsonl").read_text().splitlines()]
    assert {(row["utterance"], row["source_channel"]) for row in rows} == {("u0", "0"), ("u1", "1")}
    assert len({row["key"] for row in rows}) == len(rows)
    clean = {row["utterance"]: row for row in rows if row["noise"] == "quiet"}
    for name, sound in (("u0", ONE), ("u1", OTHER)):
        made, _ = soundfile.read(two_talkers / "set" / clean[name]["audio_filepath"])
        assert np.corrcoef(made, without_infrasound(sound, RATE))[0, 1] > 0.9999


def test_noise_of_two_channels_is_its_first_one_and_that_is_told(two_talkers):
    notes = {}
    keys = {}
    for more in ("", ", channel: 0", ", channel: 1", ", channel: mix"):
        (two_talkers / "r.yaml").write_text(RECIPE.format(more=more))
        plan = augment.plan(two_talkers / "r.yaml")
        notes[more] = " ".join(texts(plan.notes))
        keys[more] = plan.items.filter(plan.items["noise"] == "street")["key"].to_list()
    assert "noise noise.wav: 1 recordings have channels that differ: the first is used" in notes[""]
    assert "the one that is named is used" in notes[", channel: 1"]
    assert "the mean of the channels is used" in notes[", channel: mix"]
    assert keys[", channel: 0"] != keys[", channel: 1"] != keys[", channel: mix"]
    (two_talkers / "r.yaml").write_text(RECIPE.format(more=", channel: 2"))
    with pytest.raises(AcoustigridError, match="channel 2 is asked for"):
        augment.plan(two_talkers / "r.yaml")


def test_narrow_and_short_noise_is_told(two_talkers):
    rng = np.random.default_rng(4)
    soundfile.write(two_talkers / "noise.wav", 0.1 * rng.standard_normal(2400), 8000)
    told = " ".join(texts(augment.plan(two_talkers / "r.yaml").notes))
    assert "nothing is left above 4000 Hz, and the set goes up to 8000 Hz: noise.wav" in told
    assert "shorter than 3 s, down to 0.30 s, and so heard again and again: noise.wav" in told


def test_a_set_may_leave_out_what_cannot_be_used_up_to_a_limit(two_talkers):
    rows = []
    for n in range(20):
        soundfile.write(two_talkers / f"{n}.wav", speech_like(1, seed=n), RATE)
        rows.append(
            {"id": f"u{n}", "audio_filepath": f"{n}.wav", "text": "a", "speaker": f"s{n}", "accent": "AB"[n % 2]}
        )
    (two_talkers / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (two_talkers / "3.wav").write_bytes(b"RIFF")
    recipe = two_talkers / "r.yaml"
    with pytest.raises(CorpusError, match=r"1 chosen utterances cannot be used.*unusable: leave_out"):
        augment.plan(recipe)
    for at_most, fine in (("10 %", True), ("9.9 %", False)):  # one of ten of group B
        more = f"{{path: m.jsonl, unusable: leave_out, at_most: {at_most}}}"
        recipe.write_text(RECIPE.format(more="").replace("{path: m.jsonl}", more))
        if fine:
            plan = augment.plan(recipe)
            assert "u3" not in plan.items["utterance"].to_list()
            told = next(note for note in texts(plan.notes) if "left out" in note)
            assert told.startswith("1 utterances cannot be used and are left out (B: 1 of 10): ")
            assert "3.wav" in told
        else:
            with pytest.raises(
                CorpusError, match=r"more utterances cannot be used than corpus.at_most allows: 1 of 10 of B"
            ):
                augment.plan(recipe)


def test_a_noise_folder_may_leave_out_what_cannot_be_used_up_to_a_limit(two_talkers):
    folder = two_talkers / "noise.wav"
    folder.unlink()
    folder.mkdir()
    rng = np.random.default_rng(5)
    for n in range(9):
        soundfile.write(folder / f"{n}.wav", 0.1 * rng.standard_normal(4 * RATE), RATE)
    (folder / "bad.wav").write_bytes(b"RIFF")
    recipe = two_talkers / "r.yaml"
    with pytest.raises(AcoustigridError, match="1 of 10 noise files cannot be used"):
        augment.plan(recipe)
    recipe.write_text(RECIPE.format(more=", unusable: leave_out, at_most: 9 %"))
    with pytest.raises(AcoustigridError, match="1 of 10 noise files cannot be used"):
        augment.plan(recipe)
    recipe.write_text(RECIPE.format(more=", unusable: leave_out, at_most: 10 %"))
    told = next(note for note in texts(augment.plan(recipe).notes) if "left out" in note)
    assert "1 of 10 files cannot be used and are left out" in told
    assert "bad.wav" in told
