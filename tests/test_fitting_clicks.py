"""A buzz: clicks that come at the rate of the mains, told from hum by what happens within a turn."""

from dataclasses import replace

import numpy as np
import pytest
import scipy

from augment.fitting.bed import find_moves
from augment.fitting.clicks import beyond, find_clicks
from augment.fitting.described import described
from augment.fitting.drift import Drift, drift_of_turns
from augment.fitting.fit import taken_apart, with_clicks
from augment.fitting.fitted import fitted, profile_of
from augment.fitting.lines import find_lines
from augment.fitting.residue import Residue
from augment.fitting.spectra import Usable
from augment.fitting.written import written

RATE, SECONDS = 16_000, 20


def usable(sound, rate=RATE):
    return Usable(sound, rate, np.ones(sound.size, np.bool_), rate / 2)


def hiss(level_db, seed=1, seconds=SECONDS):
    return 10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def clicks(rate_hz, level_db, places=(0.0,), frequency_hz=2000.0, decay_s=0.004, jitter_s=0.0, seed=3):
    """Decaying sines at exact times between samples, brought to a level."""
    t = np.arange(round(decay_s * RATE) + 1) / RATE
    rng, sound = np.random.default_rng(seed), np.zeros(SECONDS * RATE)
    for turn in range(1, round(SECONDS * rate_hz) - 1):
        for place in places:
            time = (turn + place) / rate_hz + jitter_s * rng.standard_normal()
            start = int(np.ceil(time * RATE))
            since = t + start / RATE - time
            sound[start : start + t.size] += 10 ** (-3 * since / decay_s) * np.sin(2 * np.pi * frequency_hz * since)
    return sound * 10 ** (level_db / 20) / np.sqrt(np.mean(sound**2))


def hum(rate_hz, levels_db, seed=5):
    t, rng = np.arange(SECONDS * RATE) / RATE, np.random.default_rng(seed)
    return sum(
        2**0.5 * 10 ** (level / 20) * np.cos(2 * np.pi * rate_hz * number * t + rng.uniform(0, 2 * np.pi))
        for number, level in levels_db.items()
    )


def found_in(sound):
    heard = usable(sound)
    lines, spectrum = find_lines(heard)
    return find_clicks(heard, spectrum), lines


@pytest.mark.parametrize("rate_hz", [30.0, 59.94, 100.0, 180.0])
def test_clicks_are_found_by_their_rate_and_level(rate_hz):
    found, _ = found_in(clicks(rate_hz, -30, jitter_s=2e-5) + hiss(-60))
    assert found.rate_hz == pytest.approx(rate_hz, rel=3e-4)
    assert [one.place for one in found.each] == [0.0]
    (click,) = found.each
    assert 10 * np.log10(click.strike.energy * rate_hz) == pytest.approx(-30, abs=0.5)
    loudest = max(click.strike.ringing, key=lambda one: one.amplitude)
    assert loudest.frequency_hz == pytest.approx(2000, rel=0.06)
    assert loudest.decay_s == pytest.approx(0.004, rel=0.35)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bed_db", [-90, -52, -44])
def test_hum_is_no_buzz_however_its_phases_lie(seed, bed_db):
    levels = {number: -30 - 0.3 * number for number in range(1, 40)}
    assert found_in(hum(100, levels, seed) + hiss(bed_db, seed + 10))[0] is None


def test_steady_noise_and_knocks_one_by_one_are_no_buzz():
    assert found_in(hiss(-30))[0] is None
    assert found_in(clicks(8, -30, decay_s=0.05) + hiss(-60))[0] is None


def test_each_click_of_a_turn_has_its_place():
    found, _ = found_in(clicks(60, -30, places=(0.0, 0.3), decay_s=0.003) + hiss(-65))
    places = sorted(one.place for one in found.each)
    apart = places[1] - places[0]
    assert len(places) == 2
    assert min(apart, 1 - apart) == pytest.approx(0.3, abs=0.04)


