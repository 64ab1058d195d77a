"""Which items are rendered again, and what a sample without a deviation says of the rest."""

import heapq
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augment.files.json_rows import PickedRows, Rows
from augment.streams import rank

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Sample:
    """A sample of the items of a set.

    Attributes:
        rows: Rows of the manifest.
        seed: Seed with which it was drawn.
        unseen: How many of all items can deviate at most if none of the sample does, with 95 % confidence.
        all_conditions: Whether it holds items of every condition, so that a condition that is wrong throughout shows.
    """

    rows: Rows
    seed: int
    unseen: int
    all_conditions: bool


def draw_sample(rows: Rows, size: int, seed: int) -> Sample:
    """Draw items: from every condition its share, rounded down, and the rest from all that are left.

    Args:
        rows: Rows of the manifest, each with ``condition`` and ``audio_filepath``.
        size: How many to draw; all if there are fewer.
        seed: Seed of the draw, which nobody who writes a set can know in advance.

    Example:
        >>> rows = [{"condition": c, "audio_filepath": f"audio/{c}/{n}"} for c in "ab" for n in range(50)]
        >>> found = draw_sample(rows, 20, seed=1)
        >>> Counter(row["condition"] for row in found.rows), found.unseen, found.all_conditions
        (Counter({'a': 10, 'b': 10}), 12, True)
    """
    names: dict[str, int] = {}
    turns, places = array("i"), array("Q")
    for row in rows:
        turns.append(names.setdefault(row["condition"], len(names)))
        places.append(int(rank("verify", seed, row["audio_filepath"])[:16], 16))
    ordered = np.argsort(np.array(places), kind="stable").tolist()
    held, every = Counter(turns[number] for number in ordered), len(turns)
    shares = {turn: size * count // every if size < every else count for turn, count in held.items()}
    given: Counter[int] = Counter()
    first, left = array("i"), array("i")
    for number in ordered:
        turn = turns[number]
        taken = given[turn] < shares[turn]
        given[turn] += taken
        (first if taken else left).append(number)
    more = max(0, min(size - len(first), len(left)))
    strata = [(held[turn], shares[turn]) for turn in held]
    return Sample(PickedRows(rows, first + left[:more]), seed, most_unseen(strata, more), all(shares.values()))


def most_unseen(strata: Sequence[tuple[int, int]], more: int, confidence: float = CONFIDENCE) -> int:
    r"""How many items can deviate at most if none in a sample does.

    From stratum h with N_h items, of which D_h deviate, n_h are drawn without replacement. This misses all deviating
    items with probability prod_h C(N_h - D_h, n_h) / C(N_h, n_h) (hypergeometric). Then `more` items are drawn from the
    R that are left in all strata together; if none was seen so far, all D = sum D_h are among these R, and are missed
    again with probability C(R - D, more) / C(R, more), wherever they are. Whoever hides them chooses the D_h: the bound
    is the largest D for which some choice is missed with probability 1 - confidence or more. With more deviating items,
    every choice is seen with at least the given confidence.

    The worst choice is found item by item. The D-th item of a stratum multiplies the probability by
    (N_h - D - n_h + 1) / (N_h - D + 1), which decreases with D: taking the largest factor first is therefore optimal
    for every D.

    Args:
        strata: For each stratum, how many items it has and how many of them are drawn.
        more: How many are drawn from all that are left.
        confidence: Least probability with which a larger number would have been seen.

    Example:
        With one stratum, it is the textbook bound: 59 of very many items reveal 5 %.

        >>> most_unseen([(100_000, 59)], 0) / 100_000 < 0.05 < most_unseen([(100_000, 58)], 0) / 100_000 + 0.001
        True
        >>> most_unseen([(10, 10)], 0), most_unseen([(10, 0), (5, 5)], 0)
        (0, 10)
    """
    rest = sum(items - drawn for items, drawn in strata)
    least = math.log(1 - confidence) - 1e-9  # a chance of exactly that much still counts
    queue = [(_loss(items, drawn, 0), h, 0) for h, (items, drawn) in enumerate(strata) if items > drawn]
    heapq.heapify(queue)
    chance, found = 0.0, 0  # logarithm of the probability that nothing is seen
    while queue:
        loss, h, deviating = heapq.heappop(queue)
        again = _loss(rest, more, found) if rest - more > found else math.inf
        if chance - loss - again < least:
            break
        chance, found = chance - loss - again, found + 1
        items, drawn = strata[h]
        if items - drawn > deviating + 1:
            heapq.heappush(queue, (_loss(items, drawn, deviating + 1), h, deviating + 1))
    return found


def _loss(items: int, drawn: int, deviating: int) -> float:
    """By how much one more deviating item reduces the logarithm of the probability that none is drawn."""
    return -math.log((items - deviating - drawn) / (items - deviating))


def told_bound(sample: Sample, items: int) -> str:
    """What a sample without deviations may have missed, in words.

    Example:
        >>> told_bound(Sample((), 1, 52, True), 384)
        'at most 13.6 % of the items (52 of 384) can be wrong without being seen (95 %)'
    """
    if len(sample.rows) == items:
        return "every item was rendered again"
    share = math.ceil(1000 * sample.unseen / items) / 10
    return f"at most {share:g} % of the items ({sample.unseen} of {items}) can be wrong without being seen (95 %)"
