"""Bands and weightings against the printed tables of IEC 61672 and against scipy."""

import numpy as np
import pytest
import scipy.signal

from augment.acoustics.levels import db, power
from augment.acoustics.spectrum import a_weighting_db, density_of_octaves, weigh

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
