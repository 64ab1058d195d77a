"""What one can and cannot conclude from a plan, or compare in a corpus, on half a screen; all else is one word away."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from augment.auditing.groups import Audit, GroupAudit
from augment.design.coupling import coupling_notes
from augment.design.plan import Plan
from augment.design.voices import Detection
from augment.notes import Effect, Note, by_gravity
from augment.plain_text import columns, cut, visible
from augment.recipe.experiment import Statistics
from augment.report.audit import plain
from augment.report.detection import can_be_shown, judged_text, needed_text
from augment.report.tables import planned_counts, size_words
from augment.report.text import counted, fitted, table

SCREEN, UNWRAPPED = 25, 100
"""Lines of a screen, and columns that a table may have where nobody knows how wide it is."""
MATTER = 3
LONGEST_NAME = 28
WISHES = (0.2, 0.1, 0.05, 0.02, 0.01)
"""Differences that people wish to see, of which the next smaller one is told."""


@dataclass(frozen=True)
class Brief:
    """Half a screen.

    Attributes:
        head: What it is about, and how large that is.
        shown: What differences it can show, and what smaller ones would need.
        title: Before what matters.
        things: What does most to a comparison, the gravest first.
        rest: What else there is to know, and where.
    """

    head: str
    shown: tuple[str, ...]
    title: str
    things: tuple[str, ...]
    rest: str

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, top to bottom."""
        return tuple(line for line in (self.head, *self.shown, self.title, *self.things, self.rest) if line)

    def height(self, width: int | None) -> int:
        """How many lines it takes up on a terminal of so many columns; None where nothing is wrapped."""
        return height(self.lines, width)


def height(texts: Iterable[str], width: int | None) -> int:
    """How many lines texts take up; columns as for :meth:`Brief.height`."""
    plain = ["\n".join(map(visible, text.split("\n"))) for text in texts]
    return sum((text if width is None else fitted(text, width)).count("\n") + 1 for text in plain)


def if_it_fits(text: str, left: int, width: int | None) -> str:
    """A table with a blank line before it, if it can stand on the lines that are left, in one piece; else nothing."""
    lines = text.split("\n")
    fits = len(lines) < left and max(map(columns, lines)) <= (width or UNWRAPPED)
    return f"\n{text}" if fits else ""


def plan_brief(plan: Plan, details: str) -> Brief:
    """What a plan can show, and what spoils it.

    Args:
        plan: The plan.
        details: Where there is more: ``--details``, or a file.
    """
    recipe, statistics = plan.loaded.recipe, plan.loaded.recipe.statistics
    head = (
        f"{cut(recipe.name, LONGEST_NAME)}: {counted(len(plan.selection.groups), 'group')} x "
        f"{counted(len(plan.conditions), 'condition')}, {plan.table.height:,} files, {plan.seconds / 3600:.2f} h, "
        f"{size_words(plan)}"
    )
    shown: tuple[str, ...] = ()
    if len(plan.selection.groups) > 1:
        shown = _shown(plan.detection, statistics)
    every = [*plan.notes, *coupling_notes(plan)]
    rows = sum(plan.selection.left_out.values())
    unused = f"{counted(rows, 'row')} of the corpus not used" if rows else ""
    return Brief(head, shown, *_matter(every, details, unused))


def audit_brief(audit: Audit, details: str) -> Brief:
    """What spoils a comparison between the groups of a corpus; arguments as for :func:`plan_brief`."""
    head = (
        f"{audit.manifest}: {audit.utterances:,} rows, {counted(len(audit.groups), 'group')} by "
        f"{' and '.join(audit.by)}; the audio of {audit.inspected:,} was read"
    )
    if audit.unreadable:
        head += f", that of {len(audit.unreadable):,} cannot be"
    return Brief(head, (), *_matter([*audit.warnings, *audit.notes], details))


