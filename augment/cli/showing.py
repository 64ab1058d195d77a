"""What the commands that make test sets say: of a plan, and of what was built."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from augment.cli.terminal import Manner, Style, hand_out_record, say, width
from augment.design.plan import Plan
from augment.errors import counted
from augment.files.location import Location
from augment.report.brief import SCREEN, Brief, height, if_it_fits, plan_brief, plan_record
from augment.report.changes import changes_text
from augment.report.tables import coverage, plan_text
from augment.testset.folder import PAGE

if TYPE_CHECKING:
    from augment.api.building import BuildResult
    from augment.api.costing import Cost
    from augment.api.sharding import ShardResult

DETAILS = "--details"
MOST_FAILURES = {Manner.BRIEF: 3, Manner.QUIET: 3, Manner.DETAILS: 10, Manner.JSON: 0}


def show_brief(brief: Brief, manner: Manner = Manner.BRIEF) -> None:
    """Print half a screen, or its first line."""
    say(brief.head, style=Style.PLAIN if manner is Manner.QUIET else Style.HEADING)
    if manner is Manner.QUIET:
        return
    for line in brief.shown:
        say(line)
    say(brief.title, style=Style.HEADING)
    for line in (*brief.things, brief.rest):
        say(line)


def show_plan(planned: Plan, against: Location | None, manner: Manner, cost: "Cost | None" = None) -> None:
    """Print a plan, what it would change in a finished set, and what it costs to build it."""
    if manner is Manner.JSON:
        hand_out_record({**plan_record(planned), **({"cost": cost.record} if cost else {})})
        return
    changes = None if against is None else changes_text(planned, against)
    if manner is Manner.DETAILS:
        say(plan_text(planned))
    else:
        brief = plan_brief(planned, DETAILS)
        show_brief(brief, manner)
        if manner is Manner.BRIEF:
            used = brief.height(width()) + (0 if changes is None else height([changes], width()) + 1)
            table = if_it_fits(str(coverage(planned)), SCREEN - used, width())
            say(table) if table else None
    if changes is not None and manner is not Manner.QUIET:
        say(f"\n{changes}")
    if cost is not None:
        say(f"cost: {cost}")


def show_before(planned: Plan, folder: Location, manner: Manner) -> int:
    """Print what a set will be able to show, before it is built; returns how many lines that took."""
    if manner is not Manner.BRIEF:
        return 0
    brief = plan_brief(planned, f"{folder / PAGE}, or {DETAILS}")
    show_brief(brief)
    return brief.height(width())


def show_built(result: "BuildResult", manner: Manner, used: int) -> None:
    """Print what came of a build, the least needed first: what scrolls away is no loss.

    Args:
        result: What was built.
        manner: How much to say.
        used: Lines that were printed before.
    """
    if manner is Manner.JSON:
        hand_out_record(result.record)
    _show_failures(result, manner)
    outcome = [_made(result), f"identity: {result.identity}", f"look and listen: {result.folder / PAGE}"]
    outcome += [f"next: acoustigrid verify {shlex.quote(str(result.folder))}"]
    told = _told(result)
    if manner is Manner.DETAILS:
        say("\n\n".join(result.overview.texts) + "\n")
        told = [*_left_out(result), *(f"note: {note.text}" for note in result.plan.notes), *told]
    elif manner is Manner.BRIEF:
        table = if_it_fits(str(result.overview.coverage), SCREEN - used - height([*told, *outcome], width()), width())
        say(f"{table}\n" if table else "")
    if manner in (Manner.DETAILS, Manner.BRIEF):
        say("\n".join([*told, *outcome]))
    elif manner is Manner.QUIET:
        say(outcome[0])


def show_shard(result: "ShardResult", folder: Location, manner: Manner) -> None:
    """Print what came of a shard."""
    if manner is Manner.JSON:
        hand_out_record(result.record)
    _show_first_failures(result.failures, manner)
    if manner is not Manner.JSON:
        reused = f" ({result.reused} of them were there before)" if result.reused else ""
        say(f"shard {result.shard}: {counted(result.made, 'item')} in {folder}{reused}")
    if manner in (Manner.BRIEF, Manner.DETAILS):
        say(f"next, when all shards are done: acoustigrid finish {shlex.quote(str(folder))}")


def _made(result: "BuildResult") -> str:
    reused = f" ({result.reused} of them were there before)" if result.reused else ""
    removed = f"; {result.removed} files that the plan does not have any more were removed" if result.removed else ""
    return f"{result.made} of {result.plan.table.height} items in {result.folder}{reused}{removed}"


def _left_out(result: "BuildResult") -> list[str]:
    left_out = result.plan.selection.left_out
    reasons = "; ".join(f"{count} ({why})" for why, count in left_out.items())
    return [f"rows of the corpus left out: {reasons}"] if left_out else []


def _told(result: "BuildResult") -> list[str]:
    """What only the build could know."""
    told = []
    if result.plan.corpus.pseudonyms is not None:
        told.append(
            f"note: leave {result.folder / '.acoustigrid'} out when you publish the set: it knows the recordings"
        )
    if result.softer.items:
        told.append(f"note: {result.softer}")
    if result.outdated:
        again = f"acoustigrid export {shlex.quote(str(result.folder))} --format {','.join(result.outdated)}"
        told.append(f"note: exports of another state of the set were removed; write them again: {again}")
    return told


def _show_first_failures(failures: Sequence[Mapping[str, Any]], manner: Manner) -> None:
    for failure in failures[: MOST_FAILURES[manner]]:
        say(f"failed: {failure['audio_filepath']}: {failure['reason']}", err=True)


def _show_failures(result: "BuildResult", manner: Manner) -> None:
    _show_first_failures(result.failures, manner)
    if result.failures:
        place = result.folder if result.plan.corpus.pseudonyms is None else result.folder / ".acoustigrid"
        say(f"{len(result.failures)} items could not be made: see {place / 'failures.jsonl'}", err=True)
