"""What a noise profile says of lines and rhythms, and which of it can be heard: for ``fit_round_trip.py``."""

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from augment.acoustics.filters import AUDIBLE_HZ
from augment.acoustics.levels import db
from augment.fitting.drift import Drift, spread_over
from augment.fitting.spectra import PowerSpectrum, Usable, power_spectrum
from augment.profiles.alarm import Alarm
from augment.profiles.clocks import Bursts
from augment.profiles.components import Component, Harmonics, OctaveNoise, Partials, ThirdOctaveNoise
from augment.profiles.knocks import Knocks, Pulses
from augment.profiles.noise import AnyComponent, NoiseProfile
from augment.streams import generator

SOFT_DB = 20.0
"""A third octave that is so far under the component as a whole does not make it stand out."""
UNDER_NOISE_DB, UNDER_TONES_DB, UNDER_REST_DB = 13.0, 26.0, 6.0
FEWEST_PERIODS = 3
MEASURED_S = 30
SAME_PLACE, MANY = 1e-3, 12
SIDEBANDS = 8
"""A gate or swing makes lines to both sides of a tone; so many are looked for."""


@dataclass(frozen=True)
class Rhythm:
    """Something that comes again.

    Attributes:
        kind: ``pulses``, ``bursts`` (of alarms too) or ``modulation``.
        period_s: From one to the next, on average.
        deviation: Standard deviation of a period, as a share of it.
        on_share: Share of the time between points at half of the amplitude; None if that is no question.
        level_db: RMS level over a long time, of pulses.
        place: Number of the component.
        what: What has it, in words.
    """

    kind: str
    period_s: float
    deviation: float
    on_share: float | None
    level_db: float | None
    place: int
    what: str


@dataclass(frozen=True)
class Line:
    """A tone: frequency, RMS level while it is on, standard deviation of its mean by drift, share of time it is on."""

    hz: float
    level_db: float
    spread_hz: float
    share: float
    place: int
    what: str


@dataclass(frozen=True)
class Noise:
    """Levels of bands while it is on, and how it comes and goes."""

    levels_db: dict[float, float]
    bursts: Rhythm | None
    place: int
    what: str


@dataclass(frozen=True)
class Figures:
    """All that is compared. ``knocks_hz`` is the rate of all knocks at random times."""

    lines: tuple[Line, ...] = ()
    rhythms: tuple[Rhythm, ...] = ()
    noises: tuple[Noise, ...] = ()
    knocks_hz: float = 0.0


def figures_of(profile: NoiseProfile, offset_db: float, seconds: float) -> Figures:
    """Figures of a profile, true or fitted.

    Args:
        profile: The profile.
        offset_db: What is added to its levels.
        seconds: How long the drift is averaged over.
    """
    lines: list[Line] = []
    rhythms: list[Rhythm] = []
    noises = []
    for place, one in enumerate(profile.components):
        own = [*_rhythms(profile, one, place, offset_db)]
        rhythms += own
        bursts = next((rhythm for rhythm in own if rhythm.kind == "bursts"), None)
        lines += _lines(profile, one, place, offset_db, seconds, bursts)
        if isinstance(one, OctaveNoise | ThirdOctaveNoise):
            levels = one.octave_levels_db if isinstance(one, OctaveNoise) else one.third_octave_levels_db
            shifted = {centre: level + offset_db for centre, level in levels.items()}
            noises.append(Noise(shifted, bursts, place, f"component {place}"))
    knocks_hz = sum(one.rate_hz for one in profile.components if isinstance(one, Knocks))
    return Figures(tuple(lines), tuple(rhythms), tuple(noises), knocks_hz)


def _lines(
    profile: NoiseProfile, one: AnyComponent, place: int, offset_db: float, seconds: float, bursts: Rhythm | None
) -> Iterator[Line]:
    """Tones of a component."""
    share = 1.0 if bursts is None or bursts.on_share is None else bursts.on_share
    if isinstance(one, Alarm):
        frequencies = dict.fromkeys(one.pulse_hz)
        for hz in frequencies:
            part = share * one.pulse_hz.count(hz) / len(one.pulse_hz)
            for ratio, level in one.levels_db.items():
                yield Line(hz * ratio, level + offset_db, 0.0, part, place, f"alarm of {hz:g} Hz, times {ratio:g}")
    elif isinstance(one, Harmonics | Partials):
        turning = one if one.clock is None else profile.clocks[one.clock]
        base = one.fundamental_hz if one.clock is None else one.times * profile.clocks[one.clock].rate_hz
        assert base is not None
        scale = 1.0 if one.clock is None else one.times
        # What comes and goes shows its drift while it is on only, and averages it the less.
        drift = Drift(turning.drift_hz, turning.drift_time_s) if turning.drift_hz else None
        wander = scale * spread_over(drift, seconds * share)
        for ratio, level in one.levels_db.items():
            what = f"{one.kind} of {base:.6g} Hz, times {ratio:g}"
            yield Line(base * ratio, level + offset_db, wander * ratio, share, place, what)


