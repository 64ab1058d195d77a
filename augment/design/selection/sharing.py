"""Groups that say the same texts: which of them could be compared if the others were left out."""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from augment.design.selection.problem import TEXT
from augment.design.selection.strata import match_column

if TYPE_CHECKING:
    import polars

MOST_STEPS = 20_000
"""Most steps of a search that tries all sets of groups in the worst case, and usually ends long before."""


@dataclass(frozen=True)
class Sharing:
    """Groups, and how many texts all of them say."""

    groups: tuple[str, ...]
    texts: int


def largest_sharing(frame: "polars.DataFrame", wanted: int) -> Sharing | None:
    """The largest set of groups that share enough texts; of several, the one that shares most.

    Args:
        frame: Rows with ``group`` and the text that is compared.
        wanted: Texts that all of them must say.

    Returns:
        The set; None if no two groups share enough.
    """
    groups, says = _says(frame)
    kinds, times = np.unique(says, axis=0, return_counts=True)
    search = _Search(kinds, times, wanted)
    search.extend((), np.ones(len(kinds), dtype=np.bool_))
    chosen, texts = search.best
    return Sharing(tuple(sorted(groups[group] for group in chosen)), texts) if len(chosen) > 1 else None


def closest_pair(frame: "polars.DataFrame") -> Sharing | None:
    """The two groups that share most texts; None if no two share any.

    Args:
        frame: Rows with ``group`` and the text that is compared.
    """
    groups, says = _says(frame)
    pairs = {
        (one, other): int(np.count_nonzero(says[:, one] & says[:, other]))
        for one, other in itertools.combinations(range(len(groups)), 2)
    }
    pair, texts = max(pairs.items(), key=lambda found: found[1], default=((), 0))
    return Sharing(tuple(sorted(groups[group] for group in pair)), texts) if texts else None


def _says(frame: "polars.DataFrame") -> tuple[list[str], NDArray[np.bool_]]:
    """Groups, those with most texts first, and which texts each of them says, shape (texts, groups)."""
    import polars

    said = match_column(TEXT)
    heard = frame.filter(polars.col(said) != "").select("group", said).unique()
    groups = heard["group"].value_counts().sort("count", "group", descending=[True, False])["group"].to_list()
    by_text = heard.group_by(said).agg(polars.col("group").unique()).sort(said)
    says = np.array([[group in some for group in groups] for some in by_text["group"].to_list()], dtype=np.bool_)
    return groups, says.reshape(-1, len(groups))


class _Search:
    """Depth-first search over sets of groups: adding a group never adds common texts.

    Args:
        kinds: For each kind of texts, the groups that say it, shape (kinds, groups).
        times: Number of texts of each kind, shape (kinds,).
        wanted: Texts that a set must share.
    """

    def __init__(self, kinds: NDArray[np.bool_], times: NDArray[np.int64], wanted: int) -> None:
        self.kinds, self.times, self.wanted = kinds, times, wanted
        self.steps = 0
        self.best: tuple[tuple[int, ...], int] = ((), 0)

    def extend(self, chosen: tuple[int, ...], shared: NDArray[np.bool_]) -> None:
        """Look at all sets that extend some groups, and keep the best."""
        self.steps += 1
        texts = int(self.times[shared].sum())
        if texts < self.wanted:
            return
        self.best = max(self.best, (chosen, texts), key=lambda found: (len(found[0]), found[1]))
        count = self.kinds.shape[1]
        for group in range(chosen[-1] + 1 if chosen else 0, count):
            if len(chosen) + count - group < len(self.best[0]) or self.steps > MOST_STEPS:
                break
            self.extend((*chosen, group), shared & self.kinds[:, group])
