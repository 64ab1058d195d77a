"""A recording, fitted: the best of some descriptions of it, brought to its spectrum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.filters import kept_of_low, without_infrasound
from augment.acoustics.portrait import band_centres_hz, nominal_hz, third_octave_powers
from augment.acoustics.shaping import band_density, bins, density_of_noise
from augment.acoustics.spectrum import THIRD_OCTAVE_EDGE
from augment.fitting.balance import brought
from augment.fitting.described import Described, described, heard_ones
from augment.fitting.distance import Distance, distance
from augment.fitting.fit import Parts, taken_apart, with_clicks, with_lives
from augment.fitting.glimpses import demo_voices
from augment.fitting.likeness import Stretch, heard_rate_hz, likeness
from augment.fitting.spectra import Usable, power_spectrum, through_hann
from augment.profiles.noise import NoiseProfile
from augment.streams import generator

DRAWN_S, LONG_S, MOST_DRAWN_S, TURNS = 12.0, 24.0, 60.0, 4
"""So much of a component is drawn to be set right, or, of what comes round slowly, so many turns; the longer stretch
where rare blows count."""
FRAME_S, SHORT_FRAME_S = 0.5, 0.125
"""Of which the spectrum is taken; the shorter ones where less of a recording can be used in one piece."""
SILENCE = 1e-16
ROUNDS = 3
NEAR = 2.5
"""What sounds so much alike needs no other description."""
WORTH, WORTH_RHYTHM, RHYTHM_DEPTH = 0.85, 0.4, 0.1
"""Noise that lives has many figures, and no rhythm to change: it must be so much nearer to the recording. A swell
that is shallower than that depth is no rhythm that anybody would change."""
SUBJECT, WORTH_IMPACTS = 1 / 3, 0.55
"""Impacts that hold so much of the power are what the recording is of: they stay impacts, unless noise that lives is so
much nearer. A blow is heard in many bands at once; many small ones in single bands hide more of the speech."""
CLICKS_HIDE, CLICKS_OFF_DB = 2.0, 2.0
"""Clicks are preferred to the lines that they make, unless they hide or show so many points more of speech, or are so
much farther from the third octaves: their rate can be changed, and the rest of a distance does not ask for what happens
within a turn."""


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

    What remains when tones and trains of knocks are told is told in three ways: as knocks at random times over a bed
    that is steady, swells or comes in bursts; as noise whose level lives in each band; and as knocks over such noise.
    That one is taken which sounds most like the recording. A buzz is told as clicks where these tell it as well.
    """
    parts, recording = taken_apart(heard), _Recording(heard)
    best = _nearest(parts, recording)
    buzz = with_clicks(parts)
    clicking = None if buzz is None else recording.brought(buzz)
    return clicking if clicking is not None and _buzzing(clicking.distance, best.distance) else best


def _nearest(parts: Parts, recording: "_Recording") -> Fitted:
    """The description of parts that sounds most like the recording."""
    plain = recording.brought(parts)
    if off(plain.distance) < NEAR:
        return plain
    # Over a bed that is not there at all, impacts and bursts are told by the plain description already.
    events = (parts.impacts is not None or parts.bed.gate is not None) and plain.components[-1].is_bed()
    some = [with_lives(parts, over) for over in ((False, True) if events else (False,))]
    lively = [recording.brought(alive) for alive in some if alive is not None]
    swing = parts.bed.swing
    rhythm = parts.bed.gate is not None or (swing is not None and swing.depth > RHYTHM_DEPTH)
    worth = WORTH_RHYTHM if rhythm else WORTH
    best = min(lively, key=lambda one: off(one.distance) * (WORTH_IMPACTS if _of_impacts(one) else 1), default=plain)
    return best if off(best.distance) < worth * off(plain.distance) else plain


def _of_impacts(one: Fitted) -> bool:
    """Whether impacts hold much of the power."""
    powers = dict.fromkeys((False, True), 0.0)
    for part in one.components:
        powers[part.figures["kind"] == "knocks"] += 10 ** (part.level() / 10)
    return powers[True] > SUBJECT * (powers[True] + powers[False])


def _buzzing(clicking: Distance, other: Distance) -> bool:
    """Whether clicks tell a buzz as well as another description does."""
    return (
        clicking.glimpses < other.glimpses + CLICKS_HIDE
        and clicking.third_octaves_p90_db < other.third_octaves_p90_db + CLICKS_OFF_DB
    )


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
    whole: dict[str, Any] = {"title": title, "about": about, "components": spelt}
    if level is not None:
        whole["level"] = dict(level)
    if clocks := {one.clock.name: one.clock.figures for one in components if one.clock is not None}:
        whole["clocks"] = clocks
    return NoiseProfile.model_validate(whole, strict=False)


