"""Compiled recursions, and a filter of linear phase, beside those of scipy."""

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augment.acoustics.filters import linear_high_pass
from augment.acoustics.mixing import mixed
from augment.acoustics.pcm import quantise
from augment.acoustics.recursion import held_smooth, recursive

SIGNAL = np.random.default_rng(1).standard_normal(5000)


@pytest.mark.parametrize(
    ("numerator", "denominator"), [([0.1], [1.0, -0.9]), ([1.0, -2.0, 1.0], [1.0, -1.9, 0.95]), ([0.1, 0.2], [1.0])]
)
def test_a_recursion_gives_the_last_digits_of_scipy(numerator, denominator):
    outside = scipy.signal.lfilter(numerator, denominator, SIGNAL)
    assert np.array_equal(recursive(numerator, denominator, SIGNAL), outside)


def test_a_recursion_goes_on_where_its_state_says():
    outside, _ = scipy.signal.lfilter([1.0], [1.0, -0.5], SIGNAL, zi=[0.25])
    assert np.array_equal(recursive([1.0], [1.0, -0.5], SIGNAL, np.array([0.25])), outside)


@given(samples=st.integers(0, 300), hangover=st.integers(0, 120))
def test_the_held_envelope_is_a_maximum_of_scipy_over_a_recursion_of_scipy(samples, hangover):
    signal, pole = SIGNAL[:samples], 0.9
    smooth = scipy.signal.lfilter([(1 - pole) ** 2], [1.0, -2 * pole, pole * pole], np.abs(signal))

    expected = [smooth[max(0, n - hangover) : n + 1].max() for n in range(samples)]
    assert held_smooth(signal, pole, hangover).tolist() == expected
    assert held_smooth(signal.copy(), pole, hangover, overwrite=True).tolist() == expected
    only_read = signal.copy()
    only_read.setflags(write=False)
    assert held_smooth(only_read, pole, hangover, overwrite=True).tolist() == expected
    assert np.array_equal(only_read, signal)


@given(samples=st.integers(0, 300), gain=st.floats(-2, 2), other_gain=st.floats(-2, 2))
def test_signals_are_mixed_as_numpy_adds_them(samples, gain, other_gain):
    one, other = SIGNAL[:samples], SIGNAL[1000 : 1000 + samples]
    assert np.array_equal(mixed(one, gain, other, other_gain), one * gain + other * other_gain)
    single = one.astype(np.float32)
    assert np.array_equal(mixed(single, gain, other, other_gain), single.astype(float) * gain + other * other_gain)
    with pytest.raises(ValueError, match="cannot be mixed"):
        mixed(one, gain, SIGNAL, other_gain)


@given(arrays(np.float64, st.integers(0, 40), elements=st.floats(-1.2, 1.2)))
def test_samples_are_rounded_as_numpy_rounds_them(signal):
    steps = np.rint(signal * 32768)
    found, clipped = quantise(signal)
    assert np.array_equal(found, np.clip(steps, -32768, 32767))
    assert clipped == np.count_nonzero((steps > 32767) | (steps < -32768))
    for strange in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match="not a finite number"):
            quantise(np.append(signal, strange))


@pytest.mark.parametrize("rate_hz", [8000, 11025, 48000])
def test_a_high_pass_by_kaisers_window_has_the_taps_of_scipy(rate_hz):
    size, shape = scipy.signal.kaiserord(80.0, 20.0 / (rate_hz / 2))
    outside = scipy.signal.firwin(size | 1, 30.0, window=("kaiser", shape), pass_zero=False, fs=rate_hz)
    assert np.array_equal(linear_high_pass(30.0, 20.0, 80.0, rate_hz), outside)
