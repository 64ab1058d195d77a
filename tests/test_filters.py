"""Filters against closed forms, scipy and the ITU's nominal figures."""

import numpy as np
import pytest
import scipy.signal

from augment.acoustics.convolution import ImpulseResponse, convolve
from augment.acoustics.filters import minimum_phase_fir, response_db, speech_delay_samples
from augment.acoustics.loudness import gated_loudness_lufs, integrated_loudness_lufs
from augment.acoustics.resample import resample, resampled_length
from augment.acoustics.spectrum import MirroredSpectrum, seen_through
from augment.profiles.library import Library, bundled_names
from augment.scene import Shelf, Track, Weighting
from conftest import RATE


def magnitude_db(taps, rate, at):
    _, response = scipy.signal.freqz(taps, worN=np.asarray(at, dtype=float), fs=rate)
    return 20 * np.log10(np.abs(response))


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("name", sorted(bundled_names("microphone")))
def test_fir_follows_its_table(name, rate, tmp_path):
    frequency, level = Library(tmp_path).microphone(name).table()
    taps = minimum_phase_fir(frequency, level, rate)
    inside = (frequency >= 100) & (frequency < 0.45 * rate) & (level > -50)
    found = magnitude_db(taps, rate, frequency[inside])
    assert found == pytest.approx(level[inside], abs=0.2)
    assert magnitude_db(taps, rate, [1000]) == pytest.approx([0], abs=0.01)


def test_phase_is_the_minimum_phase():
    """A one-pole low-pass is minimum phase already: its magnitude alone must give its phase back."""
    rate, pole = 16000, 0.9
    at = np.geomspace(1, 8000, 4000)
    _, exact = scipy.signal.freqz([1 - pole], [1, -pole], worN=at, fs=rate)
    taps = minimum_phase_fir(at, 20 * np.log10(np.abs(exact)), rate)
    check = np.geomspace(200, 6000, 50)
    _, wanted = scipy.signal.freqz([1 - pole], [1, -pole], worN=check, fs=rate)
    _, found = scipy.signal.freqz(taps, worN=check, fs=rate)
    assert np.rad2deg(np.abs(np.angle(found / wanted))).max() < 2


@pytest.mark.parametrize("delay", [0, 3, 17])
def test_delay_of_a_delayed_resonance(delay):
    b, a = scipy.signal.iirpeak(1200, 2, fs=16000)
    taps = scipy.signal.lfilter(b, a, np.eye(1, 512)[0]) * 0.3 + np.eye(1, 512)[0]
    delayed = np.concatenate([np.zeros(delay), taps])
    assert speech_delay_samples(delayed, 16000) - speech_delay_samples(taps, 16000) == pytest.approx(delay, abs=0.1)


def test_convolve_is_scipys_convolution():
    rng = np.random.default_rng(3)
    signal, taps = rng.standard_normal(5000), rng.standard_normal(301)
    whole = scipy.signal.fftconvolve(signal, taps)
    assert convolve(signal, taps) == pytest.approx(whole[:5000], abs=1e-10)
    assert convolve(signal, taps, 7) == pytest.approx(whole[7:5007], abs=1e-10)
    assert convolve(signal[:10], taps, 7).shape == (10,)


def test_response_beyond_the_table_goes_on_falling_but_does_not_rise():
    table = np.array([100.0, 200.0, 1000.0, 2000.0]), np.array([-12.0, 0.0, 0.0, 6.0])
    at = np.array([1.0, 50.0, 25.0, 4000.0, 20000.0])
    assert response_db(*table, at) == pytest.approx([-54, -24, -36, 6, 6], abs=0.1)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 16000), (48000, 16000), (44100, 16000), (11025, 16000)])
def test_resampling_keeps_time_and_tone(from_hz, to_hz):
    n = from_hz + 7
    tone = np.sin(2 * np.pi * 440 * np.arange(n) / from_hz)
    found = resample(tone, from_hz, to_hz)
    assert found.size == resampled_length(n, from_hz, to_hz)
    expected = np.sin(2 * np.pi * 440 * np.arange(found.size) / to_hz)
    assert np.abs(found - expected)[200:-200].max() < 1e-3


def test_resampling_does_not_alias():
    tone = np.sin(2 * np.pi * 8800 * np.arange(48000) / 48000)
    assert np.abs(resample(tone, 48000, 16000)[500:-500]).max() < 10 ** (-80 / 20)


LONG = 2**18 + 77_777
"""Samples of a sound that meets filters block by block."""


@pytest.mark.parametrize(("samples", "advance"), [(4096, 0), (4096, 5), (70_000, 12)])
def test_long_sounds_meet_a_response_block_by_block(samples, advance):
    """scipy's own overlap-add as the referee; a device, and a hall at 48 kHz."""
    rng = np.random.default_rng(3)
    sound, taps = rng.standard_normal(LONG), rng.standard_normal(samples) * np.exp(-15 * np.arange(samples) / samples)
    expected = scipy.signal.oaconvolve(sound, taps)[advance:][:LONG]
    assert np.allclose(ImpulseResponse(taps, advance).kernel().over(sound), expected, atol=1e-9)
    track = Track(sound, RATE, Shelf())
    assert np.allclose(track.through(ImpulseResponse(taps, advance)).samples, expected, atol=1e-9)


@pytest.mark.parametrize("weighting", [Weighting((100.0, 7000.0)), Weighting(a_weighted=True)])
def test_levels_of_long_sounds_are_those_of_one_transform(weighting):
    sound = np.cumsum(np.random.default_rng(4).standard_normal(LONG)) / 50
    whole = MirroredSpectrum(sound, RATE).seen(weighting)
    blocks = seen_through(sound, RATE, weighting)
    assert 10 * np.log10(np.mean(blocks**2) / np.mean(whole**2)) == pytest.approx(0, abs=1e-3)


def test_loudness_of_a_long_sound_is_that_of_its_parts():
    """A stationary sound is as loud as a minute of it, whichever way it is filtered."""
    rng = np.random.default_rng(5)
    minute = 0.1 * rng.standard_normal(200_000)
    short, long = (integrated_loudness_lufs(np.tile(minute, times), RATE) for times in (1, 3))
    assert long == pytest.approx(short, abs=0.01)


def test_a_sound_that_begins_at_once_is_as_loud_behind_a_device_as_its_samples_say():
    """The delay that a device loses takes the beginning of the sound with it, and what that rings with."""
    sound = 0.2 * np.cos(2 * np.pi * 70 * np.arange(9000) / RATE)
    heard = Track(sound, RATE, Shelf()).through(ImpulseResponse(np.eye(1, 200, 40)[0] + np.eye(1, 200, 3)[0], 6))
    found = gated_loudness_lufs(heard.loudness_powers(heard))
    assert found == pytest.approx(integrated_loudness_lufs(heard.samples, RATE), abs=1e-6)
