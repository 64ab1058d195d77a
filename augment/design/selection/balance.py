"""How alike the groups are, before the selection and after it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.corpus.differences import NOTICEABLE, moments, standardised_difference
from augment.corpus.table import label_column
from augment.recipe.experiment import DURATION, Balance

if TYPE_CHECKING:
    import polars

MOST_VALUES = 12


@dataclass(frozen=True)
class Difference:
    """How far a group is from the group most unlike it in one variable.

    Attributes:
        variable: A label, or ``duration``.
        matched: Whether the recipe matches it.
        group: The group.
        before: Largest difference to another group among all usable rows: standardised difference of means for
            durations, total variation distance for labels; None where it is not known.
        after: The same among the chosen rows.
    """

    variable: str
    matched: bool
    group: str
    before: float | None
    after: float | None

    @property
    def flagged(self) -> bool:
        """Whether it is more than an experiment should have."""
        return self.after is not None and self.after > NOTICEABLE


@dataclass(frozen=True)
class BalanceTable:
    """The balance of a selection.

    Attributes:
        differences: One for each variable and group.
        largest_share: Largest share of a group's utterances that one speaker gives, by group.
    """

    differences: tuple[Difference, ...]
    largest_share: dict[str, float]

    @property
    def flagged(self) -> tuple[Difference, ...]:
        """Differences that are more than an experiment should have."""
        return tuple(difference for difference in self.differences if difference.flagged)


def variation_distance(one: dict[str | None, int], other: dict[str | None, int]) -> float:
    """Total variation distance of two distributions: half the sum of the differences of their shares, 0 to 1.

    Example:
        >>> variation_distance({"f": 3, "m": 1}, {"f": 1, "m": 1})
        0.25
    """
    n, m = sum(one.values()), sum(other.values())
    # In whole numbers up to the one division: the order of rows decides no last digit.
    return sum(abs(one.get(value, 0) * m - other.get(value, 0) * n) for value in {**one, **other}) / (2 * n * m)


def balance_table(before: "polars.DataFrame", after: "polars.DataFrame", balance: Balance) -> BalanceTable:
    """Differences between groups, before and after.

    Args:
        before: All rows that could be chosen, with ``group``.
        after: Those that were chosen.
        balance: What the recipe matches.
    """
    import polars

    groups = after["group"].unique().sort().to_list()
    found: list[Difference] = []
    for variable in _compared(after, balance):
        matched = variable in balance.match
        was, now = (_differences(frame, variable, groups) for frame in (before, after))
        found += [Difference(variable, matched, group, was.get(group), now.get(group)) for group in groups]
    counted = after.group_by("group", "speaker").len().group_by("group").agg(polars.col("len").max())
    size = after.height / len(groups)
    return BalanceTable(tuple(found), {str(group): int(most) / size for group, most in counted.sort("group").rows()})


def with_measured(table: BalanceTable, chosen: "polars.DataFrame", seconds: Mapping[str, float]) -> BalanceTable:
    """A balance table whose durations after the selection are those of the audio, and not what rows declare.

    Args:
        table: By what rows declare.
        chosen: Chosen rows, with ``id`` and ``group``.
        seconds: Length of each of them by its id.
    """
    import polars

    groups = chosen["group"].unique().sort().to_list()
    lengths = polars.Series(DURATION, [seconds[identity] for identity in chosen["id"]], dtype=polars.Float64)
    now = _duration_differences(chosen.with_columns(lengths), groups)
    found = [dataclasses.replace(d, after=now.get(d.group)) if d.variable == DURATION else d for d in table.differences]
    return dataclasses.replace(table, differences=tuple(found))


def _compared(after: "polars.DataFrame", balance: Balance) -> list[str]:
    """Matched variables, durations, and labels of few values that the recipe does not name."""
    labels = [name.removeprefix("label:") for name in after.columns if name.startswith("label:")]
    few = [name for name in labels if name not in balance.by and name not in balance.match]
    few = [name for name in few if 2 <= after[label_column(name)].n_unique() <= MOST_VALUES]
    duration = [] if DURATION in balance.match else [DURATION]
    return [*balance.match, *duration, *few]


def _differences(frame: "polars.DataFrame", variable: str, groups: list[str]) -> dict[str, float]:
    """Largest difference of each group to another one; empty where it cannot be told."""
    if variable == DURATION:
        return _duration_differences(frame, groups)
    column = label_column(variable)
    counts: dict[str, dict[str | None, int]] = {group: {} for group in groups}
    for group, value, count in frame.group_by("group", column).len().rows():
        counts[group][value] = count
    pairs = {(g, h): variation_distance(counts[g], counts[h]) for g in groups for h in groups if g < h}
    return _largest(pairs, groups)


def _duration_differences(frame: "polars.DataFrame", groups: list[str]) -> dict[str, float]:
    if frame[DURATION].is_null().any():
        return {}
    known = {group: moments(seconds, 1) for group, seconds in frame.group_by("group").agg(DURATION).rows()}
    pairs = {(g, h): standardised_difference(known[g], known[h]) for g in groups for h in groups if g < h}
    return _largest(pairs, groups)


def _largest(pairs: dict[tuple[str, str], float], groups: list[str]) -> dict[str, float]:
    return {group: max((value for pair, value in pairs.items() if group in pair), default=0.0) for group in groups}
