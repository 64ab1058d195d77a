"""What profiles can say of real machines: lives of bands, banks of knocks, clusters, spreads, clocks, gates."""

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.acoustics.bursts import BurstPattern, bursts
from augment.acoustics.clock import Clock
from augment.acoustics.knock_sounds import Bank, FreshNoise, Ringing, pulse_kernel
from augment.acoustics.knocks import Clusters, pulses_on_clock, random_knocks
from augment.acoustics.quantiles import LevelCurve
from augment.errors import ProfileError
from augment.profiles.library import Library
from augment.profiles.noise import NoiseProfile
from augment.streams import generator
from conftest import near

RATE = 16000
CLICK = Bank((Ringing(np.array([1.0, 0.0, 0.0, 0.0])),))
HEAVY = {0.05: -9.0, 0.5: 0.0, 0.95: 8.0, 0.99: 14.0}


def streams(name, seed=7):
    return generator(seed, name)


def profile(*components, **more):
    parts = tuple({"source": "test", **part} for part in components)
    return NoiseProfile.model_validate({"title": "test", "about": "test", "components": parts, **more}, strict=False)


def sound(of, seconds, lead_s=0.0, seed=7, rate=RATE):
    noise, on = of.render(round(seconds * rate), rate, lambda name: streams(name, seed), None, round(lead_s * rate))
    return noise, np.ones(noise.size, dtype=bool) if on is None else on


def db(power):
    return 10 * np.log10(power)


FLUCTUATING = {
    "kind": "fluctuating_noise",
    "octave_levels_db": {125: -6, 250: -3, 500: 0, 1000: -4, 2000: -8, 4000: -14},
    "together": 0.5,
    "swings": (
        {
            "from_hz": 88,
            "to_hz": 707,
            "level_quantiles_db": {0.05: -9, 0.25: -3, 0.5: 0, 0.75: 2, 0.95: 9},
            "modulation_db": {0.5: 0, 1: -1, 2: -4},
        },
        {
            "from_hz": 707,
            "to_hz": 5657,
            "level_quantiles_db": {0.05: -3, 0.5: 0, 0.95: 4},
            "modulation_db": {0.5: -4, 1: 0, 2: 0, 4: -2},
        },
    ),
}
MRI = profile(
    {"kind": "harmonics", "fundamental_hz": 690, "levels_db": {1: 0, 3: -14}, "gate": "slice"},
    {"kind": "harmonics", "fundamental_hz": 690, "levels_db": {2: -6}, "gate": "slice"},
    gates={"slice": {"on_s": 0.058, "off_s": 0.013, "ramp_s": 0.004, "jitter": 0.01}},
)
BUZZ = profile(
    {"kind": "harmonics", "clock": "mains", "times": 2, "levels_db": {1: 0}},
    {"kind": "harmonics", "clock": "mains", "levels_db": {1: -6}},
    {
        "kind": "pulses",
        "clock": "mains",
        "times": 2,
        "start": 0.1,
        "level_db": -3,
        "jitter": 0.01,
        "resonances": ({"frequency_hz": 1200, "decay_s": 0.004},),
    },
    {
        "kind": "octave_noise",
        "octave_levels_db": {1000: -10},
        "gate": "beat",
        "modulation": ({"rate_hz": 3, "depth": 0.5}, {"clock": "mains", "times": 0.5, "depth": 0.4}),
    },
    clocks={"mains": {"rate_hz": 50, "drift_hz": 0.02, "drift_time_s": 5}},
    gates={"beat": {"clock": "mains", "share": 0.4, "start": 0.25, "ramp_s": 0.001}},
)
WANDER = profile(
    {
        "kind": "partials",
        "fundamental_hz": 300,
        "levels_db": {1: 0, 2.5: -6},
        "wander_db": 3,
        "wander_time_s": 0.2,
    }
)
DISHES = profile(
    {
        "kind": "knocks",
        "rate_hz": 4,
        "level_db": 0,
        "level_quantiles_db": HEAVY,
        "clusters": {"size": 4, "length_s": 0.6},
        "sounds": (
            {"share": 3, "resonances": ({"frequency_hz": 900, "decay_s": 0.05},)},
            {"bands": ({"centre_hz": 500, "decay_s": 0.03}, {"centre_hz": 2000, "level_db": -3, "decay_s": 0.02})},
        ),
    }
)
PRINTER = profile(
    {
        "kind": "partials",
        "fundamental_hz": 400,
        "drift_hz": 2,
        "levels_db": {1: 0, 2.756: -3},
        "bursts": {"on_s": 0.4, "off_s": 0.2, "ramp_s": 0.01, "jitter": 0.2, "on_spread": 0.4, "level_spread_db": 3},
    }
)
MADE = {
    "fluctuating": profile(FLUCTUATING),
    "gate": MRI,
    "clock": BUZZ,
    "wander": WANDER,
    "knocks": DISHES,
    "bursts": PRINTER,
    "slow clock": profile(
        {
            "kind": "pulses",
            "clock": "belt",
            "start": 0.7,
            "level_db": 0,
            "jitter": 0.05,
            "resonances": ({"frequency_hz": 300, "decay_s": 0.1},),
        },
        clocks={"belt": {"rate_hz": 0.4, "drift_hz": 0.01}},
    ),
    "slow gate": profile(
        {"kind": "octave_noise", "octave_levels_db": {500: -3}, "gate": "half"},
        clocks={"belt": {"rate_hz": 0.4, "drift_hz": 0.01}},
        gates={"half": {"clock": "belt", "share": 0.2, "start": 0.65}},
    ),
}


