"""Noise by its spectrum and loudness, measured: by Welch's method, closed forms, published tables and pyloudnorm."""

import numpy as np
import pyloudnorm
import pytest
import scipy.signal
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.acoustics import colour, loudness
from augment.acoustics.loudness import integrated_loudness_lufs
from augment.acoustics.shaping import shaped_noise
from augment.perturb import kinds
from augment.profiles.library import Library
from augment.scene import Block, Draw, Scene, Stem, Weighting
from augment.streams import generator
from conftest import RATE, speech_like

CENTRES = 1000 * 10 ** (np.arange(-12, 9) / 10)  # 63 Hz to 6.3 kHz
COLOURS = {"white": 0.0, "pink": -3.0103, "brown": -6.0206}


def streams(name: str) -> np.random.Generator:
    return generator(11, name)


def third_octaves_db(noise: np.ndarray, rate: int, centres: np.ndarray = CENTRES) -> np.ndarray:
    frequency, density = scipy.signal.welch(noise, rate, nperseg=2 * rate)
    width = frequency[1] - frequency[0]
    bands = [(frequency >= c * 10**-0.05) & (frequency < c * 10**0.05) for c in centres]
    return np.array([10 * np.log10(density[band].sum() * width) for band in bands])


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("name", COLOURS)
def test_colours_have_their_slope_at_every_rate(name, rate):
    made = colour.noise(90 * rate, streams, colour.colour_density(name, rate))
    centres = CENTRES[np.less(CENTRES, 0.44 * rate)]
    ideal = (COLOURS[name] + 3.0103) * np.log2(centres / 1000)  # a band is as wide as its centre is high
    off = third_octaves_db(made, rate, centres) - ideal
    slope = np.polyfit(np.log2(centres), off, 1)[0]
    assert abs(off - off.mean()).max() < 0.5
    assert abs(slope) < 0.1


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_gaussian_have_unit_power_and_no_direct_current(name):
    made = colour.noise(60 * RATE, streams, colour.colour_density(name, RATE))
    assert 10 * np.log10(np.mean(made**2)) == pytest.approx(0, abs=0.3)
    assert scipy.stats.kurtosis(made) == pytest.approx(0, abs=0.25)
    assert abs(made[: 10 * RATE].mean()) < 0.01


@pytest.mark.parametrize("rate", [16000, 48000])
def test_speech_shaped_noise_has_the_published_spectrum(rate):
    made = colour.noise(90 * rate, streams, colour.third_octave_density(colour.BYRNE_LTASS_DB, rate))
    nominal = [c for c in colour.BYRNE_LTASS_DB if 100 <= c <= 6300]
    centres = np.array([1000 * 10 ** (round(10 * np.log10(c / 1000)) / 10) for c in nominal])
    wanted = np.array([colour.BYRNE_LTASS_DB[c] for c in nominal])
    assert abs(third_octaves_db(made, rate, centres) - wanted).max() < 0.5
    assert 10 * np.log10(np.mean(made**2)) == pytest.approx(70, abs=0.3)


@pytest.mark.parametrize("nc", [15, 35, 40, 60])
def test_rooms_lie_on_their_curve(nc):
    made = colour.noise(90 * 48000, streams, colour.nc_density(nc, 48000))
    frequency, density = scipy.signal.welch(made, 48000, nperseg=48000)
    for centre, level in zip(colour.NC_CENTRES_HZ, colour.NC_LEVELS_DB[nc], strict=True):
        inside = (frequency >= centre / 2**0.5) & (frequency < centre * 2**0.5)
        assert 10 * np.log10(density[inside].sum()) == pytest.approx(level, abs=0.5)


def test_level_of_a_room_is_the_sum_of_its_weighted_octaves():
    weights = [-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1]  # IEC 61672 at the octave centres
    for nc in (20, 40, 60):
        octaves = np.array(colour.NC_LEVELS_DB[nc]) + weights
        assert colour.nc_level_dba(nc) == pytest.approx(10 * np.log10(np.sum(10 ** (octaves / 10))), abs=0.6)


