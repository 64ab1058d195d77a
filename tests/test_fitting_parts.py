"""Steps of a fit, each asked for itself: closed forms, and sounds of which all is known."""

from dataclasses import replace

import numpy as np
import pytest
import scipy

from augment.acoustics.filters import kept_of_low, without_infrasound
from augment.fitting.alarms import alarm_of
from augment.fitting.balance import brought
from augment.fitting.bed import STILL, find_bed, find_moves
from augment.fitting.described import Described, described, heard_ones
from augment.fitting.envelopes import Demodulator
from augment.fitting.faint import completed
from augment.fitting.fit import taken_apart
from augment.fitting.fitted import _Recording, third_octaves_of
from augment.fitting.gates import Gate, gate_gain, gate_of
from augment.fitting.impacts import Others, find_impacts
from augment.fitting.lines import find_lines
from augment.fitting.lives import lives_of
from augment.fitting.patterns import weighted_level
from augment.fitting.residue import Residue, without_tones
from augment.fitting.rhythm import short_time
from augment.fitting.series import find_series
from augment.fitting.spectra import Usable, through_hann
from augment.fitting.strikes import around, lasting_s
from augment.fitting.tones import find_tones
from augment.fitting.voices import burst_pattern
from augment.fitting.written import written
from augment.profiles.noise import NoiseProfile
from augment.streams import generator

RATE = 16_000


def usable(sound, rate=RATE):
    return Usable(sound, rate, np.ones(sound.size, np.bool_), rate / 2)


def hiss(seconds, level_db, seed=1):
    return 10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def tone(seconds, frequency_hz, level_db):
    t = np.arange(round(seconds * RATE)) / RATE
    return 2**0.5 * 10 ** (level_db / 20) * np.cos(2 * np.pi * frequency_hz * t + frequency_hz)


@pytest.mark.parametrize("frequency_hz", [24.0, 30.0, 35.0, 45.0])
def test_what_is_kept_of_a_low_tone_is_what_the_filter_keeps(frequency_hz):
    sound = tone(6, frequency_hz, -20)
    inner = slice(2 * RATE, 4 * RATE)
    kept = np.mean(without_infrasound(sound, RATE)[inner] ** 2) / np.mean(sound[inner] ** 2)
    assert kept_of_low(np.array([frequency_hz]), RATE)[0] == pytest.approx(kept, abs=2e-3)


def test_frames_spread_a_tone_as_the_transform_of_their_window_does():
    length, finer = 2000, 8
    window = scipy.signal.windows.hann(length, sym=False)
    referee = np.abs(np.fft.rfft(window, finer * length)) ** 2
    referee = np.concatenate([referee[40:0:-1], referee[:41]]) / np.sum(np.concatenate([referee[:0:-1], referee]))
    tone_alone = np.zeros(201)
    tone_alone[100] = 1.0
    spread = through_hann(tone_alone, RATE / length / finer, length / RATE)
    assert spread[60:141] == pytest.approx(referee, abs=1e-5)


def test_what_a_bed_has_is_what_its_synthesis_shows():
    """Ten draws of a spectrum with steps of 30 dB, in the third octaves of a recording, against what is foreseen."""
    levels = {
        centre: -50.0 + 30 * (number % 3 == 0) for number, centre in enumerate(third_octaves_of(usable(hiss(4, 0))))
    }
    noise = Described({"kind": "third_octave_noise", "third_octave_levels_db": levels}, ("All of it.",))
    recording = _Recording(usable(hiss(10, -20)))
    seen = [recording._made(recording._sound([noise], seed, 20.0)) for seed in range(10)]
    foreseen = recording._alone(noise)
    for centre, power in foreseen.items():
        away_db = 10 * np.log10(np.mean([one[centre] for one in seen]) / power)
        # In 200 s a band has 2 x 200 x its width degrees of freedom, half of which frames that overlap leave at least.
        assert abs(away_db) < 0.15 + 4.34 * 3 / np.sqrt(100 * 0.23 * centre), centre


def test_levels_of_low_tones_are_those_before_the_filter():
    sound = without_infrasound(tone(10, 30, -20) + tone(10, 90, -20) + hiss(10, -70), RATE)
    lines, _ = find_lines(usable(sound))
    assert [round(line.frequency_hz) for line in lines] == [30, 90]
    assert [line.level_db for line in lines] == pytest.approx([-20, -20], abs=0.1)


