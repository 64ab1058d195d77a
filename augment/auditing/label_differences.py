"""Do groups differ in labels that nobody matched? One judgement for both the audit and the planner."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.auditing.chance import BEYOND, NOTICEABLE, Dealing, Floats, Shares, apart, dealing_of, distinct_numbers
from augment.corpus.table import label_column
from augment.errors import flow_text, named
from augment.notes import Effect, Note
from augment.plain_text import cut

if TYPE_CHECKING:
    import polars

MOST_VALUES = 12
"""Labels of more values are years, places or dates: what few speakers have of them is never alike."""
MOST_GROUPS = 100
"""Of more groups, some two always have nothing in common, and all pairs take long to deal anew."""
NO_VALUE, LONGEST_VALUE = "(none)", 28


@dataclass(frozen=True)
class _Unlike:
    """A label in which groups differ.

    Attributes:
        label: Its name.
        values: How many it has.
        apart: Total variation distance of the two groups that are furthest apart.
        entirely: Whether no two groups share a value.
        said: What the two have.
        size: How far they are apart, and by how much chance alone would be.
    """

    label: str
    values: int
    apart: float
    entirely: bool
    said: str
    size: str

    @property
    def short(self) -> str:
        """All of it in a few words."""
        return f"{self.label} differs between groups: {self.said}"


def label_notes(frame: "polars.DataFrame", labels: Sequence[str], told: Collection[str] | None = None) -> list[Note]:
    """Labels in which groups differ, and which are then taken for what they are compared by.

    They are judged as measures of sound are (:mod:`augment.auditing.chance`), but what chance alone may exceed is 5 %
    for all labels together (Bonferroni). Where two groups share no value it is 5 % for that label alone: of few
    speakers, nothing is clearer. Missing is a value, too. Labels that name speakers, utterances or texts, or have more
    than 12 values, are passed over.

    Args:
        frame: Rows with ``group``, ``speaker`` (null where not known), ``id``, ``text`` and the labels; those without a
            group are passed over.
        labels: Labels that are not matched.
        told: Those whose values may be told; all, if not given.

    Returns:
        A note on those of which some groups share values, and one on those of which no two do: among these is whatever
        is only the group by another name.
    """
    import polars

    known = frame.filter(polars.col("group").is_not_null())
    kinds = [label for label in labels if _is_kind(known, label)]
    if not kinds or not 2 <= known["group"].n_unique() <= MOST_GROUPS:
        return []
    dealing = dealing_of(known)
    found = [one for label in kinds if (one := _unlike(known, dealing, label, len(kinds), told))]
    partly = sorted((one for one in found if not one.entirely), key=lambda one: -one.apart)
    return [*_partly(partly), *_entirely(sorted((one for one in found if one.entirely), key=lambda one: one.values))]


def _is_kind(frame: "polars.DataFrame", label: str) -> bool:
    """Whether a label has few values, most of which are not one speaker's, nor another word for one text."""
    import polars

    value = polars.col(label_column(label))
    if not 2 <= frame[label_column(label)].n_unique() <= MOST_VALUES:
        return False
    voices = frame.group_by(value).agg(polars.coalesce("speaker", "id").n_unique().alias("voices"))["voices"]
    pairs = frame.select(value.alias("value"), "text").unique()
    alone = (polars.len().over("value") == 1) & (polars.len().over("text") == 1)
    names = max(int((voices == 1).sum()), pairs.filter(alone).height)
    return 2 * names <= voices.len()


def _unlike(
    frame: "polars.DataFrame", dealing: Dealing, label: str, labels: int, told: Collection[str] | None
) -> _Unlike | None:
    """How groups differ in one of so many labels; None if they do not."""
    values = frame.select(frame[label_column(label)].fill_null(NO_VALUE))
    shares = Shares(dealing, distinct_numbers(values))
    distance = apart(dealing, shares, chance=False).found
    if distance.max() <= NOTICEABLE:
        return None
    beyond = BEYOND if distance.max() == 1 else BEYOND / labels
    found = apart(dealing, shares, beyond=beyond)
    if not found.clear.any():
        return None
    one, other = divmod(int(np.argmax(np.where(found.clear, distance, -1.0))), len(dealing.groups))
    names, far = (dealing.groups[one], dealing.groups[other]), float(distance[one, other])
    said = f"{names[0]} and {names[1]} {'share no value' if far == 1 else f'are {far:.2f} of 1 apart'}"
    if told is None or label in told:
        counts = shares.counts(dealing.group[None, :], len(dealing.groups))[0][[one, other]]
        said = _shares(names, counts / counts.sum(axis=1, keepdims=True), values.to_series().unique().sort().to_list())
    chance = "" if found.chance is None else f", and {found.chance[one, other]:.2f} by chance in {100 * beyond:.2g} %"
    others = ~np.eye(len(dealing.groups), dtype=np.bool_)
    entirely = bool(np.all(distance[others] == 1))
    return _Unlike(label, shares.cells, far, entirely, said, f"distance {far:.2f} of 1{chance}")


def _shares(names: tuple[str, str], shares: Floats, values: list[str]) -> str:
    """The value in which two groups differ most, the group first that has more of it."""
    most = int(np.argmax(np.abs(shares[0] - shares[1])))
    more, less = sorted(zip(shares[:, most].tolist(), names, strict=True), key=lambda one: -one[0])
    return f"{more[1]} {100 * more[0]:.0f} % {cut(values[most], LONGEST_VALUE)}, {less[1]} {100 * less[0]:.0f} %"


def _partly(found: Sequence[_Unlike]) -> list[Note]:
    """One note on labels of which some groups share values, the largest difference first."""
    if not found:
        return []
    labels = [one.label for one in found]
    shown = named([f"{one.label} ({one.said}; {one.size})" for one in found])
    means = "that is taken for what groups are compared by; where all of them have the same values, balance: {match: "
    told = f"labels differ between groups: {shown}: {means}[{', '.join(map(flow_text, labels))}]}}"
    short = found[0].short if len(found) == 1 else f"groups differ in {named(labels)}"
    return [Note(told, Effect.CONFOUNDED, short, found[0].apart)]


def _entirely(found: Sequence[_Unlike]) -> list[Note]:
    """One note on labels of which no two groups share a value, those of fewest values first."""
    if not found:
        return []
    told = f"no two groups share a value of {named([one.label for one in found])}"
    means = (
        "whatever groups differ in may be due to that, and nobody can tell; add speakers who have another group's "
        "value, unless it is the group by another name"
    )
    short = found[0].short if len(found) == 1 else told
    return [Note(f"{told}: {means}", Effect.CONFOUNDED, short, 1.0)]
