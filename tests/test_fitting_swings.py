"""How noise and tones swing: as they were heard to. Referees are draws of known processes, Welch's method and scipy."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import scipy

from augment.acoustics.filters import without_infrasound
from augment.acoustics.fluctuation import _Power
from augment.acoustics.quantiles import LevelCurve
from augment.acoustics.synthesis import harmonics, turned, wander
from augment.fitting import fitted, modulation
from augment.fitting.bed import Bed
from augment.fitting.crests import crest, peaked, stretched, untypical
from augment.fitting.described import Described
from augment.fitting.drift import autocovariances
from augment.fitting.envelopes import Demodulator
from augment.fitting.fit import taken_apart
from augment.fitting.fitted import _Recording
from augment.fitting.lines import find_lines
from augment.fitting.lives import _Seen, lives_of
from augment.fitting.modulation import RATES_HZ, overlap, spectrum_for
from augment.fitting.residue import Residue
from augment.fitting.spectra import Usable
from augment.fitting.tones import find_tones
from augment.fitting.wander import wander_of
from augment.profiles.noise import NoiseProfile
from augment.streams import generator

RATE = 16_000
MODEST = {0.02: -8.0, 0.1: -5.0, 0.25: -2.6, 0.5: 0.0, 0.75: 2.6, 0.9: 5.0, 0.98: 8.0}
SLOW_AND_QUICK = {f: {1.0: 0.0, 32.0: 0.0, 64.0: -3.0}.get(f, -20.0) for f in RATES_HZ}


def usable(sound, rate=RATE):
    return Usable(sound, rate, np.ones(sound.size, np.bool_), rate / 2)


def living(seconds, quantiles, spectra, together=0.0, seed=1):
    """Noise of one kHz and of the four above, with swings of their own."""
    bands = [
        {"from_hz": low, "to_hz": high, "level_quantiles_db": quantiles, "modulation_db": spectrum}
        for (low, high), spectrum in zip(((707, 1414), (1414, 5657)), spectra, strict=True)
    ]
    component = {
        "kind": "fluctuating_noise", "source": "made up", "together": together, "swings": bands,
        "octave_levels_db": {1000: -20, 2000: -20, 4000: -20},
    }  # fmt: skip
    profile = NoiseProfile.model_validate(
        {"title": "made up", "about": "made up", "components": [component]}, strict=False
    )
    return profile.render(round(seconds * RATE), RATE, lambda name: generator("swings", seed, name))[0]


def power_octaves(power, rate_hz):
    """Variance of power over its mean by octave of modulation frequency, by scipy's Welch."""
    frequency, density = scipy.signal.welch(power / power.mean() - 1, rate_hz, nperseg=round(16 * rate_hz))
    step = frequency[1]
    return np.array([np.sum(density[(frequency >= f / 2**0.5) & (frequency < f * 2**0.5)]) * step for f in RATES_HZ])


def scores_of(modulation_db, seconds, rate_hz, rng):
    """A Gaussian process that is flat within each octave, drawn in the frequency domain."""
    size = round(seconds * rate_hz)
    frequency = np.fft.rfftfreq(size, 1 / rate_hz)
    density = np.zeros(frequency.size)
    for centre, level in modulation_db.items():
        inside = (frequency >= centre / 2**0.5) & (frequency < centre * 2**0.5)
        density[inside] = 10 ** (level / 10) / np.count_nonzero(inside)
    drawn = np.sqrt(density) * (rng.standard_normal(frequency.size) + 1j * rng.standard_normal(frequency.size))
    score = np.fft.irfft(drawn, size)
    return score / score.std()


@pytest.mark.parametrize("spectrum", [SLOW_AND_QUICK, {f: -3.0 * n for n, f in enumerate(RATES_HZ)}])
def test_power_swings_as_the_formula_says(spectrum):
    """Mehler's series against a draw of the process itself, of half an hour."""
    rate_hz, curve = 400, LevelCurve.of(MODEST)
    score = scores_of(spectrum, 2048, rate_hz, np.random.default_rng(1))
    drawn = power_octaves(curve.gains(score) ** 2, rate_hz)
    told = modulation._power_octaves(np.array(list(spectrum.values())), modulation._squares(curve))
    counted = drawn > np.max(drawn) / 20  # below that, the window of the referee shows what is beside
    assert 10 * np.log10(told[counted]) == pytest.approx(10 * np.log10(drawn[counted]), abs=1.2)