@given(st.floats(15, 60))
def test_noise_criteria_between_curves_keep_their_order(nc):
    octaves = list(colour.nc_octaves_db(nc).values())
    assert octaves == sorted(octaves, reverse=True)
    below, above = (colour.NC_LEVELS_DB[int(c)] for c in (5 * (nc // 5), min(60, 5 * (nc // 5) + 5)))
    assert all(low <= level <= high for low, level, high in zip(below, octaves, above, strict=True))


@pytest.mark.parametrize("nc", [14.9, 60.1])
def test_other_noise_criteria_are_refused(nc):
    with pytest.raises(ValueError, match="15 to 60"):
        colour.nc_octaves_db(nc)


def test_third_octaves_with_a_gap_are_refused():
    with pytest.raises(ValueError, match="without a gap"):
        colour.third_octave_density({100: 0, 160: 0}, RATE)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=2, max_size=8), st.integers(-8, 0))
def test_any_table_of_third_octaves_is_held(levels, lowest):
    nominal = [100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150]
    table = dict(zip(nominal[8 + lowest :], np.cumsum(levels) / 2, strict=False))
    density, frequency = colour.third_octave_density(table, 48000), colour.bins(48000)
    for name, level in table.items():
        centre = 1000 * 10 ** (round(10 * np.log10(name / 1000)) / 10)
        inside = (frequency >= centre * 10**-0.05) & (frequency < centre * 10**0.05)
        assert 10 * np.log10(density[inside].sum()) == pytest.approx(level, abs=1.0)  # bins at the edges


def test_noise_above_the_nyquist_frequency_is_silent():
    assert not np.any(colour.noise(100, streams, colour.third_octave_density({8000: 0, 10000: 0}, 8000)))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4000), st.integers(0, 4000), st.integers(0, 4000))
def test_neither_length_nor_lead_moves_a_sample(samples, more, lead):
    density = colour.colour_density("pink", 8000)
    short = colour.noise(samples, streams, density)
    long = shaped_noise(samples + more, density, streams("white"), lead, streams("before"))
    assert long.size == lead + samples + more
    assert long[lead : lead + samples] == pytest.approx(short, abs=1e-9)
    gust, longer = (colour.gusts(n, 8000, streams, 4.0, 0.5) for n in (samples, samples + more))
    assert longer[:samples] == pytest.approx(gust, abs=1e-9)


def test_gusts_wander_by_their_spread_and_keep_the_power():
    gain = colour.gusts(1000 * 1000, 1000, streams, 3.0, 0.5)
    assert np.std(20 * np.log10(gain)) == pytest.approx(3.0, rel=0.1)
    assert np.mean(gain**2) == pytest.approx(1.0, rel=0.1)


def test_wind_falls_above_its_corner():
    made = colour.noise(90 * RATE, streams, colour.wind_density(100.0, RATE))
    level = third_octaves_db(made, RATE) - 3.0103 * np.log2(CENTRES)  # density
    high = CENTRES > 120
    assert np.polyfit(np.log2(CENTRES[high]), level[high], 1)[0] == pytest.approx(-7.0, abs=0.1)
    assert np.polyfit(np.log2(CENTRES[:2]), level[:2], 1)[0] == pytest.approx(0.0, abs=1.0)


QUIET = Scene(Stem.of(np.zeros(RATE), RATE), (), RATE, Weighting())
STEPS = {
    "coloured_noise": {"colour": "pink", "snr_db": 10},
    "speech_shaped_noise": {"snr_db": 5},
    "room_noise": {"nc": 40},
    "wind_noise": {"level_dba": 60},
}


@pytest.mark.parametrize("kind", STEPS)
def test_steps_sound_for_as_long_as_asked_and_say_what_they_are(kind, tmp_path):
    step = kinds()[kind].model_validate({"kind": kind, **STEPS[kind]})
    noise, other = (
        step.noise(QUIET, Draw((1, f"block {k}", "f", "family", kind), Library(tmp_path), Block(k, 10 * RATE)))
        for k in (0, 1)
    )
    sound, active = noise.sound(1000, 0)
    assert sound.shape == (1000,)
    assert active is None
    assert noise.sound(1500, 0)[0][:1000] == pytest.approx(sound, abs=1e-9 * np.abs(sound).max())
    assert not np.allclose(other.sound(1000, 0)[0], sound)
    assert noise.name.strip()


def test_a_room_is_as_loud_as_its_curve_unless_told(tmp_path):
    room = kinds()["room_noise"]
    draw = Draw((1, "block 0", "factor", "family", "room_noise"), Library(tmp_path), Block(0, 10 * RATE))
    curve, told = (room(kind="room_noise", nc=40.0, level_dba=level) for level in (None, 55.0))
    assert curve.wanted(curve.noise(QUIET, draw)).dba == pytest.approx(48.7, abs=0.2)
    assert told.wanted(told.noise(QUIET, draw)).dba == 55
    with pytest.raises(ValueError, match="less than or equal to 60"):
        room.model_validate({"kind": "room_noise", "nc": 70})


