"""Steps of a fit, each asked for itself: closed forms, and sounds of which all is known."""

from dataclasses import replace

import numpy as np
import pytest
import scipy

from augment.acoustics.filters import kept_of_low, without_infrasound
from augment.fitting.balance import brought
from augment.fitting.bed import STILL, find_bed
from augment.fitting.described import Described
from augment.fitting.envelopes import Demodulator
from augment.fitting.faint import completed
from augment.fitting.gates import gate_gain, gate_of
from augment.fitting.impacts import Others, find_impacts
from augment.fitting.lines import find_lines
from augment.fitting.lives import lives_of
from augment.fitting.patterns import weighted_level
from augment.fitting.residue import Residue, without_tones
from augment.fitting.rhythm import short_time
from augment.fitting.series import find_series
from augment.fitting.spectra import Usable
from augment.fitting.tones import find_tones
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
    band = next(one for one in lives.bands if one.from_hz < 1000 < one.to_hz)
    assert max(band.modulation_db, key=band.modulation_db.get) == 2
    for probability in (0.1, 0.9):  # linear in the normal score: 9 dB at 1.645 deviations
        wanted = 9 / 1.645 * scipy.special.ndtri(probability)
        assert band.quantiles_db[probability] == pytest.approx(wanted, abs=1.2)
    assert lives.together > 0.7


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
    assert max(band.scatter_db for band in lives.bands) < 1
    assert lives.together < 0.5


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