def test_a_harmonic_that_no_line_shows_is_found_where_it_must_be():
    # In a band of 0.75 Hz, that of a Hann frame of 2 s, hiss of -40 dB has -40 - 10 lg(8000 / 0.75) = -80 dB.
    sound = tone(30, 200, -40) + tone(30, 400, -45) + tone(30, 600, -74) + hiss(30, -40)
    heard = usable(sound)
    lines, spectrum = find_lines(heard)
    tones, _ = find_tones(Demodulator(heard), lines, spectrum)
    (series,) = find_series(tones)
    assert list(series.tones) == [1, 2]
    (whole,) = completed([series], spectrum)
    assert list(whole.tones) == [1, 2, 3]
    assert whole.tones[3].line.level_db == pytest.approx(-74, abs=2)


def test_a_tone_that_is_switched_quickly_is_subtracted_with_its_sidebands():
    seconds, starts = 10, np.arange(0.2, 9.7, 0.1)
    t = np.arange(seconds * RATE) / RATE
    on = np.zeros(t.size)
    for start in starts:
        up, down = np.clip((t - start) / 0.01, 0, 1), np.clip((start + 0.06 - t) / 0.01, 0, 1)
        on = np.maximum(on, (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 - 0.5 * np.cos(np.pi * down)))
    bed = hiss(seconds, -60)
    heard = usable(on * tone(seconds, 1000, -20) + bed)
    lines, spectrum = find_lines(heard)
    tones, _ = find_tones(Demodulator(heard), lines, spectrum)
    assert len(tones) == 1
    assert tones[0].gate.starts_s.size == pytest.approx(starts.size, abs=1)
    inner = slice(RATE, 8 * RATE)
    left = without_tones(heard, tones).heard.samples[inner]
    assert np.mean(left**2) < np.mean(bed[inner] ** 2) + 0.01 * np.mean(heard.samples[inner] ** 2)


def test_the_level_of_a_burst_has_nothing_of_what_is_in_its_pauses():
    seconds, level_db, bed_db = 20, -30, -21  # of the bed, -43 dB are in the envelope's band
    t = np.arange(seconds * RATE) / RATE
    sound = tone(seconds, 1000, level_db) * (t % 1.0 < 0.5) + hiss(seconds, bed_db)
    seen = Demodulator(usable(sound)).envelope(1000.0, 40.0)
    gate = gate_of(seen, weighted_level(seen.power[seen.usable]))
    assert 10 * np.log10(gate.level) == pytest.approx(level_db, abs=0.2)
    assert gate.rate_hz == pytest.approx(1, abs=0.01)
    gain = gate_gain(gate, t)
    assert np.mean(gain[2 * RATE : 18 * RATE]) == pytest.approx(0.5, abs=0.02)


def noise_of(levels, **others):
    return Described({"kind": "third_octave_noise", "third_octave_levels_db": levels, **others}, "noise")


def test_a_bed_gets_what_lacks_and_gives_what_is_too_much():
    wanted, others = {500: 4.0, 1000: 1.0}, {500: 0.0, 1000: 0.0}
    own = {500: 1.0, 1000: 2.0}
    hum = Described({"kind": "harmonics", "levels_db": {1: -9}}, "a tone")
    _, bed = brought([hum, noise_of({500: 0.0, 1000: 3.0})], wanted, [others, own])
    assert bed.figures["third_octave_levels_db"] == {500: 6.0, 1000: 0.0}


def test_a_bed_does_not_make_good_a_tone_that_is_told_a_little_too_soft():
    hum = Described({"kind": "harmonics", "levels_db": {1: 0}}, "a tone")
    _, bed = brought([hum, noise_of({1000: -30.0})], {1000: 1.1}, [{1000: 1.0}, {1000: 0.001}])
    assert bed.figures["third_octave_levels_db"] == {1000: -30.0}


