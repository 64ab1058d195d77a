"""Synthesised noise, measured: frequencies, levels, regularity; and that a longer one begins with the shorter."""

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.acoustics import alarm as alarms
from augment.acoustics import knocks
from augment.acoustics import synthesis as synth
from augment.acoustics.bursts import BurstPattern, bursts
from augment.acoustics.knock_sounds import Bank, Ringing, pulse_kernel, ringing
from augment.acoustics.quantiles import LevelSpread
from augment.acoustics.splice import excerpt
from augment.streams import generator
from conftest import near

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
    hum = synth.harmonics(synth.turned(20 * RATE, RATE, streams, 50.0), RATE, streams, 50.0, levels)
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
    assert not np.any(synth.harmonics(synth.turned(100, RATE, streams, 9000.0), RATE, streams, 9000.0, {1: 0.0}))


def test_drift_has_its_deviation_and_forgets():
    walk = synth.drift(2000 * 100, 100, generator(1), 0.5, 2.0)
    assert walk.std() == pytest.approx(0.5, rel=0.1)
    lag = int(2.0 * 100)
    assert np.corrcoef(walk[:-lag], walk[lag:])[0, 1] == pytest.approx(np.exp(-1), abs=0.1)


def test_pulses_come_at_their_rate():
    kernel = ringing(RATE, [(1000, 0, 0.01)])
    train, _ = knocks.pulses(30 * RATE, RATE, streams, kernel, 12.5)
    envelope = np.abs(scipy.signal.hilbert(train))
    spectrum = np.abs(np.fft.rfft(envelope - envelope.mean()))
    frequency = np.fft.rfftfreq(envelope.size, 1 / RATE)
    below = frequency < 15
    assert frequency[below][np.argmax(spectrum[below])] == pytest.approx(12.5, abs=0.05)


def test_jittered_pulses_keep_rate_and_power():
    kernel = ringing(RATE, [(1000, 0, 0.01)])
    train, _ = knocks.pulses(60 * RATE, RATE, streams, kernel, 10, jitter=0.1, levels=LevelSpread(2))
    assert 10 * np.log10(np.mean(train**2)) == pytest.approx(0, abs=0.5)