def test_lines_that_clicks_make_are_theirs_and_louder_ones_are_tones():
    sound = clicks(100, -30) + hum(100, {1: -28, 2: -34, 3: -36}) + hiss(-70)
    found, lines = found_in(sound)
    assert len(lines) > 12
    left = beyond(lines, found, RATE)
    assert [round(line.frequency_hz) for line in left] == [100, 200, 300]
    assert [line.level_db for line in left] == pytest.approx(
        [-28, -34, -36], abs=2
    )  # those of clicks go with or against them


def test_a_line_of_a_train_of_clicks_has_the_power_that_fourier_gives_it():
    # The lines of an exact train sum to its power: here in the octave around the resonance, where nearly all of it is.
    sound = clicks(100, -30)
    found, lines = found_in(sound + hiss(-75))
    made = [found.line_power(100.0 * k, RATE) for k in range(14, 29)]
    heard = [line.power for line in lines if 1350 < line.frequency_hz < 2850]
    assert 10 * np.log10(sum(made) / sum(heard)) == pytest.approx(0.7, abs=1)  # the highest near each is taken


def test_a_buzz_is_told_as_clicks_on_a_clock():
    fit = fitted(usable(clicks(100, -30, decay_s=0.003, jitter_s=2e-5) + hum(100, {1: -30}) + hiss(-62)))
    assert [one.figures["kind"] for one in fit.components] == ["harmonics", "pulses", "third_octave_noise"]
    assert fit.profile.clocks["buzz"].rate_hz == pytest.approx(100, abs=0.05)
    (told,) = [one for one in fit.profile.components if one.kind == "pulses"]
    assert told.clock == "buzz"
    assert told.level_db == pytest.approx(-30, abs=1)
    text = written([], "A buzz", "It buzzes.", None, fit.components, "buzz.wav")
    assert "clocks:\n  buzz: {rate_hz: " in text
    assert "turns\ncomponents:" in text
    assert "turns a second (standard error" in fit.components[1].told()


def test_clicks_of_one_turn_are_locked_to_one_another():
    parts = with_clicks(taken_apart(usable(clicks(61.7, -30, places=(0.0, 0.3), decay_s=0.003) + hiss(-65))))
    told = [one for one in described(parts, SECONDS) if one.figures["kind"] == "pulses"]
    assert [one.clock.name for one in told] == ["buzz", "buzz"]
    profile = profile_of(told)
    (first, second) = profile.components
    apart = abs(first.start - second.start)
    assert min(apart, 1 - apart) == pytest.approx(0.3, abs=0.04)
    together = 10 * np.log10(10 ** (first.level_db / 10) + 10 ** (second.level_db / 10))
    assert together == pytest.approx(-30, abs=1)


def test_the_rate_of_a_clock_that_drifts_is_known_no_better_than_it_keeps_it():
    parts = with_clicks(taken_apart(usable(clicks(100, -30) + hiss(-60))))
    wanders = replace(parts, clicks=replace(parts.clicks, drift=Drift(0.1, 2.0)))
    told = [next(one.clock for one in described(some, SECONDS) if one.clock) for some in (parts, wanders)]
    errors = [float(one.remark.split()[2]) for one in told]
    assert errors[0] < 0.01
    # The mean over 20 s of what forgets itself in 2 s has 2 T / t (1 - T / t) of its variance.
    assert errors[1] == pytest.approx(0.1 * (2 * 0.1 * 0.9) ** 0.5, rel=0.1)


def test_bed_and_clicks_make_the_spectrum_that_was_heard():
    heard = usable(clicks(100, -30) + hiss(-45))
    parts = with_clicks(taken_apart(heard))
    frequency, density = scipy.signal.welch(heard.samples, RATE, nperseg=4096)
    both = parts.bed.density + parts.clicks.density(parts.bed.frequency_hz, RATE)
    for low in (500, 1000, 2000, 4000):
        told = np.mean(both[(parts.bed.frequency_hz >= low) & (parts.bed.frequency_hz < 2 * low)])
        assert 10 * np.log10(told / np.mean(density[(frequency >= low) & (frequency < 2 * low)])) == pytest.approx(
            0, abs=1.5
        )