def audit_table(audit: Audit, most: int) -> str:
    """Groups of a corpus in a few figures, the largest first, at most so many lines."""
    groups = sorted(audit.groups, key=lambda group: (-group.utterances, group.group))
    header = ["group", "utterances", "speakers", "hours", "SNR dB", "kHz", "dBov"]
    room = max(most - 2, 1)
    kept = groups if len(groups) <= room else groups[: room - 1]
    lines = table(header, map(_group, kept))
    more = f"\n... and {len(groups) - len(kept)} smaller groups" if len(kept) < len(groups) else ""
    return lines + more


def plan_record(plan: Plan) -> dict[str, Any]:
    """A plan as a program is told."""
    recipe = plan.loaded.recipe
    found = plan.detection if len(plan.selection.groups) > 1 else None
    return {
        "name": recipe.name,
        "groups": list(plan.selection.groups),
        "conditions": [condition.name for condition in plan.conditions],
        "utterances_per_group": plan.selection.per_group,
        "files": plan.table.height,
        "hours": round(plan.seconds / 3600, 4),
        "estimated_bytes": plan.estimated_bytes,
        "cells": planned_counts(plan),
        "detection": None if found is None else asdict(found),
        "left_out": dict(sorted(plan.selection.left_out.items())),
        "notes": [note.record for note in by_gravity([*plan.notes, *coupling_notes(plan)])],
    }


def _matter(notes: Iterable[Note], details: str, unused: str = "") -> tuple[str, tuple[str, ...], str]:
    """Title, the gravest notes, and how many more there are of what."""
    every = by_gravity(notes)
    grave = [note for note in every if note.effect <= Effect.LICENCE][:MATTER]
    things = tuple(f"  {number}. {note.headline}" for number, note in enumerate(grave, start=1))
    title = {0: "Nothing was found that groups differ in", 1: "The one thing that matters:"}.get(
        len(grave), f"The {'three' if len(grave) == MATTER else 'two'} things that matter:"
    )
    left = len(every) - len(grave)
    further = counted(left, "further note") if grave else counted(left, "note")
    rest = ", ".join(filter(None, [further if left else "", unused]))
    return title, things, f"{rest}: {details}" if rest else f"more: {details}"


def _shown(found: Detection, statistics: Statistics) -> tuple[str, ...]:
    """The smallest difference that can be shown, and what a smaller one would need."""
    one, other = (cut(name, LONGEST_NAME) for name in found.pair or ("", ""))
    speakers = min(cell.speakers for cell in found.cells.values())
    utterances = min(cell.utterances for cell in found.cells.values())
    if not any(cell.words for cell in found.cells.values()):
        return ("No utterance has a text: of this set no word error rate can be computed",)
    worst, best = (None if value is None else _points(value) for value in (found.difference, found.best))
    alike, between = worst == best, f"between {one} and {other}"
    if worst is None:
        few_of = "a single speaker" if speakers < 2 else "too few words or speakers"
        text = f"No difference can be shown {'between any two groups' if best is None else between}: {few_of}"
    else:
        text = f"Differences in word error rate can be shown from {worst} points on"
        text += ", between any two groups" if alike and len(found.cells) > 2 else "" if alike else f", {between}"
    if best is not None and not alike:
        text += f"; between others at best from {best} points on"
    few = judged_text([cell.speakers for cell in found.cells.values()])
    wished = statistics.detect
    if wished is not None and found.difference is not None and found.difference <= wished:
        return text, can_be_shown(wished), *few
    smaller = next((wish for wish in WISHES if found.difference is None or wish < found.difference), None)
    asked = wished or smaller
    if asked is None:
        return text, *few
    needed = needed_text((utterances, speakers, found.words), asked, statistics)
    need = f"To show {100 * asked:g} points, each group would need {needed}, at {found.words:.0f} words an utterance"
    return text, need, *few


def _points(difference: float) -> str:
    return f"{100 * difference:.1f}"


def _group(group: GroupAudit) -> Sequence[str]:
    bandwidth = None if group.bandwidth_hz is None else group.bandwidth_hz / 1000
    figures = ((group.hours, ".2f"), (group.snr_db, ".0f"), (bandwidth, ".1f"), (group.level_dbov, ".1f"))
    shown = (plain(value, form) for value, form in figures)
    return [cut(group.group, LONGEST_NAME), f"{group.utterances:,}", f"{group.speakers:,}", *shown]
