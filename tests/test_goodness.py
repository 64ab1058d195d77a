"""Goodness of fit: its figures against what is known of a sound, and its verdict against syntheses of known faults."""

import math

import numpy as np
import pytest
import scipy

from augment.acoustics.filters import without_infrasound
from augment.acoustics.levels import gain, speech_gain
from augment.acoustics.mel import mel_powers
from augment.acoustics.portrait import band_centres_hz, third_octave_powers
from augment.acoustics.shaping import band_density, shaped_noise
from augment.acoustics.spectrum import THIRD_OCTAVE_EDGE, mean_density, weigh, weighted_power
from augment.acoustics.splice import excerpt
from augment.files.audio import read_audio
from augment.fitting.distance import QUANTITIES, distance
from augment.fitting.glimpses import WIDE_HZ, Voices, demo_voices, glimpses
from augment.fitting.goodness import judged
from augment.fitting.likeness import MODULATIONS_HZ, Stretch, heard_rate_hz, likeness
from augment.profiles.demo_speech import demo_speech
from augment.streams import generator
from conftest import PACK, RATE


def white(samples: int, seed: int) -> np.ndarray:
    return generator("white", seed).standard_normal(samples) * 0.1


def swinging(samples: int, seed: int, hz: float = 4.0) -> np.ndarray:
    """Noise whose power swings by half at a few hertz."""
    return np.sqrt(1 + 0.5 * np.sin(2 * np.pi * hz * np.arange(samples) / RATE + seed)) * white(samples, seed)


def of(samples: np.ndarray):
    return likeness(Stretch.whole(samples, RATE), demo_voices(RATE))


@pytest.fixture(scope="module")
def halves() -> list[Stretch]:
    return Stretch.whole(swinging(12 * RATE, 1), RATE).parts(2)


def test_glimpses_are_those_of_a_mixture():
    """Counted in speech laid over a steady noise in one way, at the SNR that a test set would have."""
    noise, speech = white(10 * RATE, 1), np.concatenate(demo_speech(RATE))[: 10 * RATE]
    at_level = speech * speech_gain(weigh(speech, RATE, WIDE_HZ), RATE, -26.0)
    for snr_db, seen in zip(
        (0.0, 10.0), glimpses(noise, np.ones(noise.size, bool), Voices([speech], RATE)), strict=True
    ):
        softer = noise * gain(-26 - snr_db) / math.sqrt(weighted_power(noise, RATE, WIDE_HZ))
        counted = np.mean(mel_powers(at_level, RATE) > mel_powers(softer, RATE) * 10**0.3)
        assert seen == pytest.approx(counted, abs=0.01)
        assert 0.05 < seen < 0.6


def test_mel_bands_hold_the_whole_power():
    """Triangles add up to one between the outer centres."""
    for hz in (200, 1000, 6000):
        tone = np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)
        assert np.sum(mel_powers(tone, RATE), axis=1) == pytest.approx(0.5, rel=0.02)


def test_modulation_of_a_known_swing():
    """A power of P (1 + m cos) has the variance m^2 / 2; what noise swings by itself comes in addition."""
    swing, steady = of(swinging(12 * RATE, 3)), of(white(12 * RATE, 3))
    place = MODULATIONS_HZ.index(4.0)
    added = 10 ** (swing.modulation_db[-2:, place] / 10) - 10 ** (steady.modulation_db[-2:, place] / 10)
    assert added == pytest.approx(0.5**2 / 2, rel=0.1)
    assert np.all(np.abs(swing.modulation_db[:, place + 2] - steady.modulation_db[:, place + 2]) < 2)


def test_skewness_of_a_known_distribution():
    """The power of narrow noise is distributed exponentially; its power of 0.15 has the skewness of that."""
    moment = [math.gamma(1 + 0.15 * k) for k in range(4)]
    variance = moment[2] - moment[1] ** 2
    expected = (moment[3] - 3 * moment[1] * variance - moment[1] ** 3) / variance**1.5
    band = scipy.signal.butter(2, (985, 1015), "bandpass", fs=RATE, output="sos")
    assert of(scipy.signal.sosfilt(band, white(RATE * 25, 2))).skewness[2] == pytest.approx(expected, abs=0.15)


def test_what_does_not_count_changes_nothing():
    """A shout in the middle, left out."""
    plain = white(6 * RATE, 1)
    usable = np.ones(plain.size, dtype=np.bool_)
    usable[2 * RATE : 3 * RATE] = False
    shouted = np.where(usable, plain, 30 * plain)
    seen, own = (likeness(Stretch(sound, RATE, usable), demo_voices(RATE)) for sound in (shouted, plain))
    apart = distance(seen, own)
    assert seen.seconds == 5
    assert {quantity.name: quantity.of(apart) for quantity in QUANTITIES if quantity.of(apart) > 0.02} == {}


