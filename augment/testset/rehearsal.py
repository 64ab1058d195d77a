"""Every condition is tried before anything is written: what can never work is told at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from augment.corpus.survey import HERE, MeasuredBy, Trying
from augment.design.notes import Remarking, distinct_steps
from augment.design.plan import Plan
from augment.errors import AcoustigridError, DesignError, Fault
from augment.kept import EVERYTHING, keep, key_of, read_kept
from augment.perturb import Perturbation
from augment.perturb.columns import odd_cells
from augment.progress import SILENT, Progress
from augment.render import Failed
from augment.testset.portions import job_of, utterance_of
from augment.testset.shard import Job, Utterance, render_utterance

AT_ONCE = 4
"""Conditions of an utterance that are tried together: few, so that all workers have some."""


@dataclass(frozen=True)
class Tried:
    """What a user should know of conditions, none of which fails.

    Attributes:
        rooms: Of rooms.
        remarks: Of the data behind steps, by how these are spelled; of steps that the planner deals nothing to, since
            files that it deals are at hand where it is planned.
    """

    rooms: Sequence[str]
    remarks: Mapping[str, Sequence[str]]


def rehearse(planned: Plan, by: MeasuredBy = HERE, progress: Progress = SILENT) -> Tried:
    """Render the longest utterance of every condition: what cannot be made is told before anything is written.

    Args:
        planned: The plan.
        by: Where it is done, and what was found out before: what went well once with the same code is not tried again.
        progress: Told how far it has got.

    Raises:
        DesignError: With one fault for each condition that fails.
    """
    longest, asked = _longest(planned), _asked(planned)

    def tried() -> Tried:
        rooms = _rehearsed(planned, longest, by.trying, progress)
        return Tried(rooms, dict(zip(asked, by.trying(Remarking.of(planned.loaded), asked.values()), strict=True)))

    if by.kept is None or _foreign(planned):
        return tried()
    definition = planned.loaded.recipe.snr_definition()
    key = key_of(EVERYTHING, [row["key"] for rows in longest for row in rows], list(asked), repr(definition))
    said = read_kept(by.kept, [key]).get(key)
    if said is None:
        said = json.dumps(asdict(tried()))
        keep(by.kept, {key: said})
    return Tried(**json.loads(said))


def _asked(planned: Plan) -> dict[str, Perturbation]:
    """Steps that are asked where the others are tried, by how they are spelled."""
    return {name: step for name, step in distinct_steps(planned.conditions).items() if step.asks() is None}


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


@dataclass(frozen=True)
class Trial:
    """Renders some conditions of an utterance, and throws them away.

    Attributes:
        job: How.
    """

    job: Job

    def __call__(self, work: Utterance) -> "Outcome":
        """What became of them."""
        try:
            return Outcome(*self._tried(work))
        except AcoustigridError as error:
            return Outcome(refusal=error)

    def _tried(self, work: Utterance) -> tuple[list[tuple[str, str]], dict[str, str]]:
        failed, missed = list[tuple[str, str]](), dict[str, str]()
        for outcome in render_utterance(self.job, work):
            if isinstance(outcome, Failed):
                failed.append((outcome.condition.name, outcome.reason))
            elif odd := odd_cells((step.perturbation for step in outcome.condition.chain), outcome.measured):
                failed.append((outcome.condition.name, odd))
            elif outcome.measured.get("room_t60_missed"):
                missed |= _missed(outcome.measured)
        return failed, missed


@dataclass(frozen=True)
class Outcome:
    """What became of some conditions.

    Attributes:
        failed: Which of them fail, and why.
        missed: Rooms that missed their T60.
        refusal: Why the utterance cannot be rendered at all.
    """

    failed: Sequence[tuple[str, str]] = ()
    missed: Mapping[str, str] = field(default_factory=dict)
    refusal: AcoustigridError | None = None


def _rehearsed(
    planned: Plan, longest: Sequence[Sequence[dict[str, Any]]], trying: Trying, progress: Progress
) -> list[str]:
    works = [utterance_of(rows, planned.corpus.folder) for rows in longest]
    parts = [
        replace(work, items=work.items[first : first + AT_ONCE])
        for work in works
        for first in range(0, len(work.items), AT_ONCE)
    ]
    failed: list[Fault] = []
    tried_with: dict[str, None] = {}
    rooms: dict[str, str] = {}
    with progress.step("rehearsing conditions", sum(map(len, longest)), "condition") as step:
        outcomes = trying(Trial(job_of(planned.loaded, planned.conditions)), parts)
        for part, outcome in zip(parts, outcomes, strict=True):
            if outcome.refusal is not None:
                raise outcome.refusal
            failed += [Fault(f"condition {name}", reason) for name, reason in outcome.failed]
            tried_with |= dict.fromkeys([part.identity] if outcome.failed else [])
            rooms |= outcome.missed
            step.advance(len(part.items))
    if failed:
        longest_of = ", ".join(f"'{name}'" for name in tried_with)
        raise DesignError([*failed, Fault("", f"tried with {longest_of}, the longest utterance")])
    return list(rooms.values())


def _missed(row: dict[str, Any]) -> dict[str, str]:
    """A room that has not the reverberation time that was asked for, by its name and distance."""
    place = f"{row['room_name']} at {row['room_distance_m']:g} m"
    told = "cannot be measured" if row["room_t30_s"] is None else f"is {row['room_t30_s']} s"
    wanted = f"{row['room_t60_target_s']:g} s were asked for (more than 20 % beside it)"
    return {place: f"{place}: T30 {told}, where {wanted}"}
