"""Every condition is tried before anything is written: what can never work is told at once."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from augment.corpus.kept import EVERYTHING, found_with, keep, read_kept
from augment.design.plan import Plan
from augment.errors import DesignError, Fault
from augment.perturb.columns import odd_cells
from augment.progress import SILENT, Progress, each
from augment.render import Failed
from augment.testset.portions import job_of, utterance_of
from augment.testset.shard import render_utterance


def rehearse(planned: Plan, kept: Path | None = None, progress: Progress = SILENT) -> list[str]:
    """Render the longest utterance of every condition: what cannot be made is told before anything is written.

    Args:
        planned: The plan.
        kept: File with what was found out before: what went well once with the same code is not tried again.
        progress: Told how far it has got.

    Returns:
        What a user should know of rooms.

    Raises:
        DesignError: With one fault for each condition that fails.
    """
    longest = _longest(planned)
    if kept is None or _foreign(planned):
        return _rehearsed(planned, longest, progress)
    key = hashlib.sha256(
        json.dumps([found_with(EVERYTHING), [row["key"] for rows in longest for row in rows]]).encode()
    ).hexdigest()
    said = read_kept(kept, [key]).get(key)
    if said is None:
        said = json.dumps(_rehearsed(planned, longest, progress))
        keep(kept, {key: said})
    told: list[str] = json.loads(said)
    return told


def _longest(planned: Plan) -> list[list[dict[str, Any]]]:
    """Items of the longest utterance of every condition, by utterance."""
    found = []
    for number, conditions in planned.table.longest():
        rows = planned.table.of_rows([number]).rows(named=True)
        found.append([row for row in rows if row["condition"] in conditions])
    return found


def _foreign(planned: Plan) -> bool:
    """Whether steps come from other packages, whose code may change under the same name."""
    steps = (type(step.perturbation) for condition in planned.conditions for step in condition.chain)
    return not all(step.__module__.startswith("augment.") for step in steps)


def _rehearsed(planned: Plan, longest: Sequence[Sequence[dict[str, Any]]], progress: Progress) -> list[str]:
    job = job_of(planned.loaded, planned.conditions)
    failed: list[tuple[Failed, str]] = []
    missed: dict[str, str] = {}
    works = [utterance_of(rows, planned.corpus.folder) for rows in longest]
    number = sum(map(len, longest))
    # One at a time: a grid is too large to hold.
    tried = ((work.identity, outcome) for work in works for outcome in render_utterance(job, work))
    for utterance, outcome in each(progress, "rehearsing conditions", tried, number, "condition"):
        if isinstance(outcome, Failed):
            failed.append((outcome, utterance))
        elif odd := odd_cells((step.perturbation for step in outcome.condition.chain), outcome.measured):
            failed.append((Failed(outcome.condition, odd), utterance))
        elif outcome.measured.get("room_t60_missed"):
            missed |= _missed(outcome.measured)
    if failed:
        faults = [Fault(f"condition {outcome.condition.name}", outcome.reason) for outcome, _ in failed]
        longest_of = ", ".join(f"'{name}'" for name in dict.fromkeys(name for _, name in failed))
        raise DesignError([*faults, Fault("", f"tried with {longest_of}, the longest utterance")])
    return list(missed.values())


def _missed(row: dict[str, Any]) -> dict[str, str]:
    """A room that has not the reverberation time that was asked for, by its name and distance."""
    place = f"{row['room_name']} at {row['room_distance_m']:g} m"
    told = "cannot be measured" if row["room_t30_s"] is None else f"is {row['room_t30_s']} s"
    wanted = f"{row['room_t60_target_s']:g} s were asked for (more than 20 % beside it)"
    return {place: f"{place}: T30 {told}, where {wanted}"}