@pytest.mark.parametrize("name", MADE)
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_length_and_lead_change_nothing(name, data):
    """A longer one begins with the shorter one bit for bit, and ends with it where only the lead is longer."""
    samples, more, lead, longer = (data.draw(st.integers(low, 6000)) for low in (1, 0, 0, 0))

    def made(samples, lead):
        return sound(MADE[name], samples / RATE, lead / RATE)

    (plain, on), (long, _), (led, led_on), (ahead, _) = (
        made(samples, 0),
        made(samples + more, 0),
        made(samples, lead),
        made(samples, lead + longer),
    )
    assert np.array_equal(long[:samples], plain)
    assert near(led[lead:], plain, 1e-9)
    assert np.array_equal(led_on[lead:], on)
    assert near(ahead[longer:], led, 1e-9)


@pytest.mark.parametrize("name", MADE)
def test_it_is_heard_at_once_and_never_again_the_same(name):
    for seed in range(12):
        noise, on = sound(MADE[name], 0.3, seed=seed)
        assert on[: RATE // 10].any()
        assert np.sum(noise[on] ** 2) > 0.98 * np.sum(noise**2)
    noise, _ = sound(MADE[name], 8)
    pieces = [piece for piece in noise.reshape(-1, RATE) if piece.any()]
    assert len(pieces) > 2
    for one, other in itertools.combinations(pieces, 2):
        assert np.sum((one - other) ** 2) > 1e-4 * np.sum(one**2)


# Fluctuating noise


@pytest.fixture(scope="module")
def long_fluctuation():
    return sound(MADE["fluctuating"], 180)[0]


def band_levels_db(noise, low, high):
    """Level of a band in windows of 20 ms, by an outsider's filter."""
    band = scipy.signal.sosfiltfilt(scipy.signal.butter(4, (low, high), "band", fs=RATE, output="sos"), noise)
    frames = band[: band.size // 320 * 320].reshape(-1, 320)
    return db(np.mean(frames**2, axis=1))


def test_fluctuating_noise_keeps_the_levels_of_its_bands(long_fluctuation):
    frequency, density = scipy.signal.welch(long_fluctuation, RATE, nperseg=8192)
    for centre, level in FLUCTUATING["octave_levels_db"].items():
        inside = (frequency >= centre / 2**0.5) & (frequency < centre * 2**0.5)
        assert db(density[inside].sum() * (frequency[1] - frequency[0])) == pytest.approx(level, abs=0.6)


def test_the_levels_of_a_band_have_their_quantiles(long_fluctuation):
    """Against the same noise without swings: what 20 ms of Gaussian noise swing by themselves is in both."""
    steady = profile({"kind": "octave_noise", "octave_levels_db": FLUCTUATING["octave_levels_db"]})
    plain = band_levels_db(sound(steady, 100)[0], 1400, 5600)
    swinging = band_levels_db(long_fluctuation, 1400, 5600)
    rng = np.random.default_rng(1)
    curve = LevelCurve.of(FLUCTUATING["swings"][1]["level_quantiles_db"])
    expected = plain[rng.integers(0, plain.size, 200_000)] + curve.levels_db(rng.standard_normal(200_000))
    shares = [0.05, 0.25, 0.5, 0.75, 0.95]
    wanted, found = np.quantile(expected, shares), np.quantile(swinging, shares)
    assert found - found[2] == pytest.approx(wanted - wanted[2], abs=0.5)


def test_swings_have_their_speed_and_what_they_share(long_fluctuation):
    low, high = (band_levels_db(long_fluctuation, *band) for band in ((100, 600), (900, 5000)))
    frequency, power = scipy.signal.welch(high - high.mean(), 50, nperseg=1024)

    def octave(centre):
        inside = (frequency >= centre / 2**0.5) & (frequency < centre * 2**0.5)
        return db(power[inside].sum())

    # What bands share has in each the speed of its own swings: at 0.5 Hz and at 2 Hz as the band alone.
    assert octave(0.5) - octave(2) == pytest.approx(-4, abs=1.5)
    score = [scipy.stats.norm.ppf((scipy.stats.rankdata(x) - 0.5) / x.size) for x in (low, high)]
    # Both have fluctuations of their own besides, and other speeds: less than 0.5 is left.
    assert 0.3 < np.corrcoef(score)[0, 1] < 0.52


def test_swings_all_together_do_not_change_with_the_band():
    swing = {"level_quantiles_db": {0.05: -9, 0.95: 9}, "modulation_db": {1: 0}}
    bands = ({"from_hz": 88, "to_hz": 707, **swing}, {"from_hz": 707, "to_hz": 5657, **swing})
    noise, _ = sound(profile({**FLUCTUATING, "together": 1.0, "swings": bands}), 40)
    low, high = (band_levels_db(noise, *band) for band in ((100, 600), (900, 5000)))
    assert np.corrcoef(low, high)[0, 1] > 0.85


def test_a_band_may_keep_to_itself():
    """The one has all in common with the others, by what it says itself, and the other nothing."""
    swing = {"level_quantiles_db": {0.05: -9, 0.95: 9}, "modulation_db": {1: 0}}
    bands = ({"from_hz": 88, "to_hz": 707, **swing}, {"from_hz": 707, "to_hz": 5657, "together": 0, **swing})
    noise, _ = sound(profile({**FLUCTUATING, "together": 1.0, "swings": bands}), 90)
    low, high = (band_levels_db(noise, *band) for band in ((100, 600), (900, 5000)))
    assert abs(np.corrcoef(low, high)[0, 1]) < 0.25


# Knocks


def test_levels_of_knocks_have_their_quantiles_and_their_mean_power():
    curve = LevelCurve.of(HEAVY)
    gains = 20 * np.log10(curve.gains(np.random.default_rng(1).standard_normal(400_000)))
    found = np.quantile(gains, list(HEAVY))
    assert found - found[1] == pytest.approx(np.array(list(HEAVY.values())), abs=0.1)
    assert db(np.mean(10 ** (gains / 10))) == pytest.approx(0, abs=0.1)
    assert gains.max() - found[1] <= 14 + 6 + 0.1
    integrated, _ = scipy.integrate.quad(
        lambda z: 10 ** (curve.levels_db(z) / 10) * scipy.stats.norm.pdf(z), -9, 9, limit=400, points=[-2, 0, 2, 2.5]
    )
    assert curve.mean_power == pytest.approx(integrated, rel=1e-4)


@pytest.mark.parametrize("size", [1.0, 4.0])
def test_clusters_are_a_neyman_scott_process(size):
    """Mean rate, and the Fano factor of long windows: 1 + E[n (n - 1)] / E[n], with n = 1 + Poisson(size - 1)."""
    rate, seconds, window = 5.0, 4000, 10
    train, _ = random_knocks(
        seconds * 100, 100, streams, CLICK, rate, clusters=Clusters(size, 0.3), levels=LevelCurve(((0.5, 0.0),))
    )
    counts = np.rint(train / np.sqrt(100 / rate)).reshape(-1, window * 100).sum(axis=1)
    assert counts.mean() == pytest.approx(rate * window, rel=4 * (size / (rate * seconds)) ** 0.5 + 0.01)
    assert counts.var() / counts.mean() == pytest.approx(1 + (size**2 - 1) / size, rel=0.3)


def test_a_bank_has_its_shares_its_levels_and_its_power():
    sounds = (pulse_kernel(RATE, [(500, 0, 0.02)]), pulse_kernel(RATE, [(3000, 0, 0.02)]))
    bank = Bank(tuple(map(Ringing, sounds)), (3.0, 1.0), (0.0, 6.0))
    train, _ = random_knocks(100 * RATE, RATE, streams, bank, 12.0)
    frequency, power = scipy.signal.welch(train, RATE, nperseg=4096)
    step = frequency[1] - frequency[0]
    low, high = power[frequency < 1500].sum() * step, power[frequency >= 1500].sum() * step
    assert db(low + high) == pytest.approx(0, abs=0.4)
    assert db(high / low) == pytest.approx(6 - db(3), abs=0.7)


def test_knocks_of_noise_are_new_each_time_and_decay():
    noise = FreshNoise(RATE, ((1000.0, 0.0, 0.1),), 0.002)
    knocks = noise.draw(generator(1), 300)
    assert np.mean(np.sum(knocks**2, axis=1)) == pytest.approx(1, rel=0.06)
    correlation = np.corrcoef(knocks) - np.eye(300)
    assert np.abs(correlation).max() < 0.9
    envelope = db(np.mean(knocks[:, 1:] ** 2, axis=0))
    at = [round((0.002 + share * 0.1) * RATE) for share in (0.1, 0.6)]
    levels = [envelope[place - 40 : place + 40].mean() for place in at]
    assert levels[0] - levels[1] == pytest.approx(30, abs=1.5)
    spectrum = np.mean(np.abs(np.fft.rfft(knocks, 4096, axis=1)) ** 2, axis=0)
    frequency = np.fft.rfftfreq(4096, 1 / RATE)
    inside = (frequency > 680) & (frequency < 1480)
    assert spectrum[inside].sum() > 0.97 * spectrum.sum()


# Tones, bursts, clocks, gates


def test_partials_keep_their_ratio_while_they_drift():
    noise, _ = sound(profile({**PRINTER.components[0].model_dump(), "bursts": None}), 20)
    phases = []
    for centre in (400, 400 * 2.756):
        band = scipy.signal.butter(4, (centre - 60, centre + 60), "band", fs=RATE, output="sos")
        phases.append(np.unwrap(np.angle(scipy.signal.hilbert(scipy.signal.sosfiltfilt(band, noise))))[RATE:-RATE])
    one, other = (phase - phase[0] for phase in phases)
    assert np.ptp(one - 2 * np.pi * 400 * np.arange(one.size) / RATE) > 2  # it does drift
    assert np.abs(other - 2.756 * one).max() < 0.1


def test_bursts_spread_and_never_overlap():
    pattern = BurstPattern(0.4, 0.2, 0.0, 0.2, on_spread=0.4, level_spread_db=3)
    level, on = bursts(2000 * 1000, 1000, streams, pattern)
    edges = np.flatnonzero(np.diff(on.astype(int)))
    begins, ends = edges[1:-1:2], edges[2:-1:2]
    size = min(begins.size, ends.size)
    lengths = (ends[:size] - begins[:size]) / 1000
    assert size > 3000
    assert lengths.mean() == pytest.approx(0.4, rel=0.03)
    assert lengths.std() / lengths.mean() == pytest.approx(0.4, abs=0.03)
    heights = level[begins[:size] + 1]
    assert np.all(level[ends[:size]] == heights)  # one level from the beginning of a burst to its end
    assert (20 * np.log10(heights)).std() == pytest.approx(3, abs=0.2)
    assert np.mean(heights**2) == pytest.approx(1, rel=0.06)


def test_two_components_on_a_clock_stay_locked_for_a_minute():
    noise, _ = sound(BUZZ, 60)
    angles = []
    for centre in (50, 100):
        band = scipy.signal.butter(3, (centre - 8, centre + 8), "band", fs=RATE, output="sos")
        angles.append(np.unwrap(np.angle(scipy.signal.hilbert(scipy.signal.sosfiltfilt(band, noise))))[RATE:-RATE])
    slow, fast = angles
    assert np.ptp(slow - 2 * np.pi * 50 * np.arange(slow.size) / RATE) > 0.3  # the clock drifts
    difference = fast - 2 * slow
    assert np.abs(difference - difference.mean()).max() < 0.15


def test_clicks_keep_their_place_in_the_turn():
    clock = Clock(RATE, streams, 50.0, 0.2, 5.0, ahead=0.3)
    train, on = pulses_on_clock(60 * RATE, streams, CLICK, clock, 2, 0.1, jitter=0.02)
    places = np.flatnonzero(train > 0.1 * train.max())
    turns = 2 * (clock.turns(60 * RATE)[places] - 0.1)
    off = turns - np.rint(turns)
    assert places.size == pytest.approx(6000, abs=40)
    assert off.mean() == pytest.approx(0, abs=0.01)
    assert off.std() == pytest.approx(0.02, abs=0.004)  # it does not add up
    assert db(np.mean(train**2)) == pytest.approx(0, abs=0.1)
    assert on[places].all()


def test_a_gate_opens_all_of_its_components_at_the_same_samples():
    """The odd and the even harmonics, told apart by their frequency."""
    noise, on = sound(MRI, 12)
    assert on.mean() == pytest.approx(58 / 71, abs=0.01)
    assert not np.any(noise[~on])
    envelopes = []
    for centre in (690, 1380):
        band = scipy.signal.butter(2, (centre - 250, centre + 250), "band", fs=RATE, output="sos")
        envelopes.append(np.abs(scipy.signal.hilbert(scipy.signal.sosfiltfilt(band, noise)))[RATE:-RATE])
    assert np.corrcoef(envelopes)[0, 1] > 0.98


def test_a_gate_on_a_clock_has_its_share_and_its_place():
    _, on = sound(profile(BUZZ.components[3].model_dump(exclude_none=True), clocks=BUZZ.clocks, gates=BUZZ.gates), 30)
    assert on.mean() == pytest.approx(0.4, abs=0.005)
    begins = np.flatnonzero(np.diff(on.astype(int)) > 0)
    assert np.diff(begins).mean() / RATE == pytest.approx(1 / 50, rel=0.002)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "clocks: {mains: {rate_hz: 50}}\ncomponents:\n"
            "  - {kind: harmonics, source: test, clock: main, levels_db: {1: 0}}\n",
            [
                "n.yaml:5:37: components.0.clock: there is no clock 'main': the profile has mains",
                "uses the clock 'mains'",
            ],
        ),
        (
            "gates: {beat: {clock: mains, share: 0.4}}\ncomponents:\n"
            "  - {kind: octave_noise, source: test, octave_levels_db: {500: 0}, gate: beat}\n",
            ["gates.beat.clock: there is no clock 'mains': the profile has no clocks"],
        ),
        (
            "components:\n  - {kind: harmonics, source: test, levels_db: {1: 0}}\n",
            ["components.0: expected one of 'clock' and 'fundamental_hz', found neither"],
        ),
        (
            "clocks: {c: {rate_hz: 100}}\ncomponents:\n"
            "  - {kind: pulses, source: test, clock: c, level_db: 0, resonances: [{frequency_hz: 500, decay_s: 1}]}\n",
            ["components.0: the pulses ring into one another"],
        ),
        (
            "components:\n  - {kind: knocks, source: test, rate_hz: 1, level_db: 0, sounds: [{share: 1}]}\n",
            ["expected one of 'resonances' and 'bands', found neither"],
        ),
        (
            "components:\n  - {kind: octave_noise, source: test, octave_levels_db: {500: 0}, gate: g, "
            "bursts: {on_s: 1, off_s: 1}}\n",
            ["expected at most one of 'bursts' and 'gate', found both"],
        ),
    ],
)
def test_what_does_not_fit_together_is_told_in_its_place(tmp_path, text, told):
    (tmp_path / "n.yaml").write_text(f"title: noise\nabout: noise\n{text}")
    with pytest.raises(ProfileError) as caught:
        Library(tmp_path).noise_profile("n.yaml")
    assert all(words in str(caught.value) for words in told), str(caught.value)