def test_knocks_ring_as_loud_as_their_third_octave_asks():
    ringing = [{"frequency_hz": f, "level_db": 0.0, "decay_s": 0.02} for f in (500, 4000)]
    knocks = Described({"kind": "pulses", "level_db": -20.0, "resonances": ringing}, "knocks")
    (found,) = brought([knocks], {500: 2.0, 4000: 1.0}, [{500: 1.0, 4000: 1.0}])
    assert [one["level_db"] for one in found.figures["resonances"]] == [3.0, 0.0]
    # Both had equal shares: (2 + 1) / (1 + 1) of the energy.
    assert found.figures["level_db"] == pytest.approx(-20 + 10 * np.log10(1.5), abs=0.06)


def test_noise_that_lives_is_told_with_its_distribution_and_its_speed():
    quantiles = {0.05: -9.0, 0.5: 0.0, 0.95: 9.0}
    modulation = {0.5: -30.0, 1: -20.0, 2: 0.0, 4: -20.0, 8: -30.0}
    swing = {"from_hz": 40, "to_hz": 8000, "level_quantiles_db": quantiles, "modulation_db": modulation}
    component = {
        "kind": "fluctuating_noise", "source": "made up", "together": 1.0, "swings": [swing],
        "octave_levels_db": {125: -20, 250: -20, 500: -20, 1000: -20, 2000: -20, 4000: -20},
    }  # fmt: skip
    profile = NoiseProfile.model_validate(
        {"title": "swaying", "about": "alone", "components": [component]}, strict=False
    )
    sound, _ = profile.render(60 * RATE, RATE, lambda name: generator("lives", name))
    lives = lives_of(Residue(usable(sound), ()))
    band = next(one for one in lives if one.from_hz < 1000 < one.to_hz)
    assert max(band.modulation_db, key=band.modulation_db.get) == 2
    for probability in (0.1, 0.9):  # linear in the normal score: 9 dB at 1.645 deviations
        wanted = 9 / 1.645 * scipy.special.ndtri(probability)
        assert band.quantiles_db[probability] == pytest.approx(wanted, abs=1.2)
    assert min(one.together for one in lives if 100 < one.from_hz < 5000) > 0.6


def test_impacts_at_random_are_counted():
    rng, seconds, rate_hz = np.random.default_rng(3), 40, 2.0
    sound = hiss(seconds, -60)
    knock = np.exp(-np.arange(1600) / 160) * np.sin(2 * np.pi * 900 * np.arange(1600) / RATE)
    times = np.cumsum(0.1 + rng.exponential(1 / rate_hz - 0.1, 200))
    times = times[times < seconds - 0.2]
    for place in np.rint(times * RATE).astype(int):
        sound[place : place + 1600] += 0.3 * knock
    heard = usable(sound)
    found = find_impacts(Residue(heard, ()), short_time(heard), ())
    assert found.rate_hz == pytest.approx(times.size / seconds, rel=0.05)
    assert 10 * np.log10(found.power) == pytest.approx(
        10 * np.log10(np.mean((sound - hiss(seconds, -60)) ** 2)), abs=0.5
    )
    frequencies = [max(one.modes, key=lambda mode: mode.energy).frequency_hz for one in found.sounds]
    assert min(abs(one - 900) for one in frequencies) < 30


def test_the_file_escapes_what_a_name_may_hold():
    one = replace(noise_of({1000: -3.0}), about='a "b" \\ c', remarks={"third_octave_levels_db": "x" * 120})
    text = written(["first"], 'A "title"', "line\nbreak", None, [one], "a: b.wav")
    assert '"A \\"title\\""' in text
    assert "line break" in text
    assert "    # " + "x" * 120 in text


def test_noise_that_is_steady_does_not_live():
    lives = lives_of(Residue(usable(hiss(20, -30)), ()))
    assert max(band.scatter_db for band in lives) < 1
    assert max(band.together for band in lives) < 0.6


def test_the_softest_fifth_tells_a_bed_that_is_knocked_on_all_the_time():
    level_db = -30
    heard = usable(hiss(20, level_db))
    _, spectrum = find_lines(heard)
    bed = find_bed(Residue(heard, ()), spectrum, STILL, np.arange(0, 20, 0.05), 0.2)
    power = np.sum(bed.density) * bed.frequency_hz[1]
    assert 10 * np.log10(power) == pytest.approx(level_db, abs=0.4)


