"""Parts of a recording as components of a profile, with what is to be said about their figures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.fitting.alarms import Pattern, alarm_of
from augment.fitting.bed import Bed, third_octaves_db
from augment.fitting.clicks import Clicks
from augment.fitting.drift import spread_over
from augment.fitting.fit import Parts, Struck
from augment.fitting.impacts import Impacts, Sound
from augment.fitting.lives import Life
from augment.fitting.patterns import Swing
from augment.fitting.strikes import Strike
from augment.fitting.voices import BurstPattern, Voice, burst_pattern

TOLD = ("fundamental_hz", "rate_hz", "interval_s", "drift_hz", "wander_db", "jitter", "spread_db", "together")
NOISES = ("third_octave_noise", "fluctuating_noise")
SOFTEST_DB = -119.0
"""What a profile can tell."""
FAINT_DB = -55.0
"""A bed so far under all of the recording is what its tones leave, and none of the machine's."""
QUIET_DB = 70.0
"""Bands that far below the loudest are left out."""


@dataclass(frozen=True)
class Turning:
    """A clock as YAML spells it: its name, its figures, and what is to be said about them."""

    name: str
    figures: dict[str, float]
    remark: str


@dataclass(frozen=True)
class Described:
    """A component as YAML spells it.

    Attributes:
        figures: Its fields, without `source`.
        about: What it is, in words, for its source.
        remarks: What is to be said about a field, by its name.
        clock: The clock that it keeps to and shares with others; None if it has none.
    """

    figures: dict[str, Any]
    about: str
    remarks: dict[str, str] = field(default_factory=dict)
    clock: Turning | None = None

    def source(self, fitted_to: str) -> str:
        """Where its figures come from."""
        return f"fitted to {fitted_to}: {self.about}"

    def told(self) -> str:
        """Its figures with their uncertainty, for people."""
        said = []
        if self.clock is not None:
            said.append(f"{self.clock.figures['rate_hz']:g} turns a second ({self.clock.remark})")
        for name, value in self.figures.items():
            if name in TOLD and not isinstance(value, dict | list):
                said.append(f"{name} {value:g}" + (f" ({self.remarks[name]})" if name in self.remarks else ""))
            elif name in ("bursts", "modulation"):
                inner = ", ".join(f"{key} {one:g}" for key, one in value.items())
                said.append(f"{name}: {inner}" + (f" ({self.remarks[name]})" if name in self.remarks else ""))
        if "pulse_hz" in self.figures:
            said.append("pulses of " + ", ".join(f"{value:g} Hz" for value in self.figures["pulse_hz"]))
        return "; ".join(said)

    def turn_s(self) -> float:
        """How long it takes to come round; 0 for what is steady or comes at random times."""
        figures = self.figures
        if figures["kind"] == "alarm":
            pulses = len(figures["spacings_s"]) + 1
            return float(pulses * figures["pulse_s"] + sum(figures["spacings_s"]) + figures["interval_s"])
        if "bursts" in figures:
            return float(figures["bursts"]["on_s"] + figures["bursts"]["off_s"])
        return 1 / figures["rate_hz"] if "rate_hz" in figures and figures["kind"] == "pulses" else 0.0

    def is_bed(self) -> bool:
        """Whether it is noise that is always there."""
        return self.figures["kind"] in NOISES and "bursts" not in self.figures

    def level(self) -> float:
        """Its level in dBov: of tones and bands the sum of their powers."""
        figures = self.figures
        if "level_db" in figures:
            return float(figures["level_db"])
        levels = figures.get("levels_db") or figures.get("third_octave_levels_db") or {}
        return 10 * math.log10(max(sum(10 ** (level / 10) for level in levels.values()), 1e-16))