def test_coefficients_add_up_to_the_variance_of_power():
    curve = LevelCurve.of(MODEST)
    drawn = np.var(curve.gains(np.random.default_rng(1).standard_normal(1_000_000)) ** 2)
    assert np.sum(modulation._squares(curve)) == pytest.approx(drawn, rel=0.03)
    assert crest(curve) - 1 == pytest.approx(drawn, rel=0.03)


@pytest.mark.parametrize("quickest", [4.0, 64.0])
def test_a_swing_is_found_for_the_power_that_is_wanted(quickest):
    """What is wanted is what a known swing does; told back, power does the same."""
    known = {f: 0.0 if f == quickest else -12.0 for f in RATES_HZ}
    curve = LevelCurve.of(MODEST)
    squares = modulation._squares(curve)
    does = modulation._power_octaves(np.array(list(known.values())), squares)
    shares = 10 ** (np.array(list(known.values())) / 10)
    found = spectrum_for(curve, does, shares)
    again = modulation._power_octaves(np.array(list(found.values())), squares)
    assert 10 * np.log10(again) == pytest.approx(10 * np.log10(does), abs=0.4)
    assert max(found, key=found.get) == quickest


def test_what_power_does_quickly_is_added_to_what_the_score_does_slowly():
    """Pauses hold little power, and are what is heard through: they are not shortened to make power quicker."""
    slow = np.array([10.0 if f < 2 else 0.1 for f in RATES_HZ])
    quick = np.array([0.01 if f < 16 else 1.0 for f in RATES_HZ])
    found = spectrum_for(LevelCurve.of(MODEST), quick, slow)
    shares = np.array([10 ** (level / 10) for level in found.values()])
    assert np.sum(shares[:3]) > 0.45 * np.sum(shares)
    assert np.sum(shares[6:]) > 0.2 * np.sum(shares)


def test_only_the_top_of_the_levels_is_stretched():
    wanted = 2 * crest(LevelCurve.of(MODEST))
    found = stretched(MODEST, wanted)
    assert {p: level for p, level in found.items() if p <= 0.9} == {p: v for p, v in MODEST.items() if p <= 0.9}
    assert crest(LevelCurve.of(found)) == pytest.approx(wanted, rel=0.01)


def test_levels_are_not_stretched_beyond_what_a_profile_can_say():
    """Silence, and one click: no stretch of levels would be enough."""
    silent = {0.02: -60.0, 0.1: -50.0, 0.25: -30.0, 0.5: 0.0, 0.75: 20.0, 0.9: 30.0, 0.98: 50.0, 0.995: 59.0}
    found = list(stretched(silent, 1e9).values())
    assert max(found) == 60
    assert found == sorted(found)


def test_levels_become_as_peaked_as_they_typically_are_where_that_was_heard():
    heard = 1.5 * crest(LevelCurve.of(MODEST))
    assert crest(LevelCurve.of(peaked(MODEST, heard, 1e9))) == pytest.approx(heard, rel=0.01)
    assert heard < crest(LevelCurve.of(peaked(MODEST, heard, 20))) < 1.27 * heard


def test_few_rare_blows_typically_show_less_than_they_do():
    """Against the median of the variance of draws."""
    heavy = LevelCurve.of({**MODEST, 0.98: 12.0})
    rng, count = np.random.default_rng(1), 2000
    variances = [np.var(heavy.gains(rng.standard_normal(count)) ** 2) for _ in range(400)]
    assert untypical(heavy, count) == pytest.approx(np.mean(variances) / np.median(variances), abs=0.06)
    assert untypical(LevelCurve.of({0.1: -0.5, 0.9: 0.5}), count) == pytest.approx(1, abs=1e-3)