def test_bands_are_held_against_each_other_at_equal_level():
    """A wrong tone that sets the level moves all other bands, as it would in a test set."""
    noise, t = white(6 * RATE, 1), np.arange(6 * RATE) / RATE
    apart = distance(of(noise + 0.3 * np.sin(2 * np.pi * 1000 * t)), of(noise))
    assert apart.furthest_band_hz == 1000
    # 10 lg of the sum of both powers in the band of SNR over that of the noise.
    expected = 10 * math.log10(1 + 0.3**2 / 2 / weighted_power(noise, RATE, WIDE_HZ))
    assert apart.level_db == pytest.approx(expected, abs=0.05)
    assert apart.third_octaves_db == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("rate", [8000, 11025, 44100])
def test_other_rates(rate):
    """White noise: third octaves rise by 1 dB from band to band, and a recogniser sees the same of it at every rate."""
    samples = generator("rates").standard_normal(4 * rate)
    seen = likeness(Stretch.whole(samples, rate), demo_voices(heard_rate_hz(rate)))
    apart = np.diff(seen.third_octaves_db[seen.centres_hz > 500])
    assert np.mean(apart) == pytest.approx(1, abs=0.1)
    assert np.all(np.isfinite(seen.modulation_db[:, 2:]))
    assert np.all(np.abs(seen.skewness) < 1)
    assert 0 < seen.glimpses[0] < seen.glimpses[1] < 0.6


def test_the_same_process_is_within_the_spread(halves):
    found = judged(*halves, swinging, draws=3)
    assert found.good, found.verdict
    assert all("within the spread" in one.words or "too little to matter" in one.words for one in found.judgements)


@pytest.mark.parametrize(
    ("wrong", "names", "said"),
    [
        (lambda n, seed: np.sqrt(0.5) * white(n, seed), {"level", "modulation, 90th percentile"}, "4 Hz in the octave"),
        (lambda n, seed: np.convolve(swinging(n, seed), [1, 0.7], "same"), {"third octaves"}, "Hz ("),
        (lambda n, seed: swinging(n, seed) * (np.arange(n) % 3200 < 1600), {"glimpses of speech"}, "points further"),
    ],
    ids=["steady", "muffled", "gated"],
)
def test_each_fault_is_told(halves, wrong, names, said):
    found = judged(*halves, wrong, draws=3)
    assert names <= {one.quantity.name for one in found.judgements if not one.within}
    assert said in found.verdict


def test_a_short_recording_is_not_judged(halves):
    short = [Stretch.whole(half.samples[: RATE * 3 // 2], RATE) for half in halves]
    found = judged(*short, swinging)
    assert found.too_short
    assert not found.good
    assert found.verdict.endswith("are 1.5 s, and at least 2 s are needed")


def test_what_cannot_be_looked_at_is_refused():
    scraps = np.arange(4 * RATE) % 800 < 700
    for samples, usable, said in (
        (np.zeros(4 * RATE), np.ones(4 * RATE, np.bool_), "the band in which SNR is measured"),
        (white(4 * RATE, 1), scraps, "at least 0.1 s of usable noise in one piece"),
    ):
        with pytest.raises(ValueError, match=said):
            likeness(Stretch(samples, RATE, usable), demo_voices(RATE))
    with pytest.raises(ValueError, match="0 samples that count"):
        Stretch(np.ones(9), RATE, np.zeros(9, np.bool_)).parts(2)


@pytest.mark.real
@pytest.mark.parametrize("name", ["office/typing.wav", "hum/electrical_noise.wav", "equipment/fridge_kitchen.wav"])
def test_the_yardstick_on_real_recordings(name):
    """The first half itself, spliced, is as good as a synthesis can be; Gaussian noise of its third octaves is not."""
    assert PACK.is_dir(), "the recordings are expected in ../shared/dev_pack"
    audio = read_audio(PACK / "noise" / name, channel="first")
    rate = audio.sample_rate_hz
    halves = Stretch.whole(without_infrasound(audio.samples, rate), rate).parts(2)
    first = halves[0].samples
    frequency, density = mean_density(first, rate)
    bands = third_octave_powers(frequency, density, rate)
    levels = dict(zip(band_centres_hz(rate), 10 * np.log10(np.maximum(bands, 1e-20)), strict=True))
    shape = band_density(levels, rate, THIRD_OCTAVE_EDGE)

    def spliced(samples: int, seed: int) -> np.ndarray:
        rng = generator("spliced", seed)
        return excerpt(first, rate, int(rng.integers(0, first.size // 2)), samples, rng)

    good = judged(*halves, spliced, draws=3)
    poor = judged(*halves, lambda samples, seed: shaped_noise(samples, shape, generator("poor", seed)), draws=1)
    assert good.good, good.verdict
    assert poor.judgements[0].quantity.name == "glimpses of speech"
    assert not poor.judgements[0].within
