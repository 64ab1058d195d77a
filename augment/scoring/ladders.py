"""SNR ladders: conditions that differ in their SNR alone, and the SNR at which the error rate doubles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from augment.design.freedom import quantile
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
    found: dict[tuple[Any, ...], dict[float, str]] = {}
    quiet: dict[tuple[Any, ...], str] = {}
    for name in (name for name in conditions if name in first):
        row = first[name]
        steps = tuple(value for column, value in row.items() if column.startswith("noise") and column.endswith("_step"))
        swept = {str(step).split("/")[0] for step in steps if step is not None}
        beside = tuple((factor, row[factor]) for factor in factors if factor not in (swept or {"noise"}))
        if row["snr_requested_db"] is None:
            quiet.setdefault(beside, name)
        else:
            found.setdefault((beside, steps), {}).setdefault(float(row["snr_requested_db"]), name)
    out = []
    for (beside, steps), rungs in found.items():
        if len(rungs) > 1:
            ordered = tuple(sorted(rungs.items()))
            said = [str(step).split("/")[1] for step in steps if step is not None]
            name = ", ".join([*dict.fromkeys(said), *(str(value) for _, value in beside)])
            out.append(Ladder(name, ordered, quiet.get(beside, ordered[-1][1])))
    return out


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