def described(parts: Parts, heard_s: float) -> tuple[Described, ...]:
    """Components of a profile.

    Args:
        parts: What the recording is made of.
        heard_s: How much of it could be used.
    """
    found: list[Described] = []
    pattern = alarm_of(parts.voices)
    left = list(parts.voices)
    if pattern is not None:
        found.append(_alarm(pattern))
        left = [voice for voice in parts.voices if voice.gate is None]
    found += [_tones(voice, heard_s) for voice in left]
    found += [_pulses(one) for one in parts.struck]
    if parts.clicks is not None:
        found += _clicks(parts.clicks)
    if parts.impacts is not None:
        found.append(_knocks(parts.impacts))
    if parts.bed.gate is not None:
        found += _burst_noise(parts, burst_pattern(parts.bed.gate, heard_s))
    found += _bed(parts)
    return tuple(found)


def heard_ones(components: Sequence[Described]) -> tuple[Described, ...]:
    """Components without noise and knocks that are far under all the others: nothing of the machine's own."""
    loudest = max((one.level() for one in components), default=0.0)
    return tuple(one for one in components if one.level() > loudest + FAINT_DB)


def _db(value: float) -> float:
    return max(round(value, 1), SOFTEST_DB)


def _hz(value: float) -> float:
    """A frequency to seven digits: hum is heard to a millionth."""
    return float(f"{value:.7g}")


def _s(value: float) -> float:
    return float(f"{value:.4g}")


def _bursts(bursts: BurstPattern) -> dict[str, float]:
    found = {"on_s": _s(bursts.on_s), "off_s": _s(bursts.off_s)}
    if bursts.ramp_s > 0:
        found["ramp_s"] = _s(min(bursts.ramp_s, bursts.on_s / 2))
    if bursts.jitter > 0.003:
        found["jitter"] = round(bursts.jitter, 3)
    if bursts.on_spread > 0.02:
        found["on_spread"] = round(bursts.on_spread, 3)
    return found


def _said(bursts: BurstPattern) -> str:
    share = 100 * bursts.on_s / bursts.period_s
    if math.isinf(bursts.error_s):
        return "too few came to tell how often: as often as they did"
    return f"every {bursts.period_s:.4g} s (standard error {bursts.error_s:.2g} s), on for {share:.0f} % of the time"


def _swing(swing: Swing) -> dict[str, float]:
    return {"rate_hz": float(f"{swing.rate_hz:.5g}"), "depth": round(swing.depth, 3)}


def _said_of_swing(swing: Swing) -> str:
    return f"standard error of the rate {swing.error_hz:.2g} Hz"


def _alarm(pattern: Pattern) -> Described:
    figures: dict[str, Any] = {
        "kind": "alarm",
        "pulse_s": _s(pattern.pulse_s),
        "rise_s": _s(pattern.rise_s),
        "spacings_s": [_s(gap) for gap in pattern.spacings_s],
        "interval_s": _s(pattern.interval_s),
        "pulse_hz": [_hz(value) for value in pattern.pulse_hz],
        "levels_db": {ratio: _db(level) for ratio, level in pattern.levels_db.items()},
    }
    if pattern.jitter > 0.003:
        figures["jitter"] = round(pattern.jitter, 3)
    return Described(figures, "an alarm", {"interval_s": f"from {pattern.bursts} whole bursts"})