def test_a_swing_within_bursts_is_heard_and_told():
    t, rng = np.arange(SECONDS * RATE) / RATE, np.random.default_rng(2)
    starts = np.cumsum(rng.uniform(0.8, 1.4, 30))
    on = np.zeros(t.size)
    for start in starts[starts < SECONDS - 1]:
        on[(t > start) & (t < start + 0.5)] = 1.0
    sound = hiss(-30) * on * (1 + 0.4 * np.cos(2 * np.pi * 37 * t)) + hiss(-60, 7)
    moves = find_moves(Residue(usable(sound), ()))
    assert moves.swing.rate_hz == pytest.approx(37, abs=0.02)
    assert moves.swing.depth == pytest.approx(0.4, abs=0.05)
    parts = taken_apart(usable(sound))
    (burst,) = [one for one in described(parts, SECONDS) if "bursts" in one.figures]
    assert burst.figures["modulation"]["rate_hz"] == pytest.approx(37, abs=0.02)
    without = find_moves(Residue(usable(hiss(-30) * on + hiss(-60, 7)), ()))
    assert without.gate is not None
    assert without.swing is None


def test_bursts_of_uneven_lengths_are_bursts_if_their_pauses_are_silent():
    rng, t = np.random.default_rng(4), np.arange(SECONDS * RATE) / RATE
    on, place = np.zeros(t.size), 0.5
    while place < SECONDS - 1.5:
        length = 0.6 * max(0.3, 1 + 0.4 * rng.standard_normal())
        on[(t > place) & (t < place + length)] = 1.0
        place += length + rng.uniform(0.4, 0.8)
    moves = find_moves(Residue(usable(hiss(-30) * on + hiss(-58, 9)), ()))
    assert moves.gate is not None
    assert moves.gate.starts_s.size == np.count_nonzero(np.diff(on) > 0)


def test_a_tone_has_what_its_line_has_more_than_clicks_give_it():
    found, lines = found_in(clicks(100, -30) + hiss(-70))
    own = found.line_power(2000.0, RATE)
    (left,) = beyond([replace(lines[0], frequency_hz=2000.0, power=10 * own)], found, RATE)
    assert left.power == pytest.approx(9 * own)


def test_what_sputters_is_no_buzz():
    turn = round(RATE / 100)
    strengths = 10 ** (np.random.default_rng(6).normal(0, 6, SECONDS * 100) / 20)
    sound = clicks(100, -30) * np.repeat(strengths, turn)
    assert with_clicks(taken_apart(usable(clicks(100, -30) + hiss(-60)))) is not None
    assert with_clicks(taken_apart(usable(sound + hiss(-60)))) is None


def test_the_drift_of_a_clock_is_that_of_its_turns():
    rng, step_s, time_s = np.random.default_rng(7), 0.01, 1.5
    keeps = np.exp(-step_s / time_s)
    off_hz = scipy.signal.lfilter([0.2 * np.sqrt(1 - keeps**2)], [1, -keeps], rng.standard_normal(12_000))
    phase = np.cumsum(60 + off_hz) * step_s
    turns = np.interp(np.arange(1, int(phase[-1])), phase, np.arange(1, 12_001) * step_s)
    found = drift_of_turns(turns, float(np.mean(np.diff(turns))))
    assert found.deviation_hz == pytest.approx(0.2, rel=0.3)
    assert found.time_s == pytest.approx(time_s, rel=0.6)
    assert drift_of_turns(np.arange(1, 3000) / 60, 1 / 60) is None


def test_a_bin_is_kept_of_which_a_notch_takes_less_than_half():
    heard = usable(hiss(-30, seconds=1))
    bins = np.arange(0, 500, 50.0)
    assert Residue(heard, ((97.5, 102.5),)).kept_bins(bins).all()
    assert np.flatnonzero(~Residue(heard, ((80.0, 140.0),)).kept_bins(bins)).tolist() == [2]
