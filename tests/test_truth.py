"""The truth test's own arithmetic, with a recogniser that is made up."""

import math
import sys

import numpy as np
import pytest
import soundfile

from augment.acoustics.levels import db, speech_level
from augment.acoustics.spectrum import weigh, weighted_power
from augment.files.audio import encode
from conftest import RATE, ROOT


@pytest.fixture(scope="module")
def truth():
    """The script as a module; those beside it are found as when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        import truth_test

        yield truth_test
        for name in ("truth_test", "transcribe"):
            sys.modules.pop(name, None)


def speech(truth, texts=("the cat sat down",) * 6):
    """Speech-like bursts at the usual level."""
    t = np.arange(3 * RATE) / RATE
    sound = np.random.default_rng(1).standard_normal(t.size) * (t % 0.5 < 0.3)
    level = speech_level(weigh(sound, RATE, truth.BAND_HZ), RATE).active_level_dbov
    return [truth.Utterance(sound * 10 ** ((truth.SPEECH_DBOV - level) / 20), text) for text in texts]


def test_mixtures_have_the_snr(truth):
    """What was added, found again by taking the speech away, whatever was made softer against clipping."""
    said, recorded = speech(truth), np.random.default_rng(2).standard_normal(20 * RATE) * 7
    for one, pcm in zip(said, truth.mixed(said, truth.from_recording(recorded, RATE, 3), 1, 5.0), strict=True):
        heard = pcm / 2**15
        alone = np.vstack([one.samples, np.ones(heard.size)]).T
        (scale, _), *_ = np.linalg.lstsq(alone, heard, rcond=None)
        added = heard / scale - one.samples
        assert truth.SPEECH_DBOV - db(weighted_power(added, RATE, truth.BAND_HZ)) == pytest.approx(5.0, abs=0.3)


def test_stretches_lie_over_the_whole_recording(truth):
    """A recording that counts its samples tells where each stretch begins."""
    counting = np.arange(60.0 * RATE)
    for number in range(2):
        noise = truth.from_recording(counting, RATE, 2)
        begins = [noise(number, n, RATE)[0] / counting.size for n in range(50)]
        assert np.max(np.diff(np.sort([0, *begins, 1]))) < 0.06
    assert not set(begins) & {noise(0, n, RATE)[0] / counting.size for n in range(50)}


def test_control_has_the_spectrum_and_no_rhythm(truth):
    t = np.arange(10 * RATE) / RATE
    gated = np.random.default_rng(3).standard_normal(t.size) * (t % 0.5 < 0.1) + np.sin(2 * np.pi * 1000 * t)
    made = truth.control(gated, RATE)(0, 0, 10 * RATE)
    above = (2500, 7000)
    made *= math.sqrt(weighted_power(gated, RATE, above) / weighted_power(made, RATE, above))
    # A line becomes noise 1.5 Hz wide, of 15 independent values in 10 s: 1.1 dB of standard deviation.
    for band, abs_db in (((100, 400), 0.5), ((900, 1100), 2.5)):
        apart_db = db(weighted_power(made, RATE, band) / weighted_power(gated, RATE, band))
        assert apart_db == pytest.approx(0, abs=abs_db)
    made = weigh(made, RATE, above)
    levels = [np.mean(made[start : start + 800] ** 2) for start in range(0, made.size, 800)]
    assert np.std(levels) / np.mean(levels) < 0.1  # that of the gated noise is 2


def test_loops_are_counted_apart_and_capped(truth):
    said = speech(truth, ("the cat sat down",) * 4)
    heard = iter(["the cat sat down", "the cat", "thank you " * 9, "the cat sat down"])
    control = truth.control(said[0].samples, RATE)
    found = truth.rates(lambda sounds, what: [next(heard) for _ in sounds], said, control, 1, 0.0, "")
    assert found.passes == ((2 + 4) / 16,)  # of the loop, as many as there are words
    assert found.loops == 1


def test_an_snr_is_looked_for(truth):
    """The recogniser loses a quarter of its words for each 5 dB below 20 dB."""
    said = speech(truth)

    def heard(sounds, what):
        snr_db = float(what.split()[-2])
        lost = int(np.clip((20 - snr_db) / 5, 0, 4))
        return [" ".join(["the", "cat", "sat", "down"][lost:]) for _ in sounds]

    noise = truth.control(said[0].samples, RATE)
    assert truth.telling_snr_db(heard, said, noise) == 10.0  # two of four words are lost


def test_decodes_are_kept(truth, tmp_path, monkeypatch):
    """A second run decodes nothing, and half a line of an interrupted one is passed over."""

    class Pool:
        asked = 0

        def __init__(self, *_, **__):
            pass

        def map(self, _, sounds):
            given = list(sounds)
            Pool.asked += len(given)
            return [f"text {n}" for n in range(len(given))]

        def shutdown(self, cancel_futures):
            pass

    monkeypatch.setattr(truth, "ProcessPoolExecutor", Pool)
    sounds = [np.full(10, n % 2, np.int16) for n in range(4)]
    for _ in range(2):
        with truth.Decoder(tmp_path, 1, "int8") as decoder:
            assert decoder(sounds, "") == ["text 0", "text 1", "text 0", "text 1"]
        with (tmp_path / "decodes.jsonl").open("a") as file:
            file.write('\n{"audio": "12')
    assert Pool.asked == 2


def test_utterances_that_nobody_understands_are_left_out(truth, tmp_path):
    (one, *_) = speech(truth)
    rows = []
    for n, (text, seconds) in enumerate([("the cat sat down", 3), ("dogs run far away", 3), ("the cat sat down", 2)]):
        (tmp_path / f"{n}.wav").write_bytes(encode(truth.as_pcm(one.samples[: RATE * seconds]), RATE, "wav"))
        rows.append(f'{{"audio": "{n}.wav", "text": "{text}", "duration": {seconds}}}\n')
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("".join(rows))
    found = truth.understood(manifest, lambda sounds, what: ["the cat sat down" for _ in sounds], 9)
    assert [utterance.text for utterance in found] == ["the cat sat down"]


def test_what_is_fitted_is_the_channel_that_is_heard(truth, tmp_path):
    """Of two channels, the fit takes the louder one by itself; what is played and its control are of the first."""
    t = np.arange(8 * RATE) / RATE
    both = np.stack([0.01 * np.sin(2 * np.pi * 300 * t), 0.1 * np.sin(2 * np.pi * 500 * t)], axis=1)
    both += 1e-4 * np.random.default_rng(4).standard_normal(both.shape)
    soundfile.write(tmp_path / "two.wav", both, RATE)
    tones = [
        one.fundamental_hz
        for one in truth.fitted(tmp_path / "two.wav", 8.0, None).components
        if one.kind == "harmonics"
    ]
    assert tones == pytest.approx([300], abs=0.5)
