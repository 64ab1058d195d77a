"""Which utterances: equal numbers for each group, alike in what would confound them, in matched blocks.

The rows are counted in strata, group x speaker x matched values. A mixed-integer programme decides how many utterances
each cell of matched values gives (:mod:`.counts`), a flow shares these out among speakers (:mod:`.speakers`), and
within a stratum the seed decides (:mod:`.blocks`). If nothing is matched, no programme is needed, and groups do not
depend on one another: neither a new group nor a larger number of utterances moves an utterance to another block.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.auditing.labels import missing, speaker_notes
from augment.auditing.spelling import spelling_notes
from augment.corpus.speech import DURATION_SLACK_S
from augment.corpus.table import Corpus
from augment.design.assignment import Demands
from augment.design.program import within
from augment.design.selection.balance import BalanceTable, balance_table, with_measured
from augment.design.selection.blocks import drawn, with_blocks
from augment.design.selection.grouping import (
    UNLABELLED,
    grouped,
    of_common_texts,
    posed,
    refuse_labels,
    refuse_shares,
    variables,
    with_named_speakers,
    with_voices,
)
from augment.design.selection.problem import Problem
from augment.design.selection.refusal import refuse, refuse_texts
from augment.design.selection.search import wished
from augment.errors import DesignError, Fault, counted
from augment.notes import Effect, Note
from augment.recipe.experiment import DURATION, Balance

if TYPE_CHECKING:
    import polars

LONGEST_S = 120.0
"""Time limit for a selection. No selection depends on it: what is not found by then is refused as unknown."""
DURATION_SLACK = 0.05
"""Largest relative error of a declared duration that can still be matched by: bins are half an octave wide."""

__all__ = ["UNLABELLED", "Selection", "select"]


@dataclass(frozen=True)
class Selection:
    """The utterances of a plan.

    Attributes:
        frame: The chosen rows of the corpus, with ``group`` and ``block``, sorted by both.
        groups: Names of the groups, sorted.
        per_group: Utterances in each group.
        left_out: How many rows are not used, by reason.
        notes: What the user should know.
        balance: How alike the groups are, before and after.
    """

    frame: "polars.DataFrame"
    groups: tuple[str, ...]
    per_group: int
    left_out: dict[str, int]
    notes: tuple[Note, ...]
    balance: BalanceTable

    def measured(self, seconds: Mapping[str, float], balance: Balance) -> "Selection":
        """The same selection, its balance table computed from the durations of the audio itself.

        Args:
            seconds: Length of each chosen utterance by its id.
            balance: What the recipe asks for.

        Raises:
            DesignError: Durations were matched as declared, and those of the audio differ.
        """
        declared = dict(self.frame.select("id", DURATION).drop_nulls().rows())
        lying = [i for i, s in declared.items() if abs(s - seconds[i]) > max(DURATION_SLACK_S, DURATION_SLACK * s)]
        if balance.timed and lying:
            shown = f"'{lying[0]}' declares {declared[lying[0]]:g} s and lasts {seconds[lying[0]]:.2f} s"
            rows = counted(len(lying), "chosen row declares", "chosen rows declare")
            message = f"durations cannot be matched: {rows} another than the audio's; {shown}"
            remedy = "write the true durations into the manifest, or leave 'duration' out of balance.match"
            raise DesignError(Fault("", message, remedy))
        return dataclasses.replace(self, balance=with_measured(self.balance, self.frame, seconds, balance))


def select(corpus: Corpus, balance: Balance, seed: int, demands: Demands | None = None) -> Selection:
    """Choose equal numbers of utterances for every group.

    Args:
        corpus: Clean labelled speech.
        balance: Groups and numbers.
        seed: The recipe's seed.
        demands: What the assignment demands of the numbers: remedies in a refusal meet it, too.

    Raises:
        DesignError: The corpus cannot carry it; the numbers and what would be feasible are given.
    """
    refuse_labels(corpus, balance)
    every, left_out = grouped(corpus, balance)
    frame = every
    if balance.text == "parallel":
        frame = of_common_texts(every)
        if not frame.height:
            refuse_texts(corpus, balance, every, seed)
        if frame.height < every.height:
            left_out["not every group says the text"] = every.height - frame.height
    refuse_shares(corpus, balance, frame)
    frame = with_voices(frame, seed)
    problem = posed(frame, balance, seed)
    with within(LONGEST_S):
        found = wished(problem)
    if found is None:
        refuse(corpus, balance, problem, every, demands)
    number, counts = found
    strata = problem.strata
    chosen = with_blocks(drawn(frame, strata, counts, variables(balance), seed), balance, seed)
    if frame.height > chosen.height:
        left_out["not drawn: the groups are full without them"] = frame.height - chosen.height
    notes = [*spelling_notes(corpus, (*balance.by, *balance.labels)), *_notes(balance, problem, number, chosen)]
    groups = tuple(group.group for group in strata)
    return Selection(chosen, groups, number, left_out, tuple(notes), balance_table(frame, chosen, balance))


def _notes(balance: Balance, problem: Problem, number: int, chosen: "polars.DataFrame") -> list[Note]:
    bare = missing(chosen, balance.by)
    notes = [
        Note(f"{counted(count, 'row has', 'rows have')} no {label}: {UNLABELLED} stands for it", Effect.LABEL)
        for label, count in bare.items()
    ]
    notes += speaker_notes(with_named_speakers(chosen))
    if len(problem.strata) == 1:
        told = f"there is only one group, {problem.strata[0].group}: nothing can be compared"
        notes.append(Note(told, Effect.TOO_WEAK, told, 1.0))
    if balance.utterances == "max":
        smallest = min(problem.strata, key=lambda group: (group.total, group.group))
        alike = f"all that the smallest, {smallest.group}, has"
        if smallest.total > number:
            alike = "the most that all of them can give under the recipe's conditions"
        told = f"each group gives {counted(number, 'utterance')}, {alike}"
        notes.append(Note(told, Effect.HOUSEKEEPING, told))
    return notes
