"""Bands and weightings against the printed tables of IEC 61672, against scipy, and against closed forms."""

import math

import numpy as np
import pytest
import scipy.signal

from augment.acoustics.levels import db, power
from augment.acoustics.spectrum import a_weighting_db, density_of_octaves, mean_density, weigh, weighted_power

IEC_61672 = {
    63: -26.2, 80: -22.5, 100: -19.1, 125: -16.1, 160: -13.4, 200: -10.9, 250: -8.6, 315: -6.6, 400: -4.8, 500: -3.2,
    630: -1.9, 800: -0.8, 1000: 0, 1250: 0.6, 1600: 1.0, 2000: 1.2, 2500: 1.3, 3150: 1.2, 4000: 1.0, 5000: 0.5,
    6300: -0.1, 8000: -1.1, 10000: -2.5, 12500: -4.3, 16000: -6.6,
}  # fmt: skip


def test_a_weighting_table():
    exact = [10 ** (round(10 * np.log10(f)) / 10) for f in IEC_61672]
    assert a_weighting_db(exact) == pytest.approx(list(IEC_61672.values()), abs=0.051)


@pytest.mark.parametrize(("frequency", "rate"), [(100, 16000), (1000, 16000), (6300, 16000), (6300, 48000)])
def test_a_weighted_tone(frequency, rate):
    tone = np.sin(2 * np.pi * frequency * np.arange(2 * rate) / rate)
    heard = weigh(tone, rate, None, a_weighted=True)[rate // 4 : -rate // 4]
    level = db(power(heard) / 0.5)
    assert level == pytest.approx(float(a_weighting_db(frequency)), abs=0.05)


def test_band_power_against_welch():
    noise = np.random.default_rng(1).standard_normal(20 * 16000)
    frequency, density = scipy.signal.welch(noise, 16000, nperseg=4096)
    inside = (frequency >= 300) & (frequency <= 3400)
    expected = float(np.sum(density[inside])) * (frequency[1] - frequency[0])
    assert db(power(weigh(noise, 16000, (300, 3400))) / expected) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(("low", "high", "rate"), [(100, 7000, 16000), (300, 3400, 8000), (100, 12000, 48000)])
def test_a_lines_share_of_a_band_hangs_on_no_bin_and_on_no_length(low, high, rate):
    """At a corner half of a line's power counts, a twentieth of a dB more or less for half a hertz."""
    for corner, per_half_hertz_db in ((low, 0.05 * 100 / low), (high, 0.005)):
        levels = {}
        for off_hz in (-0.5, -0.05, 0.0, 0.5):
            for seconds in (0.5, 1.0, 1.23456, 10.0):
                for phase in (0.0, 0.8, 1.6):
                    t = np.arange(round(seconds * rate)) / rate
                    line = np.sin(2 * np.pi * (corner + off_hz) * t + phase)
                    found = db(2 * weighted_power(line, rate, (low, high)))
                    assert db(2 * power(weigh(line, rate, (low, high)))) == pytest.approx(found, abs=1e-9)
                    levels.setdefault(off_hz, []).append(found)
        assert levels[0.0] == pytest.approx(np.full(12, db(0.5)), abs=0.05)
        assert np.ptp(levels[0.0]) < 0.05
        assert abs(np.mean(levels[0.5]) - np.mean(levels[0.0])) == pytest.approx(per_half_hertz_db, rel=0.1, abs=0.005)
        assert np.ptp(np.concatenate(list(levels.values()))) < 2 * per_half_hertz_db + 0.06


def test_a_strong_tone_below_the_band_does_not_leak_in_where_a_recording_is_cut():
    rate, rng = 16000, np.random.default_rng(3)
    t = np.arange(30 * rate) / rate
    whole = np.sin(2 * np.pi * 50 * t) + 0.05 * rng.standard_normal(t.size)
    truth = scipy.signal.sosfiltfilt(scipy.signal.butter(8, (300, 3400), "bandpass", fs=rate, output="sos"), whole)
    for seconds in (0.5, 2.0, 8.0):
        n = round(seconds * rate)
        for start in rng.integers(rate, whole.size - n - rate, 5):
            found = weighted_power(whole[start : start + n], rate, (300, 3400))
            assert db(found) == pytest.approx(db(power(truth[start : start + n])), abs=0.4)


def test_edges_are_level_where_a_band_ends_with_the_signal():
    tone = np.sin(2 * np.pi * 7900 * np.arange(16000) / 16000)
    assert weighted_power(tone, 16000, (100, 8000)) == pytest.approx(power(tone), rel=1e-3)
    assert weighted_power(tone, 16000, (0, math.inf)) == pytest.approx(power(tone), rel=1e-9)
    assert weighted_power(np.zeros(0), 16000, (100, 7000)) == 0.0


def test_a_noise_that_pauses_is_measured_where_it_is_on():
    rate = 16000
    on = np.arange(2 * rate) % rate < rate // 2
    tone = np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate) * on
    assert db(weighted_power(tone, rate, (100, 7000), active=on)) == pytest.approx(db(0.5), abs=0.02)


def test_everything_is_the_signal_itself():
    signal = np.random.default_rng(1).standard_normal(1000)
    assert weigh(signal, 16000) is signal
    assert weigh(signal, 16000, (0, 8000)) == pytest.approx(signal, abs=1e-12)


def test_steep_octaves_hold_their_levels():
    levels = {63: 64.0, 125: 50.0, 250: 50.0, 500: 38.0, 1000: 41.0, 2000: 30.0}
    frequency = np.arange(0, 8000, 0.5)
    bins = density_of_octaves(frequency, np.array(list(levels), dtype=float), np.array(list(levels.values())))
    for centre, level in levels.items():
        inside = (frequency >= centre / 2**0.5) & (frequency < centre * 2**0.5)
        assert db(float(bins[inside].sum())) == pytest.approx(level, abs=0.3)


@pytest.mark.parametrize(("rate", "samples"), [(16000, 40000), (11025, 30001), (16000, 999), (8000, 1)])
def test_mean_density_is_that_of_welch(rate, samples):
    signal = np.random.default_rng(1).standard_normal(samples) + 1.0
    outside = scipy.signal.welch(signal, rate, nperseg=min(rate, samples)) if samples > 1 else ([0.0], [0.0])
    for own, expected in zip(mean_density(signal, rate), outside, strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-9, atol=1e-18)