def drawn(profile: NoiseProfile, samples: int, sample_rate_hz: int, seed: int) -> Signal:
    """A synthesis of a fitted profile at the level of the recording."""
    every = (True,) * len(profile.components)  # when it counts as on is not asked
    return profile.render(samples, sample_rate_hz, lambda name: generator("fitted", seed, name), every)[0]


class _Recording:
    """What descriptions of a recording are brought to, and held against.

    Args:
        heard: What may be used of it.
    """

    def __init__(self, heard: Usable) -> None:
        self._heard, self._rate = heard, heard.sample_rate_hz
        self._wanted = third_octaves_of(heard)
        self._speech = demo_voices(heard_rate_hz(self._rate))
        self._likeness = likeness(Stretch(heard.samples, self._rate, heard.mask), self._speech)
        self._usual_s = min(DRAWN_S, max(4.0, heard.samples.size / self._rate))
        self._known: dict[str, dict[float, float]] = {}

    def brought(self, parts: Parts) -> Fitted:
        """Components whose noise and knocks are set so that the whole has the recording's third octaves."""
        components = described(parts, self._heard.usable_s)
        for _ in range(ROUNDS):
            made = [self._alone(one) for one in components]
            components = heard_ones(brought(components, self._wanted, made))
        sound = self._sound(components, 2, max(self._usual_s, min(self._heard.usable_s, LONG_S)))
        away = distance(likeness(Stretch.whole(sound, self._rate), self._speech), self._likeness)
        return Fitted(parts, components, profile_of(components), away, _unexplained(self._wanted, self._made(sound)))

    def _alone(self, one: Described) -> dict[float, float]:
        """Third octaves of one component; descriptions share tones and trains, which are not made again."""
        if one.is_bed():  # as it is in the long run: of a few seconds, rare blows hold too much or too little
            return self._of_noise(one.figures["third_octave_levels_db"])
        key = repr(one.figures)
        if key not in self._known:
            knocks = one.figures["kind"] == "knocks"
            made = self._made(self._sound([one], 1, LONG_S if knocks else self._usual_s))
            if knocks:  # few loud ones hold most of a draw; in the long run, their level
                share = 10 ** (one.level() / 10) / sum(made.values())
                made = {centre: power * share for centre, power in made.items()}
            self._known[key] = made
        return self._known[key]

    def _of_noise(self, levels_db: Mapping[float, float]) -> dict[float, float]:
        """Third octaves of noise of given third octaves, as frames of a recording show them."""
        frequency_hz = bins(self._rate)
        density = density_of_noise(band_density(levels_db, self._rate, THIRD_OCTAVE_EDGE))
        density *= kept_of_low(frequency_hz, self._rate)
        step_hz = float(frequency_hz[1])
        of_frames_hz = np.arange(0, frequency_hz[-1], 1 / FRAME_S)
        seen = np.interp(of_frames_hz, frequency_hz, through_hann(density, step_hz, FRAME_S) / step_hz)
        return _by_centre(of_frames_hz, seen, self._heard.to_hz)

    def _sound(self, components: Sequence[Described], seed: int, least_s: float) -> Signal:
        turns_s = TURNS * max((one.turn_s() for one in components), default=0.0)
        samples = round(min(max(least_s, turns_s), MOST_DRAWN_S) * self._rate)
        return without_infrasound(drawn(profile_of(components), samples, self._rate, seed), self._rate)

    def _made(self, sound: Signal) -> dict[float, float]:
        return third_octaves_of(replace(self._heard, samples=sound, mask=np.ones(sound.size, np.bool_)))


def third_octaves_of(heard: Usable) -> dict[float, float]:
    """Powers of the third octaves that lie wholly in what is known, by nominal centre."""
    seen = power_spectrum(heard, FRAME_S) or power_spectrum(heard, SHORT_FRAME_S)
    return {} if seen is None else _by_centre(seen.frequency_hz(), seen.power / seen.step_hz, heard.to_hz)


def _by_centre(frequency_hz: NDArray[np.float64], density: NDArray[np.float64], to_hz: float) -> dict[float, float]:
    twice_hz = int(2 * to_hz)
    powers = third_octave_powers(frequency_hz, density, twice_hz)
    return {
        nominal_hz(centre): max(float(power), SILENCE)
        for centre, power in zip(band_centres_hz(twice_hz), powers, strict=True)
    }


def _unexplained(wanted: dict[float, float], made: dict[float, float]) -> float:
    """Share of the energy that is in one and not in the other, band by band."""
    apart = sum(abs(made[centre] - wanted[centre]) for centre in wanted if centre in made)
    return float(min(1.0, apart / max(sum(wanted.values()), 1e-30)))