def test_loudness_of_a_sine_at_every_rate():
    for rate in (8000, 16000, 32000, 44100, 48000, 96000):
        tone = 0.1 * np.sin(2 * np.pi * 997 * np.arange(2 * rate) / rate)
        assert integrated_loudness_lufs(tone, rate) == pytest.approx(-23.01, abs=0.01)


@pytest.mark.parametrize(
    "rate", [*range(8000, 48001, 997), 11025, 16000, 22050, 32000, 38500, 44100, 47990, 48000, 96000]
)
def test_k_weighting_at_other_rates_is_that_of_48_khz(rate):
    frequency_hz = np.geomspace(10, rate / 2, 2000)
    wanted, found = np.ones(2000), np.ones(2000)
    for table in loudness.HIGH_PASS, loudness.SHELF:
        wanted = wanted * abs(scipy.signal.freqz(*table, worN=np.minimum(frequency_hz, 24000), fs=48000)[1])
    for filters in loudness.k_filters(rate):
        found = found * abs(scipy.signal.freqz(*filters, worN=frequency_hz, fs=rate)[1])
        assert abs(np.roots(filters[1])).max() < 1  # stable
    assert 20 * np.log10(found / wanted) == pytest.approx(np.zeros(2000), abs=0.005)


def test_block_powers_are_those_of_filters_of_scipy(demo_speech):
    noise = np.random.default_rng(1).standard_normal(demo_speech.size)
    silent = np.concatenate([noise[:8000], np.zeros(40_000), noise[:8000]])
    for one, other in (demo_speech, noise), (silent, np.roll(silent, 4000)), (noise[:7000], noise[:7000]):
        heard = [one, other]
        for filters in loudness.k_filters(RATE):
            heard = [scipy.signal.lfilter(*filters, signal) for signal in heard]
        for found, (left, right) in zip(loudness.block_powers(one, other, RATE), ((0, 0), (0, 1), (1, 1)), strict=True):
            product = heard[left] * heard[right]
            blocks = [np.mean(product[start : start + 6400]) for start in range(0, one.size - 6399, 1600)]
            assert found == pytest.approx(blocks, rel=1e-9, abs=1e-15)


def test_block_powers_take_any_numbers_and_no_two_lengths():
    noise = np.random.default_rng(1).standard_normal(8000).astype(np.float32)
    assert np.array_equal(
        loudness.block_powers(noise, noise, RATE)[0], loudness.block_powers(noise * 1.0, noise, RATE)[2]
    )
    with pytest.raises(ValueError, match="have no product"):
        loudness.block_powers(noise, noise[1:], RATE)


def test_loudness_of_speech_as_pyloudnorm_has_it(demo_speech):
    speech = demo_speech[: demo_speech.size // 1600 * 1600]  # whole steps: meters differ in what they do with the rest
    meter = pyloudnorm.Meter(48000, filter_class="DeMan")  # the filters of the recommendation, from their parameters
    reference = meter.integrated_loudness(soxr.resample(speech, RATE, 48000, quality="VHQ"))
    assert integrated_loudness_lufs(speech, RATE) == pytest.approx(reference, abs=0.02)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(4, 40), st.floats(-60, 0))
def test_loudness_as_pyloudnorm_has_it_and_moves_with_the_gain(seed, tenths, gain_db):
    signal = speech_like(tenths / 10 + 0.1, seed, 48000)[: 4800 * tenths]  # whole steps: the two count a rest otherwise
    meter = pyloudnorm.Meter(48000, filter_class="DeMan")
    found = integrated_loudness_lufs(signal, 48000)
    assert found == pytest.approx(meter.integrated_loudness(signal), abs=0.001)
    softer = integrated_loudness_lufs(signal * 10 ** (gain_db / 20), 48000)
    assert softer is None or softer >= found + gain_db - 0.01  # blocks that fall below the absolute gate are quiet ones


@pytest.mark.parametrize("signal", [np.zeros(0), np.ones(1), np.ones(6399), np.zeros(RATE), np.full(RATE, 1e-5)])
def test_no_loudness_is_none(signal):
    assert integrated_loudness_lufs(signal, RATE) is None


def test_gating_leaves_out_pauses():
    speech = speech_like(4.0, 3)
    whole = integrated_loudness_lufs(speech, RATE)
    padded = integrated_loudness_lufs(np.concatenate([speech, np.zeros(10 * RATE)]), RATE)
    assert padded == pytest.approx(whole, abs=0.5)
