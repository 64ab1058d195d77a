"""What a recording brings along, told from recordings whose faults are known because they were put there."""

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.acoustics.levels import speech_level
from augment.acoustics.resample import resample
from augment.acoustics.source import (
    background,
    bandwidth_hz,
    clipped_share,
    noise_floor_dbov,
    source_snr_db,
)
from augment.bundled import bundled
from augment.corpus.speech import facts_of, read_speech
from conftest import RATE, speech_like

RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000)


@pytest.fixture(scope="module")
def demo():
    """Every fourth utterance of the demo corpus: its voices have hardly any noise of their own."""
    files = sorted((bundled("recipes") / "demo" / "audio").glob("*.flac"))[::4]
    return [read_speech(path, None, None, RATE).samples for path in files]


def noise(samples, exponent, seed, rate=RATE):
    """Noise whose power falls with frequency to the given power from 100 Hz on, at 0 dBov."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / rate)
    spectrum *= np.maximum(frequency, 1) ** (-exponent / 2) * (frequency > 100)
    signal = np.fft.irfft(spectrum, samples)
    return signal / np.sqrt(np.mean(signal**2))


def noisy(speech, snr_db, exponent, seed):
    level = speech_level(speech, RATE).active_level_dbov
    return speech + noise(speech.size, exponent, seed) * 10 ** ((level - snr_db) / 20)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("level_dbov", [-90.0, -60.0, -20.0])
def test_white_noise_alone_is_read_at_its_level(rate, level_dbov):
    signal = np.random.default_rng(rate).standard_normal(3 * rate) * 10 ** (level_dbov / 20)
    above_100_hz = 10 * np.log10(1 - 200 / rate)
    assert noise_floor_dbov(signal, rate) == pytest.approx(level_dbov + above_100_hz, abs=0.2)
    assert bandwidth_hz(signal, rate) == 0.0  # nothing rises above it


@pytest.mark.parametrize("exponent", [0, 1, 2])
@pytest.mark.parametrize(
    ("snr_db", "median_db", "most_db"), [(5, 2, 3), (10, 2, 3), (20, 2, 3), (30, 2, 3), (40, 2, 8)]
)
def test_a_known_snr_is_estimated(demo, exponent, snr_db, median_db, most_db):
    errors = []
    for seed, speech in enumerate(demo):
        mixed = noisy(speech, snr_db, exponent, seed)
        level = speech_level(mixed, RATE).active_level_dbov
        errors.append(source_snr_db(level, noise_floor_dbov(mixed, RATE)) - snr_db)
    assert abs(np.median(errors)) < median_db
    assert max(map(abs, errors)) < most_db


def test_digital_silence_in_pauses_is_no_noise_and_padding_does_not_count():
    gated = speech_like(3)
    gated[np.abs(gated) < 1e-3] = 0
    gated[16000:24000] = 0
    assert noise_floor_dbov(gated, RATE) == -np.inf
    steady = speech_like(3) + 1e-3 * np.random.default_rng(1).standard_normal(3 * RATE)
    padded = np.concatenate([np.zeros(RATE), steady, np.zeros(2 * RATE)])
    assert noise_floor_dbov(padded, RATE) == pytest.approx(noise_floor_dbov(steady, RATE), abs=0.5)
    assert noise_floor_dbov(padded - np.mean(padded) + 0.1, RATE) == pytest.approx(-60, abs=2)


@settings(deadline=None, max_examples=20)
@given(shift_db=st.floats(-30, 6), seed=st.integers(0, 99))
def test_a_change_of_level_moves_the_floor_and_nothing_else(shift_db, seed):
    signal = speech_like(2, seed) + 1e-3 * np.random.default_rng(seed).standard_normal(2 * RATE)
    before, after = background(signal, RATE), background(signal * 10 ** (shift_db / 20), RATE)
    assert after.floor_dbov == pytest.approx(before.floor_dbov + shift_db, abs=1e-6)
    assert after.bandwidth_hz == before.bandwidth_hz


def wide(demo, transform, rate=RATE):
    return np.median([bandwidth_hz(transform(speech), rate) for speech in demo])


def test_wide_band_speech_reaches_half_the_rate(demo):
    """The demo's programs speak up to about 7.8 kHz, where the resampler that made them ends."""
    assert 7400 <= wide(demo, lambda s: s) <= 8000


def test_narrow_band_speech_is_known_behind_any_change_of_rate(demo):
    for rate in (8000, 16000, 48000):
        read = wide(demo, lambda s, rate=rate: resample(resample(s, RATE, 8000), 8000, rate), rate)
        assert 3700 <= read <= 4000


