"""From digital full scale to sound pressure: a stated level, and a calibrator's tone."""

import numpy as np
import pytest

from acceptance.outside import weighted
from augment.errors import ProfileError
from augment.fitting.calibration import Calibration, from_stated_level, from_tone
from conftest import RATE


def tone(seconds: float, hertz: float = 1000.0, rate: int = RATE, level_dbov: float = -20.0) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return np.sqrt(2) * 10 ** (level_dbov / 20) * np.sin(2 * np.pi * hertz * time + 0.3)


def hiss(seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.001 * np.random.default_rng(1).standard_normal(round(seconds * rate))


def refused(signal: np.ndarray, **asked: float) -> str:
    with pytest.raises(ProfileError) as error:
        from_tone(signal, RATE, name="tone.wav", **asked)
    return str(error.value)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize(
    ("level_db", "hertz", "actual"), [(94.0, 1000.0, 1003.0), (114.0, 1000.0, 995.0), (124.0, 250.0, 251.0)]
)
def test_a_calibrator_gives_the_gain_wherever_its_tone_is(rate, level_db, hertz, actual):
    sound = np.concatenate([hiss(1.25, rate), tone(2.0, actual, rate), hiss(2.0, rate)])
    found, where = from_tone(sound, rate, level_db, hertz)
    assert found.gain_db == pytest.approx(level_db + 20, abs=0.05)
    assert (where.begin_s, where.end_s) == pytest.approx((1.25, 3.25), abs=0.11)
    assert where.frequency_hz == pytest.approx(actual, abs=0.05)
    assert found.uncertainty_db == pytest.approx(0.5, abs=0.05)


def test_a_stated_level_is_that_of_the_part_that_is_on():
    """A referee of A-weighting measures the recording at the gain that is found."""
    on = np.repeat([True, False], 2 * RATE)
    noise = 0.05 * np.random.default_rng(2).standard_normal(4 * RATE)
    sound = np.where(on, noise, 0.001 * noise)
    found = from_stated_level(sound, RATE, 67.0, on)
    assert 20 * np.log10(np.std(weighted(noise[on], RATE, a_weighting=True))) + found.gain_db == pytest.approx(
        67.0, abs=0.1
    )
    assert found.dba(sound[on], RATE) == pytest.approx(67.0, abs=0.1)


def test_what_is_no_calibrator_is_refused_with_the_reason():
    assert "there is none" in refused(hiss(3))
    assert "the longest one lasts 0.5 s" in refused(np.concatenate([hiss(2), tone(0.5), hiss(2)]))
    assert "there is none" in refused(tone(3, 1100.0))
    assert "there is one of 1014.0 Hz" in refused(tone(3, 1014.0))
    assert "15 % of its amplitude are overtones" in refused(tone(3) + 0.15 * tone(3, 3000.0))
    assert "there is none" in refused(tone(3) + 0.15 * tone(3, 1700.0))
    assert "it is clipped" in refused(np.clip(tone(3), -0.11, 0.11))
    fading = tone(3) * 10 ** (-np.arange(3 * RATE) / RATE / 20)  # 1 dB a second
    assert "its level changes by 2.7 dB" in refused(fading)
    assert "there is none" in refused(np.zeros(3 * RATE))


def test_a_level_that_cannot_be_is_refused():
    everything = np.ones(RATE, dtype=bool)
    with pytest.raises(ProfileError, match=r"670 dB\(A\) is given, and 0 to 160 is expected"):
        from_stated_level(hiss(1), RATE, 670.0, everything)
    with pytest.raises(ProfileError, match="nothing is heard"):
        from_stated_level(hiss(1), RATE, 67.0, ~everything)


def test_a_gain_is_added_to_the_level():
    assert Calibration(120.0, 0.5, "").dba(tone(2.0), RATE) == pytest.approx(100.0, abs=0.05)
