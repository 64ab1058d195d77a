"""How good a synthesis is, by the only honest yardstick: the other half of the same recording.

Two halves of one recording differ. A synthesis made of the first is asked to lie no further from the second than the
first does. It is drawn several times, since one draw may be near or far by luck.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from augment.acoustics import Signal
from augment.fitting.distance import QUANTITIES, Distance, Quantity, distance
from augment.fitting.glimpses import Voices, demo_voices
from augment.fitting.likeness import Likeness, Stretch, heard_rate_hz, likeness

SHORTEST_HALF_S = 2.0
"""Of a shorter half nothing can be said: it holds too few swings of what is slow, and too few knocks."""
SHORTEST_QUARTER_S = 1.0
DRAWS = 5
QUARTERS_TO_HALVES = 0.5**0.5
"""What chance alone adds to a difference falls with the root of the time that is looked at."""
LEEWAY = 1.25
"""The spread is itself known from few quarters: with this, syntheses of the very process that was recorded stay within
it in 97 of 100 cases (20 pairs of halves, of 5 and 15 s, of white noise, a scanner and a pump; 75 at worst)."""


@dataclass(frozen=True)
class Judgement:
    """One quantity, judged.

    Attributes:
        quantity: What was looked at.
        halves: How far the halves of the recording are from each other.
        spread: How far two halves may be from each other, by the halves and the quarters of this one recording.
        synthesis: How far the synthesis is from the second half: the median of its draws.
        least, most: The nearest and the furthest draw.
        where: Where that draw differs most whose distance is the median; empty if the quantity has no place.
    """

    quantity: Quantity
    halves: float
    spread: float
    synthesis: float
    least: float
    most: float
    where: str

    @property
    def within(self) -> bool:
        """Whether the synthesis is as near as the halves are, but for what is too little to matter."""
        return self.synthesis <= max(self.spread, self.quantity.negligible)

    @property
    def beyond(self) -> float:
        """How much further than the spread of the halves it is; 0 within it."""
        return max(0.0, self.synthesis - self.spread)

    @property
    def words(self) -> str:
        """The verdict.

        Example:
            >>> bands = QUANTITIES[1]
            >>> Judgement(bands, 0.8, 1.0, 2.8, 2.5, 3.0, "3150 Hz").words
            'third octaves: 1.8 dB further than the spread of the halves, most at 3150 Hz'
            >>> Judgement(bands, 0.8, 1.0, 0.9, 0.7, 1.1, "3150 Hz").words
            'third octaves: within the spread of the halves (0.9 dB)'
        """
        name, said = self.quantity.name, self.quantity.said
        if self.synthesis <= self.spread:
            return f"{name}: within the spread of the halves ({said(self.synthesis)})"
        if self.within:
            return f"{name}: further than the spread of the halves, by too little to matter ({said(self.synthesis)})"
        place = f", most at {self.where}" if self.where else ""
        return f"{name}: {said(self.beyond)} further than the spread of the halves{place}"


@dataclass(frozen=True, eq=False)
class Goodness:
    """How good a synthesis is.

    Attributes:
        first, second: What the halves of the recording sound like; None where they are too short.
        synthesis: What the first draw sounds like; None where the halves are too short.
        judgements: What foretells word error rates best comes first; empty where the halves are too short.
        half_s: How much of the shorter half counts.
    """

    first: Likeness | None
    second: Likeness | None
    synthesis: Likeness | None
    judgements: tuple[Judgement, ...]
    half_s: float

    @property
    def too_short(self) -> bool:
        """Whether the recording is too short to say."""
        return not self.judgements

    @property
    def good(self) -> bool:
        """Whether everything is within the spread of the halves."""
        return bool(self.judgements) and all(one.within for one in self.judgements)

    @property
    def summary(self) -> str:
        """The verdict without its particulars."""
        if self.too_short:
            return (
                f"how good the fit is cannot be said: half of what can be used are {self.half_s:.1f} s, "
                f"and at least {SHORTEST_HALF_S:g} s are needed"
            )
        beyond = sum(not one.within for one in self.judgements)
        if not beyond:
            return "the synthesis is as like the recording's other half as its own halves are like each other"
        return (
            f"the synthesis is further from the recording's other half than its own halves are from each other, "
            f"in {beyond} of {len(self.judgements)} quantities"
        )

    @property
    def verdict(self) -> str:
        """The whole in one sentence."""
        beyond = "; ".join(one.words for one in self.judgements if not one.within)
        return f"{self.summary}: {beyond}" if beyond else self.summary


def judged(first: Stretch, second: Stretch, synthesise: Callable[[int, int], Signal], draws: int = DRAWS) -> Goodness:
    """Hold a synthesis against the half of the recording that it was not made of.

    Args:
        first: The half of the recording that the synthesis was made of.
        second: The other half.
        synthesise: Takes a number of samples and a seed, and gives as many samples at the recording's rate and level.
        draws: How many syntheses are made.

    Raises:
        ValueError: A half, or a synthesis, is silent where SNR is measured; or it counts in scraps shorter than 0.1 s.

    Example:
        >>> def white(samples: int, seed: int) -> Signal:
        ...     return np.random.default_rng(seed).standard_normal(samples)
        >>> halves = Stretch.whole(white(96000, 9), 16000).parts(2)
        >>> judged(*halves, white, draws=3).verdict
        "the synthesis is as like the recording's other half as its own halves are like each other"
        >>> short = Stretch.whole(white(16000, 9), 16000).parts(2)
        >>> judged(*short, white).verdict
        'how good the fit is cannot be said: half of what can be used are 0.5 s, and at least 2 s are needed'
    """
    half_s = min(first.seconds, second.seconds)
    if half_s < SHORTEST_HALF_S:
        return Goodness(None, None, None, (), half_s)
    rate = second.sample_rate_hz
    speech = demo_voices(heard_rate_hz(rate))
    one, other = likeness(first, speech), likeness(second, speech)
    drawn = [
        likeness(Stretch.whole(synthesise(second.samples.size, seed), rate), speech) for seed in range(1, draws + 1)
    ]
    away = [distance(own, other) for own in drawn]
    between, quarters = distance(one, other), _of_quarters(first, second, speech)
    found = tuple(_judged(quantity, between, quarters, away) for quantity in QUANTITIES)
    return Goodness(one, other, drawn[0], found, half_s)


def _of_quarters(first: Stretch, second: Stretch, speech: Voices) -> list[Distance]:
    """Distances between all quarters; none where they are too short."""
    quarters = [quarter for half in (first, second) for quarter in half.parts(2)]
    if min(quarter.seconds for quarter in quarters) < SHORTEST_QUARTER_S:
        return []
    seen = [likeness(quarter, speech) for quarter in quarters]
    return [distance(a, b) for a, b in combinations(seen, 2)]


def _judged(quantity: Quantity, halves: Distance, quarters: Sequence[Distance], away: Sequence[Distance]) -> Judgement:
    """One quantity: as far as the furthest quarters are from each other, at the length of halves, halves may be too."""
    own = quantity.of(halves)
    spread = LEEWAY * max([own, *(QUARTERS_TO_HALVES * quantity.of(one) for one in quarters)])
    values = np.array([quantity.of(one) for one in away])
    middle = int(np.argsort(values, kind="stable")[(len(values) - 1) // 2])
    return Judgement(
        quantity, own, spread, float(np.median(values)), float(values.min()), float(values.max()),
        quantity.where(away[middle]),
    )  # fmt: skip