def test_knocks_that_others_cover_are_left_as_they_were():
    ringing = [{"frequency_hz": 500, "level_db": 0.0, "decay_s": 0.02}]
    knocks = Described({"kind": "pulses", "level_db": -20.0, "resonances": ringing}, "knocks")
    hum = Described({"kind": "harmonics", "levels_db": {1: 0}}, "a tone")
    _, found = brought([hum, knocks], {500: 9.0}, [{500: 4.0}, {500: 1.0}])
    assert found == knocks


def test_impacts_of_a_train_are_none_at_random_and_clusters_are_told():
    rng, seconds = np.random.default_rng(4), 40
    sound, knock = hiss(seconds, -60), np.exp(-np.arange(800) / 80) * np.sin(2 * np.pi * 900 * np.arange(800) / RATE)
    even = np.arange(0.5, seconds - 0.5, 0.5)
    heads = np.arange(1.1, seconds - 3, 4.0)
    loose = np.sort(np.concatenate([head + 0.06 * np.arange(6) + 0.005 * rng.random(6) for head in heads]))
    for time in np.concatenate([even, loose]):
        place = round(time * RATE)
        sound[place : place + 800] += 0.3 * knock
    heard = usable(sound)
    found = find_impacts(Residue(heard, ()), short_time(heard), [Others(even, 0.03, 0.03)])
    assert found.times_s.size == pytest.approx(loose.size, abs=0.1 * loose.size)
    assert found.cluster_size > 2


def wandering(seconds, frequency_hz, level_db, seed):
    """A tone whose frequency has a random course of a quarter of a percent, each second another."""
    away = np.random.default_rng(seed).normal(0, 0.0025 * frequency_hz, seconds + 1)
    t = np.arange(seconds * RATE) / RATE
    course = frequency_hz + np.interp(t, np.arange(seconds + 1), away)
    return 2**0.5 * 10 ** (level_db / 20) * np.cos(2 * np.pi * np.cumsum(course) / RATE)


@pytest.mark.parametrize("number", [1, 2])
def test_two_tones_that_drift_side_by_side_are_two(number):
    true_hz = [number * 275.8, number * 280]
    sound = wandering(30, true_hz[0], -33, 1) + wandering(30, true_hz[1], -31, 2) + hiss(30, -26)
    lines, _ = find_lines(usable(sound))
    near = [line for line in lines if abs(line.frequency_hz - number * 278) < 12 * number]
    assert [line.frequency_hz for line in near] == pytest.approx(true_hz, abs=0.6 * number)
    assert [line.level_db for line in near] == pytest.approx([-33, -31], abs=1)


def beeps(pulses, seconds):
    """Tone pulses with ramps of 20 ms: each is its beginning in s and its frequency in Hz."""
    out, length = np.zeros(seconds * RATE), round(0.2 * RATE)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.minimum(np.arange(length) / (0.02 * RATE), 1))
    for start_s, frequency_hz in pulses:
        place = round(start_s * RATE)
        out[place : place + length] += (
            0.1 * ramp * ramp[::-1] * np.sin(2 * np.pi * frequency_hz * np.arange(length) / RATE)
        )
    return out


def alarm_in(sound, mask=None):
    heard = usable(sound + hiss(sound.size / RATE, -80))
    parts = taken_apart(heard if mask is None else replace(heard, mask=mask))
    return alarm_of(parts.voices)


def test_an_alarm_is_told_whose_first_pulse_was_before_the_recording_began():
    found = alarm_in(beeps([(0.3, 660), (10.3, 880), (10.6, 660)], 18))
    assert found.pulse_hz == pytest.approx((880, 660), rel=1e-3)
    # Gaps are between points at 90 % of the amplitude, which a raised cosine of 20 ms has 15.9 ms from its foot.
    assert found.spacings_s == pytest.approx((0.132,), abs=0.005)
    assert found.interval_s == pytest.approx(9.832, abs=0.01)


def test_an_alarm_goes_on_through_what_was_not_heard():
    starts = np.arange(0.5, 38, 3.0)
    sound, mask = (
        beeps([(start + 0.4 * n, 700) for start in starts for n in range(3)], 40),
        np.ones(40 * RATE, np.bool_),
    )
    mask[round(11.1 * RATE) : round(25.6 * RATE)] = False  # in the middle of bursts
    found = alarm_in(sound, mask)
    assert len(found.spacings_s) == 2
    assert found.interval_s == pytest.approx(3 - 2 * 0.4 - 0.2 + 0.032, abs=0.01)


