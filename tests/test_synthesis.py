"""Synthesised noise, measured: frequencies, levels, regularity; and that a longer one begins with the shorter."""

import numpy as np
import pytest
import scipy.signal

from augment.acoustics import synthesis as synth
from augment.acoustics.splice import excerpt
from augment.streams import generator

RATE = 16000


def streams(name: str) -> np.random.Generator:
    return generator(7, name)


def line_db(signal, frequency):
    """Level of a spectral line by least squares."""
    t = np.arange(signal.size) / RATE
    basis = np.stack([np.cos(2 * np.pi * frequency * t), np.sin(2 * np.pi * frequency * t)], axis=1)
    amplitude, *_ = np.linalg.lstsq(basis, signal, rcond=None)
    return 10 * np.log10(np.sum(amplitude**2) / 2)


def test_harmonics_have_their_frequencies_and_levels():
    levels = {1: 0.0, 2: -6.0, 5: -10.0, 9: -18.0}
    hum = synth.harmonics(20 * RATE, RATE, streams, 50.0, levels)
    for number, level in levels.items():
        assert line_db(hum, 50 * number) == pytest.approx(level, abs=0.01)
    spectrum = np.abs(np.fft.rfft(hum * np.hanning(hum.size)))
    peak = np.argmax(spectrum) / 20
    assert peak == pytest.approx(50, abs=0.01)
    far = np.ones(spectrum.size, dtype=bool)
    for number in levels:
        far[50 * number * 20 - 10 : 50 * number * 20 + 11] = False
    assert 20 * np.log10(spectrum[far].max() / spectrum.max()) < -70


def test_harmonics_above_nyquist_are_left_out():
    assert not np.any(synth.harmonics(100, RATE, streams, 9000.0, {1: 0.0}))


def test_drift_has_its_deviation_and_forgets():
    walk = synth.drift(2000 * 100, 100, generator(1), 0.5, 2.0)
    assert walk.std() == pytest.approx(0.5, rel=0.1)
    lag = int(2.0 * 100)
    assert np.corrcoef(walk[:-lag], walk[lag:])[0, 1] == pytest.approx(np.exp(-1), abs=0.1)


def test_pulses_come_at_their_rate():
    kernel = synth.pulse_kernel(RATE, [(1000, 0, 0.01)])
    train, _ = synth.pulses(30 * RATE, RATE, streams, kernel, 12.5)
    envelope = np.abs(scipy.signal.hilbert(train))
    spectrum = np.abs(np.fft.rfft(envelope - envelope.mean()))
    frequency = np.fft.rfftfreq(envelope.size, 1 / RATE)
    below = frequency < 15
    assert frequency[below][np.argmax(spectrum[below])] == pytest.approx(12.5, abs=0.05)


def test_jittered_pulses_keep_rate_and_power():
    kernel = synth.pulse_kernel(RATE, [(1000, 0, 0.01)])
    train, _ = synth.pulses(60 * RATE, RATE, streams, kernel, 10, jitter=0.1, spread_db=2)
    assert 10 * np.log10(np.mean(train**2)) == pytest.approx(0, abs=0.5)


def test_slow_pulses_are_heard_at_once_and_measured_while_they_sound():
    kernel = synth.pulse_kernel(RATE, [(400, 0, 0.2)])
    for seed in range(30):
        train, on = synth.pulses(RATE // 2, RATE, lambda name, s=seed: generator(s, name), kernel, 0.3)
        assert on[: RATE // 10 + 1].any()
        assert 0.05 < on.mean() < 0.5
        assert np.sum(train[on] ** 2) > 0.99 * np.sum(train**2)


def test_a_resonance_that_cannot_be_heard_leaves_the_others_alone():
    both = synth.pulse_kernel(8000, [(1000, 0, 0.02), (6000, 0, 0.02)])
    wide = synth.pulse_kernel(48000, [(1000, 0, 0.02), (6000, 0, 0.02)])
    assert np.sum(wide**2) == pytest.approx(1, rel=0.02)
    assert np.sum(both**2) == pytest.approx(0.5, rel=0.02)


def test_octave_noise_holds_nc40():
    levels = {63: 64, 125: 56, 250: 50, 500: 45, 1000: 41, 2000: 39, 4000: 38}
    noise = synth.octave_noise(60 * RATE, RATE, generator(2), levels)
    frequency, density = scipy.signal.welch(noise, RATE, nperseg=8192)
    for centre, level in levels.items():
        inside = (frequency >= centre / 2**0.5) & (frequency < centre * 2**0.5)
        found = 10 * np.log10(density[inside].sum() * (frequency[1] - frequency[0]))
        assert found == pytest.approx(level, abs=0.5)


def test_bursts_have_their_duty_and_begin_inside_one():
    for seed in range(20):
        level, active = synth.bursts(60 * RATE, RATE, generator(seed), 0.3, 0.7, ramp_s=0.01, jitter=0.05)
        assert active[0]
        assert active.mean() == pytest.approx(0.3, abs=0.02)
        assert not np.any(level[~active])
        assert level.max() == 1


def test_modulation_keeps_the_power():
    swing = synth.modulation(10 * RATE, RATE, generator(1), 5.0, 0.8)
    assert np.mean(swing**2) == pytest.approx(1, abs=0.001)
    assert swing.min() / swing.max() == pytest.approx(0.2 / 1.8, abs=0.001)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: synth.harmonics(n, RATE, streams, 50, {1: 0, 3: -6}, drift_hz=0.1),
        lambda n: synth.pulses(
            n, RATE, streams, synth.pulse_kernel(RATE, [(500, 0, 0.05)]), 7, jitter=0.1, spread_db=1
        )[0],
        lambda n: synth.octave_noise(n, RATE, streams("x"), {500: 0, 1000: -3}),
        lambda n: synth.bursts(n, RATE, streams("x"), 0.2, 0.1, 0.01, 0.2)[0],
        lambda n: synth.modulation(n, RATE, streams("x"), 3, 0.5),
    ],
    ids=["harmonics", "pulses", "octave_noise", "bursts", "modulation"],
)
def test_a_longer_noise_begins_with_the_shorter(make):
    short, long = make(5000), make(40000)
    assert long[:5000] == pytest.approx(short, abs=1e-9)


def test_splice_is_the_recording_while_it_lasts():
    recording = generator(1).standard_normal(RATE)
    assert np.array_equal(excerpt(recording, RATE, 100, 5000, generator(2)), recording[100:5100])


@pytest.mark.parametrize("start", [0, 7000, 15999])
def test_splice_keeps_the_level_across_joints(start):
    recording = generator(1).standard_normal(RATE)
    joined = excerpt(recording, RATE, start, 60 * RATE, generator(3))
    frames = joined[: joined.size // 400 * 400].reshape(-1, 400)
    levels = 10 * np.log10(np.mean(frames**2, axis=1))
    assert levels.mean() == pytest.approx(0, abs=0.1)
    assert levels.min() > -1.5
    assert levels.max() < 1.5


def test_splice_has_no_period():
    """A looped second would correlate with itself one second later; this must not, at any lag."""
    recording = generator(1).standard_normal(RATE)
    joined = excerpt(recording, RATE, 0, 40 * RATE, generator(3))
    spectrum = np.abs(np.fft.rfft(joined, 2 * joined.size)) ** 2
    correlation = np.fft.irfft(spectrum)[: joined.size] / np.sum(joined**2)
    assert correlation[RATE // 10 :].max() < 0.35


def test_a_recording_too_short_to_continue_is_refused():
    with pytest.raises(ValueError, match="cannot be continued"):
        excerpt(np.ones(3), RATE, 0, 10, generator(1))