def test_slow_pulses_are_heard_at_once_and_measured_while_they_sound():
    kernel = ringing(RATE, [(400, 0, 0.2)])
    for seed in range(30):
        train, on = knocks.pulses(RATE // 2, RATE, lambda name, s=seed: generator(s, name), kernel, 0.3)
        assert on[: RATE // 10 + 1].any()
        assert 0.05 < on.mean() < 0.5
        assert np.sum(train[on] ** 2) > 0.99 * np.sum(train**2)


def test_a_resonance_that_cannot_be_heard_leaves_the_others_alone():
    both = pulse_kernel(8000, [(1000, 0, 0.02), (6000, 0, 0.02)])
    wide = pulse_kernel(48000, [(1000, 0, 0.02), (6000, 0, 0.02)])
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
        level, active = bursts(
            60 * RATE, RATE, lambda name, s=seed: generator(s, name), BurstPattern(0.3, 0.7, ramp_s=0.01, jitter=0.05)
        )
        assert active[0]
        assert active.mean() == pytest.approx(0.3, abs=0.02)
        assert not np.any(level[~active])
        assert level.max() == 1


def test_modulation_keeps_the_power():
    swing = synth.modulation(10 * RATE, RATE, generator(1), 5.0, 0.8)
    assert np.mean(swing**2) == pytest.approx(1, abs=0.001)
    assert swing.min() / swing.max() == pytest.approx(0.2 / 1.8, abs=0.001)


def test_random_knocks_are_a_poisson_process():
    """Intervals are exponential (Kolmogorov-Smirnov), the rate and the power are those asked for."""
    click = Bank((Ringing(np.array([1.0, 0.0, 0.0, 0.0])),))
    train, _ = knocks.random_knocks(600 * RATE, RATE, streams, click, 3.0)
    times = np.flatnonzero(train > 0.1 * train.max()) / RATE
    assert times.size / 600 == pytest.approx(3.0, abs=4 * (3 / 600) ** 0.5)
    assert scipy.stats.kstest(np.diff(times), "expon", args=(0, 1 / 3)).pvalue > 0.001
    bells, _ = knocks.random_knocks(600 * RATE, RATE, streams, ringing(RATE, [(900, 0, 0.3)]), 8.0)
    assert 10 * np.log10(np.mean(bells**2)) == pytest.approx(0, abs=0.5)


def test_slow_random_knocks_are_heard_at_once():
    kernel = ringing(RATE, [(400, 0, 0.2)])
    for seed in range(30):
        train, on = knocks.random_knocks(RATE // 2, RATE, lambda name, s=seed: generator(s, name), kernel, 0.05)
        assert on[: RATE // 10 + 1].any()
        assert np.sum(train[on] ** 2) > 0.99 * np.sum(train**2)


@pytest.mark.parametrize(
    "levels",
    [
        dict.fromkeys([100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000], 60),
        {250: 0, 315: -1, 400: -9, 500: -6, 630: -6, 800: -12, 1000: -7, 1250: -9, 1600: -10, 2000: -2, 2500: -9},
    ],
    ids=["pink", "ragged"],
)
def test_third_octave_noise_holds_its_bands(levels):
    noise = synth.third_octave_noise(200 * RATE, RATE, generator(2), levels)
    power = np.abs(np.fft.rfft(noise)) ** 2 * 2 / noise.size**2
    frequency = np.fft.rfftfreq(noise.size, 1 / RATE)
    for centre, level in levels.items():
        inside = (frequency >= centre / 2 ** (1 / 6)) & (frequency < centre * 2 ** (1 / 6))
        assert 10 * np.log10(power[inside].sum()) == pytest.approx(level, abs=0.5)


BEEPS = alarms.AlarmPattern(
    pulse_s=0.15,
    rise_s=0.02,
    fall_s=0.03,
    spacings_s=(0.1, 0.2),
    interval_s=0.733,
    pulse_hz=(800.0,),
    level_db={1: -3.0103},
)


def test_alarm_keeps_its_times_to_a_millisecond():
    """One partial of amplitude 1, so that its Hilbert envelope is the height of the pulse."""
    sound, _ = alarms.alarm(20 * RATE, RATE, streams, BEEPS)
    envelope = np.abs(scipy.signal.hilbert(sound))
    assert envelope.max() == pytest.approx(1, abs=0.01)
    time = np.arange(sound.size) / RATE

    def crossings(height, rising):
        over = envelope - height if rising else height - envelope
        at = np.flatnonzero((over[1:] >= 0) & (over[:-1] < 0))
        return time[at] + over[at] / (over[at] - over[at + 1]) / RATE

    up, down, low, end = crossings(0.9, True), crossings(0.9, False), crossings(0.1, True), crossings(0.1, False)
    down, end = down[down > up[0]], end[end > up[0]]
    assert up.size > 30
    count = min(up.size, down.size) - 1
    assert down[:count] - up[:count] == pytest.approx(0.15, abs=0.001)
    gaps = up[1:count] - down[: count - 1]
    wanted = np.array([0.1, 0.2, 0.733])
    start = int(np.argmin(abs(wanted - gaps[0])))
    assert gaps == pytest.approx(np.resize(np.roll(wanted, -start), gaps.size), abs=0.001)
    assert np.mean(up[:count] - low[:count]) == pytest.approx(0.02, abs=0.001)
    assert np.mean(end[:count] - down[:count]) == pytest.approx(0.03, abs=0.001)


def test_alarm_is_continuous_inside_a_pulse():
    """A jump of phase or of height would show beside the tone; a pulse of 20 ms ramps has nothing there."""
    pattern = alarms.AlarmPattern(0.5, 0.02, 0.02, 0.5, (800.0,), {1: 0, 2: -10})
    sound, on = alarms.alarm(4 * RATE, RATE, streams, pattern)
    edges = np.flatnonzero(np.diff(on.astype(int)))
    start, stop = next((a, b) for a, b in itertools.pairwise(edges) if on[a + 1])
    pulse = sound[start - 500 : stop + 500]
    spectrum = np.abs(np.fft.rfft(pulse, 1 << 17))
    frequency = np.fft.rfftfreq(1 << 17, 1 / RATE)
    far = (np.abs(frequency - 800) > 300) & (np.abs(frequency - 1600) > 300)
    assert 20 * np.log10(spectrum[far].max() / spectrum.max()) < -60


def test_alarm_is_heard_at_once_wherever_it_is_met():
    met = set()
    for seed in range(60):
        sound, on = alarms.alarm(RATE // 5, RATE, lambda name, s=seed: generator(s, name), BEEPS)
        assert np.abs(sound[: RATE // 10 + 1]).max() > 0.85
        assert on[: RATE // 10].any()
        met.add(int(np.flatnonzero(on)[0]) // 160)
    assert len(met) > 3


def test_two_pulses_are_never_the_same_samples():
    sound, _ = alarms.alarm(
        60 * RATE, RATE, streams, alarms.AlarmPattern(0.1, 0.01, 0.01, 0.15, (800.0,), {1: 0, 2: -3})
    )
    pieces = sound[: sound.size // (RATE // 4) * (RATE // 4)].reshape(-1, RATE // 4)
    differences = np.mean((pieces[1:] - pieces[0]) ** 2, axis=1) / np.mean(pieces[0] ** 2)
    assert differences.min() > 1e-3


STANDARD = {"pulse_s": 0.15, "rise_s": 0.02, "fall_s": 0.02, "pulse_hz": (400.0,)}
STANDARD["level_db"] = {number: -2.0 * number for number in range(1, 8)}
HIGH = alarms.AlarmPattern(spacings_s=(0.1, 0.1, 0.35, 0.1, 0.6, 0.1, 0.1, 0.35, 0.1), interval_s=3.0, **STANDARD)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"pulse_s": 0.22}, "pulse_s is 0.22 s; expected 0.075 to 0.2 s"),
        ({"rise_s": 0.05}, "rise_s is 0.05 s; expected 0.015 to 0.03 s"),
        ({"interval_s": 20.0}, "interval_s is 20 s; expected 2.5 to 15 s"),
        ({"spacings_s": (0.1, 0.1)}, "a burst has 3 pulses; expected 10"),
        ({"spacings_s": (0.1, 0.1, 0.35, 0.1, 0.1, 0.1, 0.1, 0.35, 0.1)}, "spacing 5 is 0.1 s; expected 0.35 to 1.3 s"),
        ({"spacings_s": (0.1, 0.1, 0.1, 0.1, 0.6, 0.1, 0.1, 0.35, 0.1)}, "spacing 3 (twice the one before"),
        ({"fall_s": 0.09}, "expected at most the spacing less rise_s"),
        ({"pulse_hz": (1200.0,)}, "1200 Hz: expected 150 to 1000 Hz"),
        ({"level_db": {1: 0, 2: -3, 3: -6, 4: -9, 5: -30}}, "has 3 harmonics of use in 300-4000 Hz"),
        ({"level_db": {1: 0, 2: -3, 3: -6, 4: -16}}, "the four largest partials differ by 16 dB"),
        ({"level_db": {1: -12, 4: 0, 5: 0, 6: 0, 7: 0}}, "none of the four largest partials lies in 150-1000 Hz"),
    ],
)
def test_departures_from_the_standard_are_told(change, words):
    pattern = alarms.AlarmPattern(
        **{**STANDARD, "spacings_s": HIGH.spacings_s, "interval_s": HIGH.interval_s, **change}
    )
    told = alarms.departures_from_iec_60601_1_8(pattern, "high")
    assert any(words in line for line in told) if words else not told


MAKERS = {
    "harmonics": lambda n, lead: synth.harmonics(
        synth.turned(n, RATE, streams, 50, 0.1, lead=lead), RATE, streams, 50, {1: 0, 3: -6}
    ),
    "pulses": lambda n, lead: knocks.pulses(
        n, RATE, streams, ringing(RATE, [(500, 0, 0.05)]), 7, jitter=0.1, levels=LevelSpread(1), lead=lead
    )[0],
    "knocks": lambda n, lead: knocks.random_knocks(
        n, RATE, streams, ringing(RATE, [(500, 0, 0.05)]), 7, levels=LevelSpread(3), lead=lead
    )[0],
    "alarm": lambda n, lead: alarms.alarm(n, RATE, streams, BEEPS, lead)[0],
    "octave_noise": lambda n, lead: synth.octave_noise(n, RATE, streams("x"), {500: 0, 1000: -3}, lead, streams("y")),
    "third_octave_noise": lambda n, lead: synth.third_octave_noise(
        n, RATE, streams("x"), {500: 0, 630: -3}, lead, streams("y")
    ),
    "bursts": lambda n, lead: bursts(n, RATE, streams, BurstPattern(0.2, 0.1, 0.01, 0.2), lead)[0],
    "modulation": lambda n, lead: synth.modulation(n, RATE, streams("x"), 3, 0.5, lead),
}


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_lead_changes_nothing_of_what_follows(kind, data):
    """Sound before the beginning: what follows is what it was, and a longer lead ends with the shorter one."""
    samples, lead, longer = (data.draw(st.integers(low, 20000)) for low in (1, 0, 0))
    plain, led, more = (MAKERS[kind](samples, x) for x in (0, lead, lead + longer))
    assert (plain.size, led.size, more.size) == (samples, lead + samples, lead + longer + samples)
    assert near(led[lead:], plain, 1e-9)
    assert near(more[longer:], led, 1e-9)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_lead_is_filled_with_the_same_noise(kind):
    sound = MAKERS[kind](60 * RATE, 60 * RATE)
    before, after = np.mean(sound[: 60 * RATE] ** 2), np.mean(sound[60 * RATE :] ** 2)
    assert 10 * np.log10(before / after) == pytest.approx(0, abs=0.7)


def test_hum_runs_through_the_beginning():
    hum = MAKERS["harmonics"](RATE, RATE)
    assert np.abs(np.diff(hum, 2)).max() < 1.2 * np.abs(np.diff(hum[RATE + 100 :], 2)).max()


def test_a_lead_without_a_generator_is_refused():
    with pytest.raises(ValueError, match="rng_before"):
        synth.octave_noise(10, RATE, generator(1), {500: 0}, lead=10)


@pytest.mark.parametrize("lead", [0, 500])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_longer_noise_begins_with_the_shorter(kind, lead):
    short, long = MAKERS[kind](5000, lead), MAKERS[kind](40000, lead)
    assert near(long[: short.size], short, 1e-9)


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