def test_bands_share_what_both_do():
    slow = {f: 0.0 if f == 1 else -40.0 for f in RATES_HZ}
    quick = {f: 0.0 if f == 32 else -40.0 for f in RATES_HZ}
    assert overlap(slow, slow) == pytest.approx(1)
    assert overlap(slow, quick) < 0.1


def band_power(sound, low, high, frame_s=0.004):
    """Power of a band in frames, by an outsider's filter."""
    band = scipy.signal.sosfiltfilt(scipy.signal.butter(4, (low, high), "band", fs=RATE, output="sos"), sound)
    length = round(frame_s * RATE)
    return np.mean(band[: band.size // length * length].reshape(-1, length) ** 2, axis=1)


def test_swings_reach_64_hz():
    spectrum = {f: 0.0 if f == 64 else -40.0 for f in RATES_HZ}
    swinging = power_octaves(band_power(living(60, MODEST, (spectrum, spectrum)), 1600, 5400), 250)
    steady = power_octaves(band_power(living(60, {0.1: -0.01, 0.9: 0.01}, (spectrum, spectrum)), 1600, 5400), 250)
    curve = LevelCurve.of(MODEST)
    own = swinging - steady * crest(curve)
    does = modulation._power_octaves(np.array(list(spectrum.values())), modulation._squares(curve))
    # Means over 4 ms take 1 dB of a swing at 64 Hz, and straight lines between 400 levels a second 0.4 dB.
    assert 10 * np.log10(own[-1]) == pytest.approx(10 * np.log10(does[-1]) - 1.4, abs=1.5)
    assert np.sum(own[:5]) < 0.1 * own[-1] + 0.1 * np.sum(does)


def test_bands_of_one_score_keep_their_own_speeds():
    """Two bands that swing together, one slowly and one quickly, do not take on each other's speed."""
    slow = {f: 0.0 if f == 1 else -30.0 for f in RATES_HZ}
    quick = {f: 0.0 if f == 16 else -30.0 for f in RATES_HZ}
    sound = living(90, MODEST, (slow, quick), together=1.0)
    low, high = (power_octaves(band_power(sound, *band), 250) for band in ((760, 1320), (1600, 5400)))
    assert 10 * np.log10(low[2] / low[6]) > 3
    assert 10 * np.log10(high[6] / high[2]) > 6


def test_a_quick_life_is_told_as_quick():
    """A life whose power swings at 64 Hz, told from a recording of it and drawn again."""
    quick = {f: 0.0 if f == 64 else -20.0 for f in RATES_HZ}
    lives = lives_of(Residue(usable(living(30, MODEST, (quick, quick))), ()))
    band = next(one for one in lives if one.from_hz < 2000 < one.to_hz)
    assert max(band.modulation_db, key=band.modulation_db.get) >= 32
    heard = band_power(living(30, MODEST, (quick, quick)), 1600, 2700)
    again = band_power(living(30, band.quantiles_db, (band.modulation_db,) * 2, seed=5), 1600, 2700)
    wanted, found = (10 * np.log10(power_octaves(one, 250)[5:]) for one in (heard, again))
    assert found == pytest.approx(wanted, abs=2)


def test_the_ends_of_a_recording_are_no_swing():
    """A bang in the first hundredth of a second makes no life of rare bangs."""
    calm = living(12, {0.1: -0.5, 0.9: 0.5}, ({1.0: 0.0},) * 2)
    bang = calm.copy()
    bang[:160] *= 60
    told = [lives_of(Residue(usable(sound), ())) for sound in (calm, bang)]
    for one, other in zip(*told, strict=True):
        crests = [crest(LevelCurve.of(band.quantiles_db)) for band in (one, other)]
        assert crests[1] < 1.3 * crests[0]


def test_a_bed_is_as_loud_as_its_long_run():
    """By its figures, and not by a few seconds in which there were too many rare blows, or none."""
    levels = {f: -30.0 - n for n, f in enumerate((250, 315, 400, 500, 630, 800, 1000))}
    heavy = {0.1: -3.0, 0.5: 0.0, 0.9: 3.0, 0.98: 22.0, 0.995: 32.0}
    swing = {"from_hz": 200, "to_hz": 1200, "level_quantiles_db": heavy, "modulation_db": {0.25: 0.0, 0.5: 0.0}}
    figures = {"kind": "fluctuating_noise", "third_octave_levels_db": levels, "swings": [swing]}
    told = _Recording(usable(np.random.default_rng(1).standard_normal(6 * RATE)))._alone(Described(figures, "a bed"))
    for centre, level in levels.items():
        assert 10 * math.log10(told[centre]) == pytest.approx(level, abs=0.3)


def test_a_low_bed_is_as_loud_as_recordings_have_it():
    """Of 31.5 Hz recordings keep a part only: against a minute of it through the filter."""
    levels = {25: -20.0, 31.5: -20.0, 40: -20.0, 50: -20.0}
    figures = {"kind": "third_octave_noise", "third_octave_levels_db": levels}
    told = _Recording(usable(np.random.default_rng(1).standard_normal(20 * RATE)))._alone(Described(figures, "a bed"))
    profile = NoiseProfile.model_validate(
        {"title": "made up", "about": "made up", "components": [{**figures, "source": "made up"}]}, strict=False
    )
    sound = profile.render(60 * RATE, RATE, lambda name: generator("bed", name))[0]
    frequency, density = scipy.signal.welch(without_infrasound(sound, RATE), RATE, nperseg=4 * RATE)
    for centre in (31.5, 40):
        inside = (frequency >= centre * 10**-0.05) & (frequency < centre * 10**0.05)
        kept_db = 10 * np.log10(np.sum(density[inside]) * frequency[1])
        assert 10 * math.log10(told[centre]) == pytest.approx(kept_db, abs=1.2)


def test_power_goes_in_straight_lines_from_level_to_level():
    power = _Power(np.array([1.0, 3.0, 0.0, 4.0]), 4, 2)
    expected = [2, 2.5, 3, 2.25, 1.5, 0.75, 0, 1, 2]
    assert (power(0, 9) ** 2).tolist() == pytest.approx(expected)
    assert (power(3, 7) ** 2).tolist() == pytest.approx(expected[3:7])


def test_what_is_steady_has_no_crest():
    """What Gaussian noise swings by itself in short frames is no life of its level."""
    noise = 0.01 * np.random.default_rng(1).standard_normal(20 * RATE)
    assert max(crest(LevelCurve.of(band.quantiles_db)) for band in lives_of(Residue(usable(noise), ()))[2:]) < 1.06


def frames(power, step_s=0.0085, degrees=16.0):
    return _Seen(700, 1400, power, np.ones(power.size, np.bool_), step_s, degrees)


@pytest.mark.parametrize("rate_hz", [4.0, 16.0, 32.0])
def test_frames_take_as_much_of_a_swing_as_is_given_back(rate_hz):
    """A sine of power, seen through squared Hann windows: how much of its variance is left."""
    step_s, fine = 0.0085, 64
    window = scipy.signal.windows.hann(2 * fine, sym=False) ** 2
    t = np.arange(2 * fine + 4000) * step_s / fine
    seen = np.convolve(np.cos(2 * np.pi * rate_hz * t), window / window.sum(), "valid")
    assert frames(np.ones(40))._blur(np.array([rate_hz]))[0] == pytest.approx(np.max(np.abs(seen)) ** 2, rel=0.01)


def test_what_frames_blur_is_given_back():
    seen, frequency = frames(np.ones(40)), np.linspace(0, 58, 200)
    blur = seen._blur(frequency)
    assert seen._own(frequency, 3 * blur, 0.0)[blur > 0.3] == pytest.approx(3)
    # Noise of the estimate, in as many words, is taken away: its variance is its density times the band.
    noisy = 3 * blur + 5 * blur / (np.mean(blur) * frequency[-1])
    assert seen._own(frequency, noisy, 5.0)[blur > 0.3] == pytest.approx(3)


def test_speckle_is_no_part_of_the_crest():
    """Levels of a known crest, under chi-square noise of 16 degrees of freedom."""
    rng, curve = np.random.default_rng(1), LevelCurve.of(MODEST)
    power = curve.gains(rng.standard_normal(60_000)) ** 2 * rng.chisquare(16, 60_000) / 16
    quantiles, _ = frames(power).told()
    assert crest(LevelCurve.of(quantiles)) == pytest.approx(crest(curve), rel=0.05)


def test_bands_of_unlike_speed_are_told_as_far_as_both_go():
    """One white noise, told slowly in one band and quickly in the other: their scores are little correlated."""
    slow = {f: {1.0: 0.0, 2.0: 0.0, 4.0: -6.0}.get(f, -25.0) for f in RATES_HZ}
    quick = {f: {2.0: -6.0, 4.0: 0.0, 8.0: 0.0}.get(f, -25.0) for f in RATES_HZ}
    bands = lives_of(Residue(usable(living(60, MODEST, (slow, quick), together=1.0)), ()))
    one, other = (next(b for b in bands if b.from_hz < hz < b.to_hz) for hz in (1000, 2000))
    assert math.sqrt(one.together * other.together) > 0.55


# What is taken for what


def choice(monkeypatch, lives, over, knocks_db):
    """Which description is taken, of one at a distance of 10, of noise that lives, and of impacts over it."""

    def told(distance, *components):
        return SimpleNamespace(distance=distance, components=components)

    bed = Described({"kind": "third_octave_noise", "third_octave_levels_db": {1000: -20.0}}, "a bed")
    knocks = Described({"kind": "knocks", "level_db": knocks_db}, "knocks")
    parts = SimpleNamespace(impacts=True, bed=SimpleNamespace(gate=None, swing=None))
    made = {False: told(lives, bed), True: told(over, knocks, bed), None: told(10.0, knocks, bed)}
    monkeypatch.setattr(fitted, "with_lives", lambda _, over: over)
    monkeypatch.setattr(fitted, "off", lambda distance: distance)
    recording = SimpleNamespace(brought=lambda which: made[which if isinstance(which, bool) else None])
    best = fitted._nearest(parts, recording)
    return next(
        name for name, one in (("lives", made[False]), ("over", made[True]), ("plain", made[None])) if one is best
    )


@pytest.mark.parametrize(
    ("lives", "over", "knocks_db", "taken"),
    [
        (5.0, 6.0, -21.0, "over"),  # impacts hold nearly half of the power: they are what it is of
        (3.0, 6.0, -21.0, "lives"),  # unless noise that lives is so much nearer
        (5.0, 6.0, -26.0, "lives"),  # a fifth of the power is a part of the noise
        (9.0, 9.0, -21.0, "plain"),  # and noise that lives must be worth its many figures
    ],
)
def test_impacts_that_a_recording_is_of_stay_impacts(monkeypatch, lives, over, knocks_db, taken):
    assert choice(monkeypatch, lives, over, knocks_db) == taken


# Tones whose level wanders


def hum(seconds, deviation_db, time_s, noise_db=-70.0, seed=1):
    def streams(name):
        return generator("hum", seed, name)

    samples = round(seconds * RATE)
    tones = harmonics(turned(samples, RATE, streams, 150.0), RATE, streams, 150.0, {1: -20.0, 2: -23.0, 3: -26.0})
    if deviation_db:
        tones = tones * wander(samples, RATE, streams, deviation_db, time_s)
    return tones + 10 ** (noise_db / 20) * np.random.default_rng(seed).standard_normal(samples)


@pytest.mark.parametrize(("deviation_db", "time_s"), [(1.0, 0.1), (2.0, 0.5), (3.0, 0.05)])
def test_a_level_that_wanders_is_told_with_its_spread_and_its_time(deviation_db, time_s):
    (voice,) = taken_apart(usable(hum(60, deviation_db, time_s))).voices
    # Within ±40 Hz an Ornstein-Uhlenbeck level has all but a few per cent of its variance; in 60 s its own varies.
    assert voice.wander.deviation_db == pytest.approx(deviation_db, rel=0.2)
    assert voice.wander.time_s == pytest.approx(time_s, rel=0.4)


@pytest.mark.parametrize("noise_db", [-75.0, -50.0, -35.0])
def test_noise_beside_a_steady_tone_is_no_wandering(noise_db):
    for seed in range(3):
        assert all(voice.wander is None for voice in taken_apart(usable(hum(20, 0, 1, noise_db, seed))).voices)


def test_what_swells_evenly_does_not_wander():
    """A level that is told as a swing is not told twice."""
    t = np.arange(20 * RATE) / RATE
    sound = hum(20, 0, 1) * (1 + 0.5 * np.cos(2 * np.pi * 2 * t))
    (voice,) = taken_apart(usable(sound)).voices
    assert voice.swing.rate_hz == pytest.approx(2, rel=0.01)
    assert voice.wander is None


def test_neighbours_do_not_count_as_wandering():
    """A tone of another machine, 4 Hz away, beats with this one and is no change of its level."""
    t = np.arange(20 * RATE) / RATE
    sound = hum(20, 0, 1) + 0.04 * np.cos(2 * np.pi * 154.1 * t)
    voices = taken_apart(usable(sound)).voices
    assert len([tone for voice in voices for tone in voice.tones]) == 4
    assert all(voice.wander is None for voice in voices)


def test_noise_under_a_tone_does_not_make_it_wander_more():
    """Its level swings by the noise as well, as much as by itself here: what is told is its own."""
    (voice,) = taken_apart(usable(hum(60, 1.0, 0.4, noise_db=-13))).voices[:1]
    assert voice.wander.deviation_db == pytest.approx(1.0, abs=0.25)


def test_noise_that_the_bed_does_not_know_of_is_no_wandering():
    """Tones 10 Hz apart in noise: it forgets itself as quickly as bands so narrow let it."""
    t = np.arange(20 * RATE) / RATE
    tones = sum(0.05 * np.cos(2 * np.pi * f * t + f) for f in (400, 410, 420))
    heard = usable(tones + 0.12 * np.random.default_rng(1).standard_normal(t.size))
    lines, spectrum = find_lines(heard)
    demodulator = Demodulator(heard)
    found, _ = find_tones(demodulator, lines, spectrum)
    bed = Bed(np.full(100, 1e-15), np.arange(100) * 80.0, None, np.zeros(100), None)
    assert wander_of(demodulator, found, [tone.line for tone in found], bed) is None


def test_what_does_not_count_is_in_no_covariance():
    values = np.random.default_rng(1).standard_normal(3000)
    good = np.arange(3000) % 7 != 0
    spoilt = np.where(good, values, 1e9)
    found = autocovariances(spoilt, good)
    assert found[0] == pytest.approx(np.mean(values[good] ** 2))
    both = good[5:] & good[:-5]
    assert found[5] == pytest.approx(np.mean((values[5:] * values[:-5])[both]))


def test_too_little_is_told_as_nothing():
    heard = usable(hum(10, 2.0, 0.1))
    lines, spectrum = find_lines(heard)
    demodulator = Demodulator(heard)
    tones, _ = find_tones(demodulator, lines, spectrum)
    lines = [tone.line for tone in tones]
    bed = Bed(np.full(100, 1e-12), np.arange(100) * 80.0, None, np.zeros(100), None)
    assert wander_of(demodulator, tones, lines, bed) is not None
    short = Demodulator(replace(heard, mask=np.arange(heard.samples.size) < 2000))
    assert wander_of(short, tones, lines, bed) is None


def test_a_wandering_level_keeps_the_mean_power_and_its_spread():
    """By the envelope of a tone, from scipy's Hilbert transform."""
    sound = hum(120, 2.0, 0.2, noise_db=-120)
    tone = scipy.signal.sosfiltfilt(scipy.signal.butter(4, (110, 190), "band", fs=RATE, output="sos"), sound)
    level = 20 * np.log10(np.abs(scipy.signal.hilbert(tone)))[RATE:-RATE]
    assert np.std(level) == pytest.approx(2.0, rel=0.15)
    assert 10 * np.log10(np.mean(tone**2)) == pytest.approx(-20, abs=0.3)
    lag = round(0.2 * RATE)
    centred = level - level.mean()
    assert np.mean(centred[lag:] * centred[:-lag]) / np.mean(centred**2) == pytest.approx(1 / math.e, abs=0.15)