@pytest.mark.parametrize("edge_hz", [2000, 3400, 5000, 6500])
@pytest.mark.parametrize("snr_db", [None, 40, 30])
def test_the_edge_of_a_low_pass_is_found_with_and_without_a_noise_floor(demo, edge_hz, snr_db):
    taps = scipy.signal.firwin(801, edge_hz, fs=RATE)
    filtered = [scipy.signal.fftconvolve(speech, taps, "same") for speech in demo]
    if snr_db is not None:
        filtered = [noisy(speech, snr_db, 0, seed) for seed, speech in enumerate(filtered)]
    found = np.median([bandwidth_hz(speech, RATE) for speech in filtered])
    assert edge_hz / 1.26 <= found <= edge_hz + 200  # a third of an octave


def test_telephone_speech_reads_3400_hz(demo):
    taps = scipy.signal.firwin(401, [300, 3400], fs=RATE, pass_zero=False)
    assert 3400 <= wide(demo, lambda s: scipy.signal.fftconvolve(s, taps, "same")) <= 3600


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("gain", [1.0, 0.5, 0.1])
def test_clipping_is_found_at_any_level_and_its_share_is_that_of_the_clipped_samples(rate, gain):
    speech = resample(speech_like(2), RATE, rate)
    top = 0.5 * np.abs(speech).max()
    clipped = np.clip(speech, -top, top)
    pcm = np.round(gain / top * 0.99 * clipped * 32768) / 32768
    truth = np.mean(np.abs(speech) > top)
    assert 0.4 * truth < clipped_share(pcm) <= 1.1 * truth  # runs of one or two samples are not counted
    one_sided = np.round(gain * np.minimum(speech, top) * 32768) / 32768
    assert 0 < clipped_share(one_sided) < clipped_share(pcm)


def test_a_clipped_sine_has_the_share_of_the_closed_form():
    for hertz in (100, 441.3, 1000):
        sine = 2 * np.sin(2 * np.pi * hertz * np.arange(48000) / 48000)
        assert clipped_share(np.clip(sine, -1, 1)) == pytest.approx(2 / 3, abs=0.03)


@pytest.mark.parametrize("peak", [1.0, 0.9, 0.02, 0.002])
@pytest.mark.parametrize("rate", RATES)
def test_what_is_normalised_and_not_clipped_reads_none(demo, rate, peak):
    for speech in demo[:4]:
        signal = resample(speech, RATE, rate)
        pcm = np.round(peak * 32767 / np.abs(signal).max() * signal) / 32768
        assert clipped_share(pcm) == 0.0


def test_mu_law_without_clipping_reads_none(demo):
    for speech in demo:
        scaled = 0.98 * speech / np.abs(speech).max()
        coded = np.round(127 * np.sign(scaled) * np.log1p(255 * np.abs(scaled)) / np.log(256)) / 127
        decoded = np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255
        assert clipped_share(decoded) == 0.0


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(0), np.zeros(1), np.ones(1), np.ones(2), np.array([0.5, -0.5]), np.zeros(5), np.full(9, 0.3),
        np.zeros(50000), np.full(50000, -0.7), np.r_[np.zeros(20000), 1.0, np.zeros(20000)], np.full(3000, 1e-9),
        np.tile([1.0, -1.0], 20000), 1e-8 * np.random.default_rng(1).standard_normal(20000),
    ],
)  # fmt: skip
def test_nothing_is_too_odd(signal, rate):
    found = background(signal, rate)
    assert found.floor_dbov < 0.01
    assert 0 <= found.bandwidth_hz <= rate / 2
    assert 0 <= clipped_share(signal) <= 1
    assert not np.isnan(source_snr_db(-26.0, found.floor_dbov))


def test_facts_hold_what_the_recording_brings_along(tmp_path):
    clipped = np.clip(speech_like(2, rate=8000), -0.1, 0.1)
    soundfile.write(tmp_path / "a.wav", clipped + 0.05, 8000, subtype="FLOAT")
    found = facts_of(tmp_path / "a.wav", None, None, RATE)
    assert found.bandwidth_hz <= 4000
    assert found.clipped_share == pytest.approx(np.mean(np.abs(clipped) >= 0.1), rel=0.5)
    assert found.dc == pytest.approx(0.05 + clipped.mean(), abs=1e-4)
    assert found.snr_db == source_snr_db(found.level_dbov, found.floor_dbov)
