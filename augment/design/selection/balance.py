"""How alike the groups are, before the selection and after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.auditing.chance import (
    NOTICEABLE,
    Apart,
    Dealing,
    Means,
    Shares,
    apart,
    dealing_of,
    distinct_numbers,
    multinomial_difference,
    undealt,
)
from augment.auditing.label_differences import MOST_VALUES
from augment.corpus.table import label_column
from augment.design.selection.grouping import with_named_speakers
from augment.design.selection.strata import duration_bin
from augment.notes import Effect, Note
from augment.recipe.experiment import DURATION, Balance, Variable

if TYPE_CHECKING:
    import polars

DECIMALS = 6
"""Of what chance makes: a set must not depend on the last digits of a machine."""


@dataclass(frozen=True)
class Difference:
    """How far a group is, in one variable, from the group most unlike it.

    Attributes:
        variable: A label, ``duration``, or several of these taken together, joined by `` / ``.
        matched: Whether the recipe matches it.
        group: The group.
        before: Largest difference to another group among all usable rows: standardised difference of means for
            durations, total variation distance for labels; None if not known.
        after: The same among the chosen rows.
        other: The group with that difference after the selection.
        chance: What the difference of these two exceeds by chance alone in 5 % of cases, as the largest of all pairs
            (:mod:`augment.auditing.chance`); None if there are too few to tell.
        standardised: For labels, the standardised difference of the two distributions (Yang and Dalton, 2012).
    """

    variable: str
    matched: bool
    group: str
    before: float | None
    after: float | None
    other: str | None = None
    chance: float | None = None
    standardised: float | None = None

    @property
    def flagged(self) -> bool:
        """Whether it is larger than an experiment should have, and larger than chance explains."""
        if self.after is None or self.after <= NOTICEABLE:
            return False
        return self.chance is None or round(self.after, DECIMALS) > self.chance


@dataclass(frozen=True)
class BalanceTable:
    """The balance of a selection.

    Attributes:
        differences: One for each variable and group.
        largest_share: For each group, the largest share of its utterances that one speaker gives.
    """

    differences: tuple[Difference, ...]
    largest_share: dict[str, float]

    @property
    def flagged(self) -> tuple[Difference, ...]:
        """Differences that are larger than an experiment should have, and larger than chance explains."""
        return tuple(difference for difference in self.differences if difference.flagged)

    def furthest(self, variable: str) -> Difference | None:
        """The largest difference in a variable, among the flagged ones if there are any; None if not known."""
        known = [d for d in self.differences if d.variable == variable and d.after is not None]
        return max(known, key=lambda d: (d.flagged, d.after), default=None)


def balance_table(before: "polars.DataFrame", after: "polars.DataFrame", balance: Balance) -> BalanceTable:
    """Differences between groups, before and after.

    Args:
        before: All rows that could be chosen, with ``group``.
        after: Those that were chosen.
        balance: What the recipe matches.
    """
    dealt = undealt(before)
    was = {v.name: _before(before, v, dealt) for v in _compared(after, balance)} if len(dealt.groups) > 1 else {}
    return _table(was, after, balance)


def with_measured(
    table: BalanceTable, chosen: "polars.DataFrame", seconds: Mapping[str, float], balance: Balance
) -> BalanceTable:
    """A balance table in which durations after the selection are those of the audio rather than the declared ones.

    Args:
        table: The table with declared durations.
        chosen: Chosen rows, with ``id`` and ``group``.
        seconds: Length of each of them by its id.
        balance: What the recipe matches.
    """
    import polars

    was: dict[str, dict[str, float]] = {}
    for difference in table.differences:
        known = {} if difference.before is None else {difference.group: difference.before}
        was[difference.variable] = was.get(difference.variable, {}) | known
    lengths = polars.Series(DURATION, [seconds[identity] for identity in chosen["id"]], dtype=polars.Float64)
    return _table(was, chosen.with_columns(lengths), balance)


def _table(was: Mapping[str, Mapping[str, float]], after: "polars.DataFrame", balance: Balance) -> BalanceTable:
    import polars

    dealing = dealing_of(with_named_speakers(after))
    asked = {variable.name for variable in balance.variables}
    found: list[Difference] = []
    for variable in _compared(after, balance):
        numbers = _counted(after, variable, dealing)
        now = None if numbers is None else apart(dealing, numbers)
        for place, group in enumerate(dealing.groups):
            about = (variable.name, variable.name in asked, group, was.get(variable.name, {}).get(group))
            found.append(Difference(*about, *_after(dealing, numbers, now, place)))
    counted = after.group_by("group", "speaker").len().group_by("group").agg(polars.col("len").max())
    size = after.height / len(dealing.groups)
    return BalanceTable(tuple(found), {str(group): int(most) / size for group, most in counted.sort("group").rows()})


def _compared(after: "polars.DataFrame", balance: Balance) -> list[Variable]:
    """Matched variables, all of them jointly, durations, and labels of few values that the recipe does not name."""
    found = [*balance.variables, *_together(balance)]
    if Variable((DURATION,)) not in found:
        found.append(Variable((DURATION,)))
    labels = [name.removeprefix("label:") for name in after.columns if name.startswith("label:")]
    few = [name for name in labels if name not in balance.by and name not in balance.labels]
    few = [name for name in few if 2 <= after[label_column(name)].n_unique() <= MOST_VALUES]
    return [*found, *(Variable((name,)) for name in few)]


def _together(balance: Balance) -> list[Variable]:
    """What is matched one by one, taken jointly: labels, and labels with the duration."""
    found = [Variable(balance.labels)] if len(balance.labels) > 1 else []
    found += [Variable((*balance.labels, DURATION))] if balance.labels and balance.timed else []
    asked = {frozenset(variable.parts) for variable in balance.variables}
    return [variable for variable in found if frozenset(variable.parts) not in asked]


def _counted(frame: "polars.DataFrame", variable: Variable, dealing: Dealing) -> Means | Shares | None:
    """A variable by unit; None if durations are not known."""
    import polars

    if variable.timed and frame[DURATION].is_null().any():
        return None
    if not variable.labels:
        return Means(dealing, frame[DURATION].to_numpy(), ddof=1)
    values = frame.select(map(label_column, variable.labels))
    if variable.timed:
        bins = polars.Series(DURATION, list(map(duration_bin, frame[DURATION])), dtype=polars.Int64)
        values = values.with_columns(bins)
    return Shares(dealing, distinct_numbers(values))


def _before(frame: "polars.DataFrame", variable: Variable, dealing: Dealing) -> dict[str, float]:
    numbers = _counted(frame, variable, dealing)
    if numbers is None:
        return {}
    return dict(zip(dealing.groups, apart(dealing, numbers, chance=False).found.max(axis=1).tolist(), strict=True))


def _after(
    dealing: Dealing, numbers: Means | Shares | None, now: Apart | None, group: int
) -> tuple[float | None, str | None, float | None, float | None]:
    """For chosen rows, what a :class:`Difference` holds: difference, other group, chance, standardised difference."""
    if now is None or numbers is None:
        return None, None, None, None
    if len(dealing.groups) == 1:
        return 0.0, None, None, None
    other = now.furthest(group)
    standardised = None
    if isinstance(numbers, Shares):
        counts = numbers.counts(dealing.group[None, :], len(dealing.groups))[0]
        standardised = multinomial_difference(counts[group], counts[other])
    chance = None if now.chance is None else round(float(now.chance[group, other]), DECIMALS)
    return float(now.found[group, other]), dealing.groups[other], chance, standardised


def joint_notes(table: BalanceTable, balance: Balance) -> list[Note]:
    """Notes on labels that are alike one by one but not jointly, with the recipe line that matches them jointly."""
    for variable in _together(balance):
        found = table.furthest(variable.name)
        if found is not None and found.flagged:
            also = [DURATION] if balance.timed and not variable.timed else []
            told = (
                f"groups that are alike in each of {', '.join(variable.parts)} are not alike in all of them together: "
                f"{found.group} and {found.other} are {found.after:.2f} of 1 apart ({_by_chance(found)}); to match "
                f"them together: balance: {{match: [{', '.join([variable.written, *also])}]}}"
            )
            short = f"groups differ in {' and '.join(variable.parts)} taken together"
            return [Note(told, Effect.CONFOUNDED, short, found.after or 0.0)]
    return []


def _by_chance(found: Difference) -> str:
    if found.chance is None:
        return "there are too few to tell what chance makes"
    return f"chance alone exceeds {found.chance:.2f} in 5 %"
