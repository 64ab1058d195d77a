"""The speech level meter against the figures of ITU-T G.191 and of an exact implementation of P.56."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.acoustics.levels import db, power, rms_level_dbov, speech_gain, speech_level
from augment.acoustics.recursion import held_smooth
from conftest import RATE, speech_like

GOLDEN = json.loads((Path(__file__).parent / "data" / "p56_golden.json").read_text())


def golden_signal(case: dict) -> np.ndarray:
    rate, n, name = case["fs"], case["n"], case["name"]
    t = np.arange(n) / rate
    tone = 0.1 * np.sin(2 * np.pi * 1000 * t)
    swell = 0.5 * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * t)) * np.sin(2 * np.pi * 300 * t)
    signals = {
        "sine1k amp0.1 8s": lambda: tone,
        "sine1k amp0.1 gated 1s on/1s off, on first": lambda: tone * (t % 2 < 1),
        "sine1k amp0.1 gated 0.1s on/0.1 off": lambda: tone * (np.arange(n) % (rate // 5) < rate // 10),
        "sine1k amp0.1 gated 0.5s on/1.5 off": lambda: tone * (t % 2 < 0.5),
        "sine300 amp0.5*(0.5-0.5cos(2pi4t)) ": lambda: swell,
        "AM as above, second half silent": lambda: swell * (np.arange(n) < n // 2),
        "silence": lambda: np.zeros(n),
        "sine1k amp 1e-4": lambda: tone / 1000,
    }
    return np.clip(np.rint(signals[name]() * 32768), -32768, 32767) / 32768


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['fs']} {case['name']}")
def test_p56_figures(case):
    level = speech_level(golden_signal(case), case["fs"])
    if case["exact_asl"] == -100:
        assert level.active_level_dbov == -math.inf
        assert level.activity == 0
        return
    assert level.active_level_dbov == pytest.approx(case["exact_asl"], abs=0.001)
    assert level.active_level_dbov == pytest.approx(case["stl_asl"], abs=0.05)  # the tool's own tolerance is wider
    assert 100 * level.activity == pytest.approx(case["exact_act"], abs=0.01)
    assert level.rms_level_dbov == pytest.approx(case["stl_rms"], abs=0.001)


def test_silence_moves_the_level_by_no_more_than_the_hangover(demo_speech):
    """The meter holds on for 0.2 s after speech, and the envelope needs some time to fall."""
    alone = speech_level(demo_speech, 16000)
    active_s = alone.activity * demo_speech.size / 16000
    bound = 10 * math.log10((active_s + 0.2 + 0.15) / active_s)
    levels = [speech_level(np.pad(demo_speech, (0, s * 16000)), 16000).active_level_dbov for s in (1, 4, 30)]
    assert 0 <= alone.active_level_dbov - levels[0] <= bound
    assert levels == pytest.approx([levels[0]] * 3, abs=1e-6)  # more silence adds nothing
    before = speech_level(np.pad(demo_speech, (4 * 16000, 0)), 16000).active_level_dbov
    assert before == pytest.approx(alone.active_level_dbov, abs=0.01)


@pytest.mark.parametrize("wanted", [-36.0, -26.0, -16.0])
def test_speech_gain_reaches_the_level(demo_speech, wanted):
    factor = speech_gain(demo_speech, 16000, wanted)
    assert speech_level(demo_speech * factor, 16000).active_level_dbov == pytest.approx(wanted, abs=0.001)


@pytest.mark.parametrize("signal", [np.zeros(16000), np.full(16000, 1e-5), np.ones(50) * 1e-4])
def test_no_gain_for_what_is_no_speech(signal):
    with pytest.raises(ValueError, match="no active speech"):
        speech_gain(signal, 16000, -26)


def test_levels_on_paper():
    assert rms_level_dbov(np.sin(2 * np.pi * np.arange(16000) / 16)) == pytest.approx(-3.0103, abs=1e-4)
    assert rms_level_dbov(np.array([1.0, -1.0])) == 0
    assert db(0) == -math.inf


@settings(max_examples=30, deadline=None)
@given(samples=st.integers(1, 5000), hangover=st.integers(0, 700), seed=st.integers(0, 99))
def test_the_envelope_is_held_as_scipy_holds_it(samples, hangover, seed):
    envelope = np.abs(np.random.default_rng(seed).standard_normal(samples))
    window = hangover + 1
    expected = scipy.ndimage.maximum_filter1d(envelope, window, origin=hangover // 2, mode="constant")
    assert np.array_equal(held_smooth(envelope, 0.0, hangover), expected)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 99), st.floats(-90, 0), st.floats(-60, 0), st.floats(0, 1), st.integers(1, 12000))
def test_the_reading_is_that_of_all_thresholds_of_the_standard(seed, level_db, softer_db, loud, samples):
    noise = np.random.default_rng(seed).standard_normal(samples)
    signal = 10 ** (level_db / 20) * noise * np.where(np.arange(samples) < loud * samples, 1, 10 ** (softer_db / 20))
    pole = math.exp(-1 / (0.03 * RATE))
    smooth = scipy.signal.lfilter([(1 - pole) ** 2], [1, -2 * pole, pole**2], abs(signal))
    held = scipy.ndimage.maximum_filter1d(smooth, 3201, origin=1600, mode="constant")
    expected, before = -math.inf, None
    for threshold in 2.0 ** np.arange(-15, 0):
        active = np.count_nonzero(held >= threshold)
        if not active:
            break
        level = 10 * math.log10(np.sum(signal**2) / active)
        margin = level - 20 * math.log10(threshold)
        if margin <= 15.9:
            if before is not None:
                expected = np.interp(-15.9, [-before[1], -margin], [before[0], level])
            break
        before = level, margin
    assert speech_level(signal, RATE).active_level_dbov == pytest.approx(expected, abs=1e-6)


def test_a_long_signal_passes_the_meter_in_pieces_as_a_whole(monkeypatch):
    speech = np.concatenate([speech_like(2.7, seed) for seed in range(4)])
    whole = speech_level(speech, RATE)
    monkeypatch.setattr("augment.acoustics.levels.AT_ONCE", 5000)
    assert speech_level(speech, RATE).active_level_dbov == pytest.approx(whole.active_level_dbov, abs=1e-9)


@pytest.mark.parametrize("samples", [2**20 + 1, 2**21 + 13, 3 * 2**20 + 4242])
def test_the_power_of_a_sound_of_many_minutes_is_numpy_s_to_the_last_digit(samples):
    """An item's gain hangs on it, and with that its bytes."""
    signal = np.random.default_rng(samples).standard_normal(samples)
    assert power(signal) == float(np.sum(signal * signal)) / samples
