"""What the voices of a corpus, or of a plan, can show: who says how much in which cell."""

import itertools
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from augment.design.detection import Cell, between_cells, cell_of_sums, detectable_difference, even
from augment.recipe.experiment import Assignment, Balance, Rotated, Statistics

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class RequestedCell:
    """One cell as a recipe asks for it, before anything is selected.

    Attributes:
        utterances: Utterances of each group in the cell.
        speakers: The fewest that each group may have.
        words: Mean number of words in an utterance of the corpus.
        difference: The smallest difference it can show; None where it can show none.
    """

    utterances: int
    speakers: int
    words: float
    difference: float | None


def asked_of(
    corpus: "polars.DataFrame", recipe: tuple[Balance, Assignment, Statistics], conditions: int
) -> RequestedCell | None:
    """What the design that a recipe asks for can show, from its numbers and the corpus's mean utterance length.

    Args:
        corpus: Rows with a column ``text``.
        recipe: What it says about balance, assignment and statistics.
        conditions: How many there are.

    Returns:
        None if the numbers follow from the corpus or the budget (``utterances: max``, ``assignment: rotated``), or if
        no row has a text.

    Example:
        >>> import polars
        >>> frame = polars.DataFrame({"text": ["one two three"]})
        >>> found = asked_of(frame, (Balance(by=("accent",), utterances=200), "crossed", Statistics()), 4)
        >>> (found.utterances, found.speakers, found.words, found.difference)
        (200, 1, 3.0, None)
    """
    import polars

    balance, assignment, statistics = recipe
    if balance.utterances == "max" or assignment == "rotated" or not corpus.height:
        return None
    share = assignment.rotated / conditions if isinstance(assignment, Rotated) else 1.0
    utterances = max(1, math.floor(balance.utterances * min(share, 1.0)))
    words = float(corpus.select(polars.col("text").str.count_matches(r"\S+").mean()).item() or 0.0)
    if words == 0:
        return None
    speakers = min(max(balance.speakers.min, math.ceil(1 / balance.speakers.max_share)), utterances)
    cell = even(utterances, speakers, words)
    return RequestedCell(utterances, speakers, words, detectable_difference(cell, cell, statistics))


@dataclass(frozen=True)
class Detection:
    """What a design can show in one cell, as scores will judge it.

    Attributes:
        cells: The weakest cell of each group: the one in which its rate is known least precisely.
        pair: The two groups whose smallest detectable difference is largest, over all conditions; the second one is
            worse.
        condition: The condition in which it is.
        difference: The difference itself; None if nothing can be detected between them.
        best: The smallest difference that can be detected between any two groups, whichever is worse, in every
            condition; None without any.
        words: Mean number of words in an utterance.
    """

    cells: dict[str, Cell]
    pair: tuple[str, str] | None
    condition: str | None
    difference: float | None
    best: float | None
    words: float


def detection_of(voices: "polars.DataFrame", statistics: Statistics) -> Detection:
    """What a plan can show; for two groups, that is what their weakest pair of cells can show.

    Groups are compared within one condition. Where conditions are rotated, pairs of cells differ in their words, in
    their speakers, and in how evenly these speak.

    Args:
        voices: As :func:`voices_of` gives them by condition.
        statistics: Assumptions, power and significance.
    """
    cells = _cells(voices, statistics)
    groups = sorted({group for group, _ in cells})
    weakest = {
        group: max((cell for (own, _), cell in cells.items() if own == group), key=lambda cell: cell.spread)
        for group in groups
    }
    detectable = cache(lambda one, other: between_cells(one, other, statistics, cautious=True))
    # Nobody knows beforehand which group is worse: two groups show what they show the worse way round.
    found = [
        max(
            (
                (_or_endless(detectable(cells[one, name], cells[other, name])), (one, other), name)
                for one, other in (two, two[::-1])
                for group, name in cells
                if group == one and (other, name) in cells
            ),
            key=lambda known: known[0],
            default=(math.inf, two, ""),
        )
        for two in itertools.combinations(groups, 2)
    ]
    worst, pair, name = max(found, key=lambda known: known[0], default=(math.inf, None, None))
    best = min((difference for difference, _, _ in found), default=math.inf)
    words = sum(cell.words for cell in cells.values()) / sum(cell.utterances for cell in cells.values())
    return Detection(weakest, pair, name, _known(worst), _known(best), words)


def _or_endless(difference: float | None) -> float:
    return math.inf if difference is None else difference


def _known(difference: float) -> float | None:
    return None if math.isinf(difference) else difference


SUMS = ("words", "utterances", "squares")
"""What is counted of a voice: its words, its utterances, the sum of the squares of their words."""


def voices_of(said: "polars.DataFrame", *by: str) -> "polars.DataFrame":
    """What each speaker of a group says, in total.

    Args:
        said: Columns ``group``, ``speaker`` and ``text``, or such totals, which are added up.
        by: More columns that tell voices apart, such as ``condition``.

    Example:
        >>> import polars
        >>> said = {"group": "g", "speaker": ["a", "a"], "text": ["one two", "three"], "c": ["x", "x"]}
        >>> voices_of(polars.DataFrame(said), "c").row(0)
        ('g', 'a', 'x', 3, 2, 5)
    """
    import polars

    if "text" in said.columns:
        words = polars.col("text").str.extract_all(r"\S+").list.len().cast(polars.Int64)
        speaker = polars.col("speaker").fill_null("")
        said = said.select("group", speaker, *by, words=words, utterances=1, squares=words**2)
    totals = (polars.col(name).cast(polars.Int64).sum() for name in SUMS)
    return said.group_by("group", "speaker", *by).agg(*totals)


def _cells(voices: "polars.DataFrame", statistics: Statistics) -> dict[tuple[str, str], Cell]:
    """All cells, by group and condition, in their order."""
    import polars

    speakers = voices.group_by("group", "condition").agg(
        polars.col("utterances").sum(), polars.col("squares").sum(), each=polars.col("words")
    )
    return {
        (row["group"], row["condition"]): cell_of_sums(
            row["utterances"], row["squares"], np.asarray(row["each"], dtype=np.float64), statistics
        )
        for row in speakers.sort("group", "condition").rows(named=True)
    }
