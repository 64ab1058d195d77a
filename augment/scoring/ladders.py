"""SNR ladders: conditions that differ in their SNR alone, and the SNR at which the error rate doubles."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from augment.design.freedom import quantile
from augment.recipe.sweep import token
from augment.scoring.estimates import Estimate
from augment.scoring.sample import Cell, Sample, Term

STEP_DB = 0.25


@dataclass(frozen=True)
class Ladder:
    """Conditions that differ in their SNR alone.

    Attributes:
        name: What they have in common.
        rungs: SNR in dB and condition, from the lowest SNR.
        reference: The condition without this noise, or that of the highest SNR.
    """

    name: str
    rungs: tuple[tuple[float, str], ...]
    reference: str


@dataclass(frozen=True)
class Doubling:
    """The SNR at which a group's word error rate is twice that of a reference.

    Attributes:
        group: The group.
        ladder: What the conditions have in common.
        reference: Condition whose rate is doubled.
        snr_db: Where the rate is doubled; None if it never is between the rungs.
        low_db: Lowest SNR that the data leave possible.
        high_db: Highest one.
        open_low: Whether lower SNRs than were heard are possible too.
        open_high: Whether higher ones are.
        why: Why there is no interval; empty if there is one.
    """

    group: str
    ladder: str
    reference: str
    snr_db: float | None = None
    low_db: float | None = None
    high_db: float | None = None
    open_low: bool = False
    open_high: bool = False
    why: str = ""


def ladders(rows: Sequence[Mapping[str, Any]], factors: Sequence[str], conditions: Sequence[str]) -> list[Ladder]:
    """Ladders among the conditions of a set, of two rungs or more.

    A sweep is a family of settings that share their steps: rows name the family in ``noise_step``.

    Args:
        rows: Of the manifest.
        factors: Columns of the factors.
        conditions: In the order of the grid.
    """
    first: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        first.setdefault(str(row["condition"]), row)
    shown = [(name, first[name]) for name in conditions if name in first]
    found: dict[_Family, list[_Rung]] = {}
    for name, row in shown:
        if row["snr_requested_db"] is not None:
            steps = tuple(str(step) for column, step in row.items() if step and NOISE_STEP.fullmatch(column))
            swept = [factor for factor in factors if factor in {step.split("/")[0] for step in steps}]
            beside = tuple((factor, str(row[factor])) for factor in factors if factor not in swept)
            snr_db = float(row["snr_requested_db"])
            found.setdefault((beside, steps), []).append(_Rung(snr_db, name, _unswept(row, swept, snr_db)))
    quiet = [(name, row) for name, row in shown if row["snr_requested_db"] is None]
    out = []
    for (beside, steps), rungs in found.items():
        without = next((name for name, row in quiet if all(str(row[factor]) == own for factor, own in beside)), None)
        for said, some in _apart(rungs, steps):
            if len(some) > 1:
                ordered = tuple(sorted(some.items()))
                name = ", ".join([*said, *(value for _, value in beside)])
                out.append(Ladder(name, ordered, without or ordered[-1][1]))
    return out


NOISE_STEP = re.compile(r"noise\w*_step")
_Family = tuple[tuple[tuple[str, str], ...], tuple[str, ...]]
"""Settings of the factors that add no noise, and the steps that do."""


class _Rung(NamedTuple):
    snr_db: float
    condition: str
    unswept: tuple[str, ...]
    """What its settings are called, their SNR left out."""


def _unswept(row: Mapping[str, Any], swept: Sequence[str], snr_db: float) -> tuple[str, ...]:
    own = token("snr_db", snr_db)
    return tuple("_".join(part for part in str(row[factor]).split("_") if part != own) for factor in swept)


def _apart(rungs: Sequence[_Rung], steps: Sequence[str]) -> Iterator[tuple[Sequence[str], dict[float, str]]]:
    """What rungs have in common, and them by SNR: a ladder for each value of whatever is swept beside the SNR."""
    if len({rung.snr_db for rung in rungs}) == len(rungs):
        yield list(dict.fromkeys(step.split("/")[1] for step in steps)), {one.snr_db: one.condition for one in rungs}
        return
    for unswept in dict.fromkeys(rung.unswept for rung in rungs):
        yield unswept, {one.snr_db: one.condition for one in rungs if one.unswept == unswept}


def doubling(sample: Sample, ladder: Ladder, group: str, coverage: float = 0.95) -> Doubling:
    """Where the word error rate of a group is twice that of the reference, with all SNRs that the data leave possible.

    Between two rungs the rate is taken as linear in the SNR. An SNR is possible if a test does not reject that the rate
    there is twice the reference: the inversion of a test holds even where the curve is flat, and then leaves much open.

    Args:
        sample: Items of a recogniser.
        ladder: The conditions.
        group: The group.
        coverage: Of the interval.
    """
    told = Doubling(group, ladder.name, ladder.reference)
    rate = sample.rate(Cell(group, ladder.reference))
    if not rate.value > 0:
        return Doubling(group, ladder.name, ladder.reference, why="there is no error in the reference")
    tried = np.arange(ladder.rungs[0][0], ladder.rungs[-1][0] + STEP_DB / 2, STEP_DB)
    excess = [_excess(sample, ladder, group, float(snr_db)) for snr_db in tried]
    values = np.array([one.value for one in excess])
    point = _crossing(tried, values)
    if not all(one.fewest for one in excess) or not any(one.known for one in excess):
        return Doubling(group, ladder.name, ladder.reference, point, why="too few speakers, or none named")
    possible = [not one.known or abs(one.t) <= quantile(1 - (1 - coverage) / 2, one.freedom) for one in excess]
    if not any(possible):
        side = "every SNR that was heard" if values[0] < 0 else "no SNR that was heard"
        return Doubling(group, ladder.name, told.reference, why=f"the rate is below twice the reference at {side}")
    low, high = float(tried[possible.index(True)]), float(tried[len(possible) - 1 - possible[::-1].index(True)])
    return Doubling(group, ladder.name, ladder.reference, point, low, high, possible[0], possible[-1])


def _crossing(tried: np.ndarray, values: np.ndarray) -> float | None:
    """The highest SNR at which the excess passes from above 0 to below."""
    for number in range(len(tried) - 1, 0, -1):
        above, below = values[number - 1], values[number]
        if above >= 0 > below:
            return float(tried[number - 1] + (tried[number] - tried[number - 1]) * above / (above - below))
    return None


def _excess(sample: Sample, ladder: Ladder, group: str, snr_db: float) -> Estimate:
    """Rate at an SNR less twice that of the reference."""
    levels = np.array([level for level, _ in ladder.rungs])
    upper = int(np.clip(np.searchsorted(levels, snr_db), 1, levels.size - 1))
    share = (snr_db - levels[upper - 1]) / (levels[upper] - levels[upper - 1])
    weights: dict[str, float] = {ladder.reference: -2.0}
    for condition, weight in ((ladder.rungs[upper - 1][1], 1 - share), (ladder.rungs[upper][1], share)):
        weights[condition] = weights.get(condition, 0.0) + float(weight)
    terms: list[Term] = [(Cell(group, condition), weight) for condition, weight in weights.items() if weight]
    return sample.combined(terms)