def test_beeps_in_no_order_are_no_alarm():
    starts = np.cumsum(np.random.default_rng(5).uniform(0.4, 2.5, 20))
    assert alarm_in(beeps([(start, 700) for start in starts], 40)) is None


def test_a_beep_that_came_once_is_no_part_of_a_machine():
    parts = taken_apart(usable(beeps([(5.0, 900)], 20) + tone(20, 200, -30) + hiss(20, -60)))
    assert [round(voice.fundamental_hz) for voice in parts.voices] == [200]


def test_a_beep_that_is_all_there_is_is_told_at_the_level_that_it_has_while_it_sounds():
    sound = beeps([(5.0, 900)], 20) + hiss(20, -90)
    (voice,) = taken_apart(usable(sound)).voices
    begin, end = round(5.05 * RATE), round(5.15 * RATE)
    assert voice.levels_db[1] == pytest.approx(10 * np.log10(np.mean(sound[begin:end] ** 2)), abs=0.5)
    bursts = burst_pattern(voice.gate, 20.0)
    assert bursts.period_s == pytest.approx(20, abs=0.01)  # as often as it did
    (told,) = [one for one in described(taken_apart(usable(sound)), 20.0) if one.figures["kind"] == "harmonics"]
    assert "as often as they did" in told.remarks["bursts"]
    cut = sound[round(5.03 * RATE) :]  # its beginning was not heard
    assert [round(one.fundamental_hz) for one in taken_apart(usable(cut)).voices] == [900]


def test_soft_tones_that_are_switched_with_others_keep_their_level_where_something_was_not_heard():
    t = np.arange(30 * RATE) / RATE
    levels = {1: -20, 2: -22, 3: -25, 4: -51}  # of the last, no envelope shows more than the noise
    on = t % 0.15 < 0.118
    sound = on * sum(tone(30, 400 * k, level) for k, level in levels.items()) + hiss(30, -44)
    mask = np.ones(t.size, np.bool_)
    mask[9 * RATE : 18 * RATE] = False
    voice = taken_apart(replace(usable(sound), mask=mask)).voices[0]
    assert {number: voice.levels_db[number] for number in levels} == pytest.approx(levels, abs=1)


def test_two_bursts_have_the_period_from_one_to_the_other():
    found = burst_pattern(Gate(np.array([1.0, 4.5]), np.array([0.5, 0.7]), 0.02, 1.0), 10.0)
    assert found.period_s == pytest.approx(3.5)
    assert found.on_s == pytest.approx(0.62)


def test_pauses_that_were_not_heard_tell_no_period():
    gate = Gate(np.array([0.0, 1.0, 2.0, 9.5, 10.5]), np.full(5, 0.4), 0.02, 1.0, np.array([[2.5, 9.4]]))
    assert gate.periods_s() == pytest.approx([1, 1, 1])
    assert burst_pattern(gate, 11.0).period_s == pytest.approx(1, abs=0.01)


def test_a_burst_too_many_does_not_shorten_an_even_period():
    starts = np.sort(np.append(np.arange(0, 20, 1.25), 6.9))
    found = burst_pattern(Gate(starts, np.full(starts.size, 0.2), 0.02, 1.0), 20.0)
    assert found.period_s == pytest.approx(1.25, rel=0.005)


def swelling(seconds, rate_hz, depth, level_db):
    return hiss(seconds, level_db) * (1 + depth * np.cos(2 * np.pi * rate_hz * np.arange(seconds * RATE) / RATE))


@pytest.mark.parametrize(("rate_hz", "depth"), [(0.4, 0.08), (3.0, 0.1), (10.0, 0.6)])
def test_rates_of_swells_are_known_to_half_a_percent(rate_hz, depth):
    found = find_moves(Residue(usable(swelling(30, rate_hz, depth, -30)), ()))
    assert found.swing.rate_hz == pytest.approx(rate_hz, rel=0.005)
    assert found.swing.depth == pytest.approx(depth, rel=0.25)


