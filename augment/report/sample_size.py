"""What groups of a size can show, as text; no corpus is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from augment.design.comparing import PlannedComparison
from augment.design.detection import Clusters, even
from augment.design.freedom import unequal
from augment.recipe.experiment import Statistics
from augment.report.detection import assumed_text, can_be_shown, needed_text, scored_text, too_few
from augment.report.text import counted


@dataclass(frozen=True)
class Sizes:
    """Two groups, each in one cell; where conditions of one group are compared, the first.

    Attributes:
        one: Utterances, and speakers who share them evenly.
        other: The same of the other group.
        words: Of an utterance.
    """

    one: tuple[int, int]
    other: tuple[int, int]
    words: float

    @property
    def cells(self) -> tuple[Clusters, Clusters]:
        """Their words."""
        return even(*self.one, self.words), even(*self.other, self.words)

    @property
    def speakers(self) -> tuple[int, int]:
        """How many they are."""
        return self.one[1], self.other[1]

    @property
    def smallest(self) -> tuple[int, int, float]:
        """Utterances and speakers that both have at least, and words."""
        return min(self.one[0], self.other[0]), min(self.speakers), self.words

    @property
    def text(self) -> str:
        """Both in words; one, where they are alike."""
        said = [f"{counted(utterances, 'utterance')} of {counted(own, 'speaker')}" for utterances, own in self._each]
        return f"{' and '.join(said)}, {self.words:g} words each{'' if len(said) == 1 else ','}"

    @property
    def _each(self) -> tuple[tuple[int, int], ...]:
        return (self.one,) if self.one == self.other else (self.one, self.other)


SHOWN_BY = {
    ("groups", True): ("a cell of {} shows", "a difference in word error rate"),
    ("groups", False): ("cells of {} show", "a difference in word error rate"),
    ("conditions", True): ("a group of {}, the same in two conditions, shows", "a difference between these"),
    ("growth", True): ("groups of {}, the same in two conditions, show", "a growth of their gap"),
    ("growth", False): ("groups of {} the same in two conditions, show", "a growth of their gap"),
}
"""Who shows what, by what is compared and whether groups are alike in size."""
ALIKE = {
    "groups": "two groups that do not differ, {}, are shown to lie within {} of one another{}",
    "conditions": "two conditions that do not differ, of a group of {}, are shown to lie within {} of one another{}",
    "growth": "a gap that does not grow, of groups of {}, is shown to lie within {} of what it was{}",
}


def sample_size_text(
    sizes: Sizes, question: PlannedComparison, statistics: Statistics, margin: float | None = None
) -> str:
    """What groups of given sizes can show, and what the desired difference, or margin, needs.

    Args:
        sizes: Of both groups.
        question: What is to be shown.
        statistics: Assumptions, and the desired difference.
        margin: A difference that would not matter: how small one is shown to be, where there is none.

    Example:
        >>> unequal_groups = Sizes((200, 4), (200, 40), 10.0)
        >>> print(sample_size_text(unequal_groups, PlannedComparison(), Statistics()).splitlines()[1].split("rate ")[1])
        of 13.0 points or more where the second is worse, of 17.4 points or more where the first is worse
    """
    lines = [assumed_text(statistics, margin is not None), *_assumed(question, statistics)]
    if margin is None:
        return "\n".join([*lines, *_differences(sizes, question, statistics)])
    return "\n".join([*lines, *_within(sizes, question, statistics, margin)])


def sample_size_record(
    sizes: Sizes, question: PlannedComparison, statistics: Statistics, margin: float | None = None
) -> dict[str, Any]:
    """The same as a program is told: the smallest difference that is shown, each way round, and the smallest margin.

    What is wished for is judged by what scores will show (``scored``, a difference each way round, or a margin): less
    than Welch's degrees of freedom promise, where one group has more than twice as many speakers as the other.

    Arguments are those of :func:`sample_size_text`; differences are shares, 0 to 1, and None where none is shown.

    Example:
        >>> found = sample_size_record(Sizes((200, 20), (200, 20), 10.0), PlannedComparison(), Statistics())
        >>> round(found["differences"][0], 3), found["shows_what_is_wished_for"]
        (0.076, None)
    """
    one, other = sizes.cells
    ways = (one, other), (other, one)
    differences = [question.difference(*way, statistics) for way in ways]
    if margin is None:
        wished, scored = statistics.detect, [question.difference(*way, statistics, True) for way in ways]
    else:
        wished, scored = margin, [question.margin(one, other, statistics, True)]
    enough = None if wished is None else all(value is not None and value <= wished for value in scored)
    return {
        "compared": question.kind,
        "groups": [dict(zip(("utterances", "speakers"), size, strict=True)) for size in (sizes.one, sizes.other)],
        "words": sizes.words,
        "assumed": statistics.model_dump(),
        "differences": differences,
        "margin": question.margin(one, other, statistics),
        "scored": scored,
        "shows_what_is_wished_for": enough,
    }


def _assumed(question: PlannedComparison, statistics: Statistics) -> list[str]:
    if question.kind == "groups":
        return []
    rates = f"{statistics.wer:.0%} in both conditions, but for the difference"
    correlated = f"{question.correlation:g} for the same word, utterance and speaker"
    return [
        f"assumed between conditions: word error rates of {rates}; correlation of errors, an estimate, {correlated}"
    ]


def _differences(sizes: Sizes, question: PlannedComparison, statistics: Statistics) -> list[str]:
    one, other = sizes.cells
    same = sizes.one == sizes.other
    ways = [(one, other)] if same else [(one, other), (other, one)]
    found = [question.difference(*way, statistics) for way in ways]
    who, what = SHOWN_BY[question.kind, same]
    lines = [f"{who.format(sizes.text)} {_from(what, found, question, min(sizes.speakers))}"]
    cautious = [question.difference(*way, statistics, True) for way in ways] if unequal(sizes.speakers) else []
    lines += scored_text(cautious, min(sizes.speakers))
    wished = statistics.detect
    if wished is None:
        return lines
    if all(one is not None and one <= wished for one in cautious or found):
        return [*lines, can_be_shown(wished)]
    needed = needed_text(sizes.smallest, wished, statistics, lambda cell: question.difference(cell, cell, statistics))
    return [*lines, f"a difference of {100 * wished:g} points (statistics.detect) would need {needed}{_both(sizes)}"]


def _from(what: str, found: Sequence[float | None], question: PlannedComparison, fewest: int) -> str:
    """What is shown, by the group that is worse where two are given."""
    if all(one is None for one in found):
        return f"no difference; {too_few(fewest)}"
    figures = [None if one is None else f"of {100 * one:.1f} points or more" for one in found]
    if len(figures) == 1:
        return f"{what} {figures[0]}"
    worse = "gets worse" if question.kind == "growth" else "is worse"
    each = [(f, f"where the {whose} {worse}") for f, whose in zip(figures, ("second", "first"), strict=True)]
    shown = ", ".join(f"{figure} {where}" for figure, where in each if figure)
    return f"{what} {shown}{''.join(f', and none {where}' for figure, where in each if not figure)}"


def _within(sizes: Sizes, question: PlannedComparison, statistics: Statistics, margin: float) -> list[str]:
    """Equivalence: the smallest margin that is shown, and what the desired one needs."""
    found = question.margin(*sizes.cells, statistics)
    points = "no margin" if found is None else f"{100 * found:.1f} points"
    rest = f": {too_few(min(sizes.speakers))}" if found is None else ", but not within fewer"
    lines = [ALIKE[question.kind].format(sizes.text.rstrip(","), points, rest)]
    cautious = [question.margin(*sizes.cells, statistics, True)] if unequal(sizes.speakers) else []
    lines += scored_text(cautious, min(sizes.speakers), "margins")
    if all(one is not None and one <= margin for one in cautious or [found]):
        return [*lines, f"a margin of {100 * margin:g} points can be shown"]
    needed = needed_text(sizes.smallest, margin, statistics, lambda cell: question.margin(cell, cell, statistics))
    return [*lines, f"a margin of {100 * margin:g} points would need {needed}{_both(sizes)}"]


def _both(sizes: Sizes) -> str:
    return "" if sizes.one == sizes.other else ", in both groups"