def _tones(voice: Voice, heard_s: float) -> Described:
    figures: dict[str, Any] = {"kind": "harmonics", "fundamental_hz": _hz(voice.fundamental_hz)}
    wander_hz = spread_over(voice.drift, heard_s)
    error_hz = math.hypot(voice.error_hz, wander_hz)
    remarks = {
        "fundamental_hz": f"standard error {error_hz:.2g} Hz"
        + (", most of it drift" if wander_hz > voice.error_hz else "")
    }
    if voice.drift is not None:
        figures["drift_hz"] = float(f"{voice.drift.deviation_hz:.2g}")
        figures["drift_time_s"] = float(f"{voice.drift.time_s:.2g}")
        remarks["drift_time_s"] = "a rough estimate"
    figures["levels_db"] = {number: _db(level) for number, level in sorted(voice.levels_db.items())}
    if voice.wander is not None:
        figures["wander_db"] = round(voice.wander.deviation_db, 1)
        figures["wander_time_s"] = float(f"{voice.wander.time_s:.2g}")
        remarks["wander_time_s"] = "a rough estimate"
    if voice.gate is not None:
        bursts = burst_pattern(voice.gate, heard_s)
        figures["bursts"], remarks["bursts"] = _bursts(bursts), _said(bursts)
    if voice.swing is not None:
        figures["modulation"] = _swing(voice.swing)
        remarks["modulation"] = _said_of_swing(voice.swing)
    return Described(figures, "tones of one fundamental" if len(voice.levels_db) > 1 else "a tone", remarks)


def _resonances(strike: Strike) -> list[dict[str, float]]:
    top = max(one.amplitude for one in strike.ringing)
    return [
        {
            "frequency_hz": float(f"{one.frequency_hz:.4g}"),
            "level_db": round(20 * math.log10(one.amplitude / top), 1),
            "decay_s": float(f"{max(one.decay_s, 0.0005):.2g}"),
        }
        for one in strike.ringing
    ]


def _sound(sound: Sound, loudest: float) -> dict[str, Any]:
    # What decays exponentially has the energy of its power at the beginning times its time: levels are those there.
    levels = [10 * math.log10(mode.energy / mode.decay_s) for mode in sound.modes]
    name = "centre_hz" if sound.noisy else "frequency_hz"
    parts = [
        {
            name: float(f"{mode.frequency_hz:.4g}"),
            "level_db": round(level - max(levels), 1),
            "decay_s": float(f"{mode.decay_s:.2g}"),
        }
        for mode, level in zip(sound.modes, levels, strict=True)
    ]
    level_db = round(10 * math.log10(sound.energy / loudest), 1)
    return {"share": round(sound.share, 3), "level_db": level_db, "bands" if sound.noisy else "resonances": parts}


def _pulses(one: Struck) -> Described:
    train = one.train
    rate_hz = float(f"{train.rate_hz:.6g}")
    figures = {"kind": "pulses", "rate_hz": rate_hz, **_train(one.strike, one.level_db, train.jitter, train.rate_hz)}
    error_hz = train.error_s / train.period_s**2
    remark = f"standard error {error_hz:.2g} Hz, from {train.times_s.size} knocks"
    return Described(figures, "knocks at an even rate", {"rate_hz": remark})


def _clicks(clicks: Clicks) -> list[Described]:
    """A train for each of the clicks of a turn, locked to one another by a clock."""
    train = clicks.train
    turning = {"rate_hz": float(f"{clicks.rate_hz:.6g}")}
    if clicks.drift is not None:
        turning["drift_hz"] = float(f"{clicks.drift.deviation_hz:.2g}")
        turning["drift_time_s"] = float(f"{clicks.drift.time_s:.2g}")
    wander_hz = spread_over(clicks.drift, float(train.times_s[-1] - train.times_s[0]))
    error_hz = math.hypot(train.error_s / train.period_s**2, wander_hz)
    clock = Turning("buzz", turning, f"standard error {error_hz:.2g} Hz, from {train.times_s.size} turns")
    found = []
    for one in clicks.each:
        place = {"start": round(one.place, 3)} if len(clicks.each) > 1 else {}
        own = _train(one.strike, 10 * math.log10(one.strike.energy * clicks.rate_hz), clicks.jitter, clicks.rate_hz)
        found.append(Described({"kind": "pulses", "clock": clock.name, **place, **own}, "clicks of a buzz", {}, clock))
    return found


