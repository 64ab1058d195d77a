"""A recording, fitted: the better of two descriptions of it, brought to its spectrum."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.filters import without_infrasound
from augment.fitting.balance import brought
from augment.fitting.described import Described, described
from augment.fitting.distance import Distance, distance
from augment.fitting.fit import Parts, taken_apart, with_lives
from augment.fitting.glimpses import demo_voices
from augment.fitting.likeness import Stretch, heard_rate_hz, likeness
from augment.fitting.spectra import Usable, power_spectrum
from augment.profiles.noise import NoiseProfile
from augment.streams import generator

DRAWN_S = 12.0
ROUNDS = 2
NEAR = 2.5
"""What sounds so much alike needs no other description."""
WORTH, WORTH_RHYTHM = 0.85, 0.5
"""Noise that lives has many figures, and no rhythm to change: it must be so much nearer to the recording."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A recording as a profile.

    Attributes:
        parts: What it was taken apart into.
        components: The components, with what is to be said about them.
        profile: They, as a profile; levels in dBov of the recording.
        distance: How far a synthesis is from the recording that it was made of.
        unexplained: Share of the energy in third octaves that recording and synthesis do not have in common.
    """

    parts: Parts
    components: tuple[Described, ...]
    profile: NoiseProfile
    distance: Distance
    unexplained: float


def fitted(heard: Usable) -> Fitted:
    """Fit what may be used of a recording.

    What remains when tones and trains of knocks are told is told in two ways: as knocks at random times over a bed that
    is steady, swells or comes in bursts; and as noise whose level lives in each band. That one is taken which sounds
    more like the recording.
    """
    parts = taken_apart(heard)
    plain = _brought(parts, heard)
    if off(plain.distance) < NEAR:
        return plain
    alive = with_lives(parts)
    if alive is None:
        return plain
    lively = _brought(alive, heard)
    rhythm = parts.bed.gate is not None or parts.bed.swing is not None
    worth = WORTH_RHYTHM if rhythm else WORTH
    return lively if off(lively.distance) < worth * off(plain.distance) else plain


def off(found: Distance) -> float:
    """How far a synthesis is from a recording in all: what differs, each against what is negligible of it."""
    return (
        found.glimpses / 2
        + found.third_octaves_p90_db / 3
        + found.modulation_db / 1.5
        + found.modulation_p90_db / 4
        + found.skewness / 0.2
    )


def profile_of(
    components: Sequence[Described],
    fitted_to: str = "a recording",
    title: str = "A fitted noise",
    about: str = "Fitted.",
    level: Mapping[str, Any] | None = None,
) -> NoiseProfile:
    """Components as a profile."""
    spelt = [{**one.figures, "source": one.source(fitted_to)} for one in components]
    whole = {"title": title, "about": about, "components": spelt} | ({} if level is None else {"level": dict(level)})
    return NoiseProfile.model_validate(whole, strict=False)


def drawn(profile: NoiseProfile, samples: int, sample_rate_hz: int, seed: int) -> Signal:
    """A synthesis of a fitted profile at the level of the recording."""
    every = (True,) * len(profile.components)  # when it counts as on is not asked
    return profile.render(samples, sample_rate_hz, lambda name: generator("fitted", seed, name), every)[0]


def _brought(parts: Parts, heard: Usable) -> Fitted:
    """Components whose noise and knocks are set so that the whole has the recording's third octaves."""
    components = described(parts, heard.usable_s)
    samples = round(min(DRAWN_S, max(4.0, heard.samples.size / heard.sample_rate_hz)) * heard.sample_rate_hz)
    wanted = _third_octaves(heard)
    for _ in range(ROUNDS):
        made = [_third_octaves(_as_heard(_draw(one, samples, heard), heard)) for one in components]
        components = brought(components, wanted, made)
    profile = profile_of(components)
    sound = without_infrasound(drawn(profile, samples, heard.sample_rate_hz, 2), heard.sample_rate_hz)
    speech = demo_voices(heard_rate_hz(heard.sample_rate_hz))
    rate = heard.sample_rate_hz
    away = distance(
        likeness(Stretch.whole(sound, rate), speech), likeness(Stretch(heard.samples, rate, heard.mask), speech)
    )
    return Fitted(parts, components, profile, away, _unexplained(wanted, _third_octaves(_as_heard(sound, heard))))


def _draw(one: Described, samples: int, heard: Usable) -> Signal:
    return without_infrasound(drawn(profile_of([one]), samples, heard.sample_rate_hz, 1), heard.sample_rate_hz)


def _as_heard(sound: Signal, heard: Usable) -> Usable:
    return replace(heard, samples=sound, mask=np.ones(sound.size, np.bool_))


def _third_octaves(heard: Usable) -> dict[float, float]:
    """Powers of third octaves by nominal centre."""
    seen = power_spectrum(heard, 0.5) or power_spectrum(heard, 0.125)
    if seen is None:
        return {}
    return {
        centre: 10 ** (level / 10) for centre, level in third_octaves_of(seen.power, seen.step_hz, heard.to_hz).items()
    }


def third_octaves_of(power: Any, step_hz: float, to_hz: float) -> dict[float, float]:
    """Levels of third octaves from the powers of bins, in dB, by nominal centre; whole bands only."""
    found = {}
    for number in range(-16, 14):
        centre = 1000 * 10 ** (number / 10)
        low, high = centre * 10**-0.05, centre * 10**0.05
        if high > to_hz:
            break
        # The shares of the first and the last bin that lie in the band count.
        edges = (np.arange(power.size + 1) - 0.5) * step_hz
        sums = np.concatenate([[0.0], np.cumsum(power)])
        inside = float(np.interp(high, edges, sums) - np.interp(low, edges, sums))
        found[nominal(number)] = 10 * math.log10(max(inside, 1e-16))
    return found


def nominal(number: int) -> float:
    """The centre by which the third octave of a number about 1 kHz is called."""
    decade, place = divmod(number, 10)
    return float((1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)[place] * 10 ** (3 + decade))


def _unexplained(wanted: dict[float, float], made: dict[float, float]) -> float:
    """Share of the energy that is in one and not in the other, band by band."""
    apart = sum(abs(made[centre] - wanted[centre]) for centre in wanted if centre in made)
    return float(min(1.0, apart / max(sum(wanted.values()), 1e-30)))