def _rhythms(profile: NoiseProfile, one: AnyComponent, place: int, offset_db: float) -> Iterator[Rhythm]:
    """Rhythms of a component."""
    what = f"{one.kind}, component {place}"
    if isinstance(one, Pulses):
        rate = one.rate_hz if one.clock is None else profile.clocks[one.clock].rate_hz * one.times
        assert rate is not None
        yield Rhythm("pulses", 1 / rate, one.jitter, None, one.level_db + offset_db, place, what)
    if isinstance(one, Alarm):
        pulses = len(one.spacings_s) + 1
        period_s = pulses * one.pulse_s + sum(one.spacings_s) + one.interval_s
        # A raised cosine takes half as long from half to 90 % as from 10 to 90 %.
        half_s = one.pulse_s + (one.rise_s + (one.rise_s if one.fall_s is None else one.fall_s)) / 2
        share = pulses * half_s / period_s
        yield Rhythm("bursts", period_s, one.jitter * one.interval_s / period_s, share, None, place, what)
    switch = one.bursts if one.gate is None else profile.gates[one.gate]
    if isinstance(switch, Bursts):
        period_s = switch.on_s + switch.off_s
        deviation = math.hypot(switch.jitter * switch.off_s, switch.on_spread * switch.on_s) / period_s
        yield Rhythm("bursts", period_s, deviation, (switch.on_s - switch.ramp_s) / period_s, None, place, what)
    elif switch is not None:
        period_s = 1 / switch.rate_hz(profile.clocks)
        yield Rhythm("bursts", period_s, 0.0, switch.share - switch.ramp_s / period_s, None, place, what)
    for swing in one.modulations:
        rate = swing.rate_hz if swing.clock is None else profile.clocks[swing.clock].rate_hz * swing.times
        assert rate is not None
        yield Rhythm("modulation", 1 / rate, 0.0, None, None, place, what)


def octave_db(levels_db: dict[float, float], centre_hz: float) -> float:
    """Level of an octave, from octaves or third octaves."""
    return db(sum(10 ** (v / 10) for c, v in levels_db.items() if centre_hz / 1.4 < c < centre_hz * 1.4))


def _is_of_the_series(swing: Rhythm, lines: Sequence[Line]) -> bool:
    """Whether a swing has the rate of the fundamental of its own tones: their sidebands fall on one another."""
    own = [line.hz * swing.period_s for line in lines if line.place == swing.place]
    return sum(abs(ratio - round(ratio)) < SAME_PLACE and 0 < round(ratio) < MANY for ratio in own) > len(own) / 2


def _is_sideband(line: Line, lines: Sequence[Line], swing: Rhythm) -> bool:
    """Whether a line lies where the swing of its component makes a sideband of a louder one: both are the same."""
    return swing.place == line.place and any(
        other.place == line.place
        and other.level_db > line.level_db
        and abs(abs(line.hz - other.hz) * swing.period_s - 1) < 10 * SAME_PLACE
        for other in lines
    )