def _train(strike: Strike, level_db: float, jitter: float, rate_hz: float) -> dict[str, Any]:
    """What trains of knocks have in common: level, jitter as a share of the period, spread and resonances."""
    figures: dict[str, Any] = {"level_db": _db(level_db)}
    if jitter > 0.003:
        figures["jitter"] = round(min(jitter, 0.5), 3)
    if strike.spread_db > 0.2:
        figures["spread_db"] = round(strike.spread_db, 1)
    longest_s = math.floor(6900 / rate_hz) / 10_000
    figures["resonances"] = [{**entry, "decay_s": min(entry["decay_s"], longest_s)} for entry in _resonances(strike)]
    return figures


def _knocks(impacts: Impacts) -> Described:
    level_db = 10 * math.log10(impacts.power)
    figures: dict[str, Any] = {
        "kind": "knocks",
        "rate_hz": float(f"{impacts.rate_hz:.3g}"),
        "level_db": _db(level_db),
        "level_quantiles_db": {p: round(value, 1) for p, value in impacts.quantiles_db.items()},
    }
    if impacts.cluster_size > 1:
        figures["clusters"] = {"size": round(impacts.cluster_size, 1), "length_s": impacts.cluster_s}
    loudest = max(sound.energy for sound in impacts.sounds)
    figures["sounds"] = [_sound(one, loudest) for one in impacts.sounds]
    told = f"from {impacts.times_s.size} impacts that stand out; softer ones are in the noise"
    return Described(figures, "impacts at random times", {"rate_hz": told})


def _levels(bed: Bed, density: NDArray[np.float64], to_hz: float) -> dict[float, float]:
    levels = third_octaves_db(bed.frequency_hz, density, to_hz)
    least = max(levels.values()) - QUIET_DB
    kept = [centre for centre, level in levels.items() if level > least]
    return {c: _db(max(v, least)) for c, v in levels.items() if kept[0] <= c <= kept[-1]}


def _power(bed: Bed, density: NDArray[np.float64]) -> float:
    return float(np.sum(density)) * float(bed.frequency_hz[1])


def _burst_noise(parts: Parts, bursts: BurstPattern) -> list[Described]:
    density = parts.bed.burst_density
    if _power(parts.bed, density) < parts.power() * 10 ** (FAINT_DB / 10):
        return []
    figures: dict[str, Any] = {
        "kind": "third_octave_noise",
        "third_octave_levels_db": _levels(parts.bed, density, parts.residue.heard.to_hz),
        "bursts": _bursts(bursts),
    }
    remarks = {"bursts": _said(bursts)}
    if parts.bed.swing is not None:
        figures["modulation"], remarks["modulation"] = _swing(parts.bed.swing), _said_of_swing(parts.bed.swing)
    return [Described(figures, "noise that comes and goes", remarks)]


def _bed(parts: Parts) -> list[Described]:
    bed = parts.bed
    if _power(bed, bed.density) < parts.power() * 10 ** (FAINT_DB / 10):
        return []
    levels = _levels(bed, bed.density, parts.residue.heard.to_hz)
    if parts.lives is not None:
        return [_fluctuating(levels, parts.lives)]
    figures: dict[str, Any] = {"kind": "third_octave_noise", "third_octave_levels_db": levels}
    if bed.swing is None or bed.gate is not None:
        return [Described(figures, "steady noise")]
    figures["modulation"] = _swing(bed.swing)
    return [Described(figures, "noise that swells", {"modulation": _said_of_swing(bed.swing)})]


def _fluctuating(levels: dict[float, float], lives: Sequence[Life]) -> Described:
    swings = [
        {
            "from_hz": round(band.from_hz, 1),
            "to_hz": round(band.to_hz, 1),
            "level_quantiles_db": {p: round(value, 1) for p, value in band.quantiles_db.items()},
            "modulation_db": {rate: round(value, 1) for rate, value in band.modulation_db.items()},
            "together": round(band.together, 2),
        }
        for band in lives
    ]
    figures = {
        "kind": "fluctuating_noise",
        "third_octave_levels_db": levels,
        "swings": swings,
    }
    return Described(figures, "noise whose level lives in each band")
