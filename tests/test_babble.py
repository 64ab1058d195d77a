"""Babble: who talks is counted here by code of the tests, and how it sounds is asked of statistics."""

import json

import numpy as np
import pytest
import soundfile
from scipy.stats import kurtosis

import augment
from augment.corpus.speech import read_speech
from augment.corpus.texts import spoken
from augment.dealt.babble import Babble, Voice
from augment.errors import AudioError, DesignError
from augment.perturb.noise.babble import BabbleNoise
from augment.report.tables import plan_text
from augment.scene import Block, Draw, Scene, Stem, Weighting
from conftest import RATE, speech_like

TALK = "{noise: {quiet: [], babble: [{kind: babble, talkers: 3, snr_db: 5}]}}"


@pytest.fixture
def crowd(workshop):
    """Two accents, eight speakers with three utterances each; sentences come again with other punctuation."""
    rows = []
    for number in range(24):
        group, speaker = ("North", "South")[number % 2], number % 8
        path = workshop.folder / "audio" / f"u{number}.wav"
        soundfile.write(path, speech_like(1 + 0.1 * (number % 4), number), RATE, subtype="PCM_16")
        text = ("Good morning.", "good morning", "Please wait", "please, wait!", "The door", "Again")[number % 6]
        rows.append({"id": f"u{number}", "audio_filepath": f"audio/u{number}.wav", "text": text,
                     "speaker": f"s{speaker}", "accent": group})  # fmt: skip
    workshop.manifest(rows)
    return workshop


def rows_of(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_others_talk_and_never_say_what_is_said(crowd, tmp_path):
    recipe = crowd.recipe(factors=TALK, balance="{by: [accent], utterances: 6}")
    result = augment.build(recipe, tmp_path / "set")
    assert result.failures == ()
    known = {row["id"]: row for row in map(json.loads, (crowd.folder / "corpus.jsonl").read_text().splitlines())}
    blocks: dict[int, list[dict]] = {}
    for row in rows_of(tmp_path / "set"):
        if row["condition"] == "babble":
            blocks.setdefault(row["block"], []).append(row)
    assert len(blocks) == 6
    for rows in blocks.values():
        assert len({row["noise_talker_ids"] for row in rows}) == 1  # all accents hear the same
        heard = [known[name] for name in rows[0]["noise_talker_ids"].split(";")]
        assert rows[0]["noise_talkers"] == 3 == len({voice["speaker"] for voice in heard})
        assert not {voice["speaker"] for voice in heard} & {row["speaker"] for row in rows}
        assert not {spoken(voice["text"]) for voice in heard} & {spoken(row["text"]) for row in rows}
        for row in rows:
            assert row["noise_snr_db"] == pytest.approx(5, abs=0.001)
    assert augment.verify(tmp_path / "set", sample=24).sound


def test_too_few_others_are_told_with_the_number(crowd):
    many = TALK.replace("talkers: 3", "talkers: 7")
    with pytest.raises(DesignError, match=r"block 0 leaves [0-6] that say something else"):
        augment.plan(crowd.recipe(factors=many))


def test_speakers_that_nobody_knows_are_no_others(crowd):
    rows = [json.loads(line) for line in (crowd.folder / "corpus.jsonl").read_text().splitlines()]
    crowd.manifest([{k: v for k, v in row.items() if k != "speaker"} for row in rows])
    with pytest.raises(DesignError, match="leaves 0"):
        augment.plan(crowd.recipe(factors=TALK))


def test_a_block_that_cannot_be_read_is_told(crowd, monkeypatch):
    def unreadable(*args):
        raise AudioError("no audio")

    monkeypatch.setattr("augment.dealt.babble.facts_of", unreadable)
    with pytest.raises(DesignError, match=r"corpus.jsonl: the audio of no utterance of a block can be used: u\d+"):
        augment.plan(crowd.recipe(factors=TALK))


def test_a_voice_that_has_changed_is_not_heard(crowd, tmp_path):
    plan = augment.plan(crowd.recipe(factors=TALK, balance="{by: [accent], utterances: 2}"))
    row = plan.items.filter(plan.items["condition"] == "babble").row(0, named=True)
    (dealt,) = json.loads(row["dealt"]).values()
    soundfile.write(crowd.folder / dealt["talkers"][0][0][2], speech_like(1, 99), RATE, subtype="PCM_16")
    result = augment.build(plan, tmp_path / "set", workers=2)  # workers read the voices themselves
    assert any("has changed since it was planned" in failure["reason"] for failure in result.failures)


def test_a_room_moves_no_word(crowd):
    """The same block hears the same words whatever the room's response is long."""
    rooms = "{none: [], small: [{kind: simulated_room, profile: car_cabin, distance_m: 0.5}]}"
    factors = f"{{room: {rooms}, noise: {{babble: [{{kind: babble, talkers: 2, snr_db: 5}}]}}}}"
    plan = augment.plan(crowd.recipe(factors=factors, balance="{by: [accent], utterances: 1}"))
    items = augment.render_utterance(plan, plan.items["utterance"][0])
    dry, wet = (items[f"{room}__babble"].at_microphone.noises[0].samples for room in ("none", "small"))
    loud = [np.sqrt(np.mean(s[: s.size // 320 * 320].reshape(-1, 320) ** 2, axis=1)) for s in (dry, wet)]  # 20 ms
    assert np.corrcoef(*loud)[0, 1] > 0.9


def test_many_talkers_sound_like_noise(demo_speech):
    """Kurtosis 3.0 to 3.3 from 16 talkers on; far more for two."""

    def crowd_of(count: int) -> float:
        plan = augment.plan("demo")
        voices = []
        for row in plan.corpus.frame.sort("id").rows(named=True):
            sha256 = read_speech(plan.corpus.audio_path(row["audio_filepath"]), None, None, RATE).sha256
            voices.append(Voice(row["id"], row["speaker"], row["audio_filepath"], None, None, sha256))
        talkers = tuple(tuple(voices[k % len(voices) :][:2]) for k in range(0, 3 * count, 3))
        draw = Draw((1, "block 0", "f", "g", "babble"), plan.loaded.library, Block(0, 4 * RATE), Babble(talkers))
        babble = BabbleNoise(kind="babble", talkers=count, snr_db=0)
        quiet = Scene(Stem.of(np.zeros(RATE), RATE), (), RATE, Weighting())
        return float(kurtosis(babble.noise(quiet, draw).sound(20 * RATE, 0)[0][0], fisher=False))

    assert crowd_of(2) > 4
    assert 2.9 < crowd_of(32) < 3.4


def test_a_spectrum_of_the_corpus_is_that_of_the_chosen_speech(crowd):
    factors = "{noise: {shaped: [{kind: speech_shaped_noise, spectrum: corpus, snr_db: 0}]}}"
    plan = augment.plan(crowd.recipe(factors=factors))
    assert "spectrum: corpus is that of all chosen speech" in plan_text(plan)  # so it ties groups
    noise, speech = np.zeros(3), np.zeros(3)
    for utterance in plan.items["utterance"].unique():
        scene = augment.render_utterance(plan, utterance)["shaped"].at_microphone
        for total, signal in ((noise, scene.noises[0].signal()), (speech, scene.speech.signal())):
            power = np.abs(np.fft.rfft(signal)) ** 2 / signal.size
            frequency = np.fft.rfftfreq(signal.size, 1 / RATE)
            edges = ((180, 355), (710, 1410), (2820, 5600))
            total += [power[(frequency >= low) & (frequency < high)].sum() for low, high in edges]
    ratio = 10 * np.log10(noise / speech)
    assert np.ptp(ratio) < 0.5