def test_a_word_that_was_missed_hides_no_swell():
    sound = swelling(30, 0.6, 0.15, -40)
    sound[12 * RATE : 14 * RATE] += hiss(2, -20, 7)
    assert find_moves(Residue(usable(sound), ())).swing.rate_hz == pytest.approx(0.6, rel=0.01)


def test_what_wanders_like_voices_swells_at_no_rate():
    rng = np.random.default_rng(9)
    course = np.interp(np.arange(10 * RATE) / RATE, np.arange(0, 10.3, 0.3), rng.normal(0, 0.5, 35))
    assert find_moves(Residue(usable(hiss(10, -30) * np.exp(course)), ())).swing is None


def test_what_is_struck_again_and_again_does_not_swell():
    phase = 2.0 * np.arange(30 * RATE) / RATE % 1
    assert find_moves(Residue(usable(hiss(30, -40) * (1 + 5 * np.exp(-phase / 0.1))), ())).swing is None


def test_releases_of_air_are_seen_between_blows_that_ring():
    rng, seconds = np.random.default_rng(2), 30
    sound, ring = hiss(seconds, -60), np.arange(RATE // 2)
    for start in np.sort(rng.uniform(0, 29, 60)):
        place = round(start * RATE)
        blow = scipy.signal.sosfilt(
            scipy.signal.butter(6, 1500, "low", fs=RATE, output="sos"), rng.normal(size=ring.size)
        )
        sound[place : place + ring.size] += 0.2 * np.exp(-ring / 1600) * blow
    high = scipy.signal.sosfilt(scipy.signal.butter(6, 4500, "high", fs=RATE, output="sos"), hiss(seconds, -30, 3))
    sound += high * ((np.arange(sound.size) / RATE) % 1.25 < 0.25)
    found = find_moves(Residue(usable(sound), ())).gate
    assert found.rate_hz == pytest.approx(0.8, rel=0.01)
    assert found.on_s == pytest.approx(0.25, abs=0.08)


def knocked(kernels, seconds, rate_hz, seed):
    """Knocks, each with one of some kernels, at random times 0.15 s apart at least; heavy tails of level."""
    rng, out = np.random.default_rng(seed), np.zeros(seconds * RATE)
    times = np.cumsum(0.15 + rng.exponential(1 / rate_hz - 0.15, seconds * 20))
    for time in times[times < seconds - 1]:
        kernel, place = kernels(rng), round(time * RATE)
        out[place : place + kernel.size] += 0.1 * 10 ** (rng.normal(0, 6) / 20) * kernel
    return out


def test_clatter_is_noise_and_a_glass_rings():
    t = np.arange(round(0.4 * RATE)) / RATE

    def clatter(rng):
        return rng.standard_normal(t.size) * np.exp(-t / 0.008)

    def glass(rng):
        return np.sin(2 * np.pi * 2350 * t + rng.uniform(0, 6)) * np.exp(-t / 0.03)

    for kernels, noisy in ((clatter, True), (glass, False)):
        heard = usable(knocked(kernels, 40, 3.0, 6) + hiss(40, -80))
        found = find_impacts(Residue(heard, ()), short_time(heard), ())
        largest = max(found.sounds, key=lambda one: one.share)
        loudest = max(largest.modes, key=lambda one: one.energy)
        assert largest.noisy == noisy
        # A decay of exp(-t / tau) falls by 60 dB within 6.9 tau.
        assert loudest.decay_s == pytest.approx(6.9 * (0.008 if noisy else 0.03), rel=0.35)
        if not noisy:
            assert loudest.frequency_hz == pytest.approx(2350, abs=15)


def test_impacts_are_heard_on_others_that_ring_in_a_silent_room():
    t = np.arange(round(0.4 * RATE)) / RATE
    made = []

    def bell(_):
        made.append(np.sin(2 * np.pi * 1100 * t) * np.exp(-t / 0.06))
        return made[-1]

    heard = usable(knocked(bell, 40, 3.0, 11) + hiss(40, -110))
    found = find_impacts(Residue(heard, ()), short_time(heard), ())
    assert 0.95 * len(made) < found.times_s.size < 1.3 * len(made)  # where one covers another it may count twice


def test_impacts_have_the_power_that_they_bring():
    clean = knocked(lambda rng: rng.standard_normal(3200) * np.exp(-np.arange(3200) / 160), 40, 3.0, 8)
    heard = usable(clean + hiss(40, -60))
    found = find_impacts(Residue(heard, ()), short_time(heard), ())
    assert 10 * np.log10(found.power) == pytest.approx(10 * np.log10(np.mean(clean**2)), abs=0.7)


def test_rumble_is_no_part_of_clicks():
    low = scipy.signal.sosfilt(scipy.signal.butter(4, 70, "low", fs=RATE, output="sos"), hiss(40, 0, 4))
    clicks = knocked(lambda rng: rng.standard_normal(1600) * np.exp(-np.arange(1600) / 100), 40, 3.0, 8)
    heard = usable(clicks + low + hiss(40, -80))
    found = find_impacts(Residue(heard, ()), short_time(heard), ())
    assert min(mode.frequency_hz for one in found.sounds for mode in one.modes) > 100


def test_components_that_nobody_hears_are_left_out():
    loud, faint = noise_of({1000: -10.0}), noise_of({1000: -70.0})
    assert heard_ones([loud, faint]) == (loud,)


def struck(times_s, powers, seconds, frequency_hz=2000.0):
    """Tones that begin at given times, with given power over time."""
    out, amplitude = np.zeros(seconds * RATE), np.sqrt(2 * np.asarray(powers))
    for time_s in times_s:
        start = round(time_s * RATE)
        out[start : start + amplitude.size] += amplitude * np.sin(
            2 * np.pi * frequency_hz * np.arange(amplitude.size) / RATE
        )
    return out


@pytest.mark.parametrize(("tail", "expected_s"), [(0.0, 13.8 * 0.01), (0.01, 13.8 * 0.0117)])
def test_what_is_loud_decides_how_long_a_knock_lasts(tail, expected_s):
    # Powers exp(-t / 10 ms), and a soft tail of 100 ms: 1.1^2 / (2 * 0.519) of 10 ms are 11.7 ms.
    t = np.arange(round(0.4 * RATE)) / RATE
    times = np.arange(0.5, 19, 0.63)
    sound = struck(times, 0.01 * (np.exp(-t / 0.01) + tail * np.exp(-t / 0.1)), 20) + hiss(20, -80)
    found = lasting_s(Demodulator(usable(sound)), 2000.0, 400.0, around(times, 0.5), 0.04)
    assert found == pytest.approx(expected_s, rel=0.2)


def test_two_pulses_of_like_power_that_a_short_window_parts_are_two_lines():
    # At the edge of a recording long windows see little of them.
    t = np.arange(round(0.2 * RATE)) / RATE
    sound = hiss(12, -90)
    for start_s, frequency_hz in ((0.03, 1960.0), (0.42, 1977.6)):
        place = round(start_s * RATE)
        sound[place : place + t.size] += 0.1 * np.sin(2 * np.pi * frequency_hz * t) * np.hanning(t.size)
    lines = [line for line in find_lines(usable(sound))[0] if line.level_db > -80]
    assert [line.frequency_hz for line in lines] == pytest.approx([1960, 1977.6], abs=2)


def test_one_burst_that_is_most_of_a_recording_is_no_burst():
    def switched(until_s):
        sound = tone(12, 256, -30) * (np.abs(np.arange(12 * RATE) / RATE - 6) < until_s / 2) + hiss(12, -60)
        return Demodulator(usable(sound)).envelope(256.0, 20.0)

    short, long_ = switched(2), switched(10)
    assert gate_of(short, weighted_level(short.power[short.usable])).on_s == pytest.approx(2, abs=0.1)
    assert gate_of(long_, weighted_level(long_.power[long_.usable])) is None


def test_a_tone_that_came_once_beside_one_that_swells_is_no_fault():
    t = np.arange(20 * RATE) / RATE
    once = tone(20, 400, -20) * ((t > 5) & (t < 8))
    swelling_too = tone(20, 800, -26) * (1 + 0.5 * np.cos(2 * np.pi * 1.5 * t))
    voices = taken_apart(usable(once + swelling_too + hiss(20, -60))).voices
    assert [voice.swing.rate_hz for voice in voices if voice.swing is not None] == pytest.approx([1.5], abs=0.01)