class Masks:
    """What of a profile is loud enough to be told.

    Args:
        profile: The truth.
        rate: Samples a second.
        offset_db: What is added to its levels.
    """

    def __init__(self, profile: NoiseProfile, rate: int, offset_db: float) -> None:
        self._profile, self._rate, self._offset_db = profile, rate, offset_db
        tonal = (Harmonics, Partials, Alarm, Pulses, Knocks)
        self._noise = self._spectrum(lambda one: not isinstance(one, tonal))
        self._tones = self._spectrum(lambda one: isinstance(one, tonal))

    def _spectrum(self, which: Callable[[Component], bool]) -> PowerSpectrum | None:
        """Spectrum of some of its components; None if there are none of these."""
        some = tuple(one for one in self._profile.components if which(one))
        if not some:
            return None
        part = self._profile.model_copy(update={"components": some})
        size = MEASURED_S * self._rate
        sound, _ = part.render(size, self._rate, lambda name: generator("masks", name), (True,) * len(some))
        return power_spectrum(Usable(sound, self._rate, np.ones(size, np.bool_), self._rate / 2), 0.5)

    def _band_db(self, seen: PowerSpectrum | None, low_hz: float, high_hz: float) -> float:
        if seen is None:
            return -math.inf
        frequency = seen.frequency_hz()
        reach = max(0.0, (2.5 * seen.step_hz - (high_hz - low_hz)) / 2)  # a line has four bins
        inside = (frequency > low_hz - reach) & (frequency < high_hz + reach)
        return db(float(np.sum(seen.power[inside]))) + self._offset_db

    def split(self, lines: Sequence[Line], rhythms: Sequence[Rhythm] = ()) -> tuple[list[Line], list[str]]:
        """Lines that can be told, and the others in words; lines beyond half the sample rate are neither."""
        clear, untold = [], []
        swings = [one for one in rhythms if one.kind == "modulation" and not _is_of_the_series(one, lines)]
        for one in lines:
            if one.hz >= self._rate / 2:
                continue
            if any(_is_sideband(one, lines, swing) for swing in swings):
                untold.append(f"{one.hz:.6g} Hz: a sideband of its own swing")
                continue
            low, high = one.hz * 10**-0.05, one.hz * 10**0.05
            level = one.level_db + db(max(one.share, 1e-6))
            noise, tones = (self._band_db(seen, low, high) for seen in (self._noise, self._tones))
            margins = f"{level - noise:+.0f} dB to the noise, {level - tones:+.0f} dB to tones"
            if one.hz > AUDIBLE_HZ and level > noise - UNDER_NOISE_DB and level > tones - UNDER_TONES_DB:
                clear.append(replace(one, what=f"{one.what} ({margins})"))
            else:
                untold.append(f"{one.hz:.6g} Hz ({margins})")
        return clear, untold

    def heard_rhythms(
        self, rhythms: Sequence[Rhythm], lines: Sequence[Line], seconds: float
    ) -> tuple[list[Rhythm], list[str]]:
        """Rhythms that can be told, and the others in words."""
        clear, untold = [], []
        for one in rhythms:
            if one.kind == "modulation" and _is_of_the_series(one, lines):
                untold.append(
                    f"{one.kind} every {one.period_s:.4g} s: at its own fundamental, which makes levels of it"
                )
            elif seconds / one.period_s < FEWEST_PERIODS:
                untold.append(f"{one.kind} every {one.period_s:.4g} s: too few periods")
            elif any(line.place == one.place for line in lines) or self._stands_out(one.place):
                clear.append(one)
            else:
                untold.append(f"{one.kind} every {one.period_s:.4g} s ({one.what}): under the rest")
        return clear, untold

    def _stands_out(self, place: int) -> bool:
        """Whether a component is louder than all the rest in a third octave anywhere that is not too soft itself."""
        own = self._profile.components[place]
        alone, rest = self._spectrum(partial(operator.is_, own)), self._spectrum(partial(operator.is_not, own))
        loudest = self._band_db(alone, 0, math.inf)
        for middle in 1000 * 10 ** (np.arange(-16, 14) / 10):
            if middle * 10**0.05 < self._rate / 2:
                levels = [self._band_db(seen, middle * 10**-0.05, middle * 10**0.05) for seen in (alone, rest)]
                if levels[0] > max(levels[1], loudest - SOFT_DB):
                    return True
        return False

    def heard_bands(self, noises: Sequence[Noise]) -> tuple[list[tuple[Noise, float]], list[str]]:
        """Octaves of noise that comes and goes that can be told, and the others in words."""
        clear, untold = [], []
        for one in noises:
            own = self._profile.components[one.place]
            rest = self._spectrum(partial(operator.is_not, own))
            assert one.bursts is not None
            assert one.bursts.on_share is not None
            for centre in one.levels_db:
                if centre * 2**0.5 >= self._rate / 2:
                    continue
                level = one.levels_db[centre] + db(one.bursts.on_share)
                if level > self._band_db(rest, centre / 2**0.5, centre * 2**0.5) - UNDER_REST_DB:
                    clear.append((one, centre))
                else:
                    untold.append(f"{centre:g} Hz band of bursts")
        return clear, untold

    def explained(self, tone: Line, truth: Figures) -> bool:
        """Whether a tone is a sideband of a line, or a multiple of a train's rate."""
        reach_hz = max(2e-3 * tone.hz, 0.3)
        rates = [1 / one.period_s for one in truth.rhythms]
        trains = [1 / one.period_s for one in truth.rhythms if one.kind == "pulses"]
        if any(abs(tone.hz - rate * round(tone.hz / rate)) < reach_hz for rate in trains if rate > 4 * reach_hz):
            return True
        return any(
            abs(abs(tone.hz - line.hz) - number * rate) < max(reach_hz, 3 * line.spread_hz)
            for line in truth.lines
            for rate in rates
            for number in range(1, SIDEBANDS + 1)
        )
