"""Choosing among utterances whose audio can be used: others are left out, as far as the recipe allows."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from augment.corpus.speech import Facts
from augment.corpus.survey import HERE, MeasuredBy, survey, unusable_fault
from augment.corpus.table import Corpus
from augment.corpus.unusable import WHOLE, Reason, group_counts
from augment.design.assignment import Demands
from augment.design.selection import Selection, select
from augment.errors import CorpusError, Fault
from augment.notes import Effect, Note
from augment.progress import SILENT, Progress
from augment.recipe.model import Recipe

if TYPE_CHECKING:
    import polars

MOST_ROUNDS = 100
"""How many times utterances that cannot be used are replaced by others."""


@dataclass
class Heard:
    """What was found in the audio of utterances.

    Attributes:
        facts: Facts of those that can be used, by id.
        faults: Why the others cannot be used, by id.
        notes: What the user should know about those.
    """

    facts: dict[str, Facts] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def usable(
    corpus: Corpus, recipe: Recipe, demands: Demands, progress: Progress = SILENT, by: MeasuredBy = HERE
) -> tuple[Corpus, Selection, Heard]:
    """Choose utterances, and replace those whose audio cannot be used.

    Args:
        corpus: The corpus.
        recipe: What it asks for, and how many may be left out.
        demands: What the assignment demands of the numbers.
        progress: Shows how far it has got.
        by: Where audio is measured.

    Returns:
        The corpus without what was left out, the chosen utterances, and what is known of their audio.

    Raises:
        DesignError: The corpus cannot carry what is asked for.
        CorpusError: More audio is unusable than may be left out; every such row is named.
    """
    tolerance, whole, heard = recipe.corpus.tolerance, corpus, Heard()
    for _ in range(MOST_ROUNDS):
        with progress.step("choosing utterances"):
            selection = select(corpus, recipe.balance, recipe.seed, demands)
        new = selection.frame.filter(~selection.frame["id"].is_in(list(heard.facts)))
        facts, faults = survey(corpus, new, recipe.output.sample_rate_hz, progress, by)
        heard.facts |= facts
        heard.faults |= faults
        if not faults:
            break
        counts, of = _by_group(whole.frame, list(heard.faults), recipe.balance.by)
        exceeded = tolerance.exceeded(counts + Counter(whole.lost), of + Counter(whole.lost))
        if exceeded or not tolerance.leaves_out:
            raise CorpusError([*_flat(heard.faults), *_summed(exceeded, heard, tolerance.leaves_out)])
        left_out = {**whole.left_out, Reason.BAD_AUDIO.counted: len(heard.faults)}
        left = corpus.frame.filter(~corpus.frame["id"].is_in(list(faults)))
        corpus = dataclasses.replace(corpus, frame=left, left_out=left_out)
    else:
        raise CorpusError([*_flat(heard.faults), unusable_fault(len(heard.faults))])
    if heard.faults:
        shares = ", ".join(f"{group}: {count} of {of[group]}" for group, count in sorted(counts.items()) if group)
        told = heard.faults if whole.pseudonyms else map(str, _flat(heard.faults))  # paths would tell who it is
        listed = whole.without_folder("; ".join(told))
        said = f"{len(heard.faults)} utterances cannot be used and are left out ({shares}): {listed}"
        heard.notes.append(Note(said, Effect.LEFT_OUT))
    chosen = set(selection.frame["id"])
    heard.facts = {identity: found for identity, found in heard.facts.items() if identity in chosen}
    return corpus, selection, heard


def _flat(faults: Mapping[str, list[Fault]]) -> list[Fault]:
    return [fault for own in faults.values() for fault in own]


def _by_group(frame: "polars.DataFrame", unusable: list[str], by: tuple[str, ...]) -> tuple[Counter[str], Counter[str]]:
    """How many rows cannot be used, and of how many, in each group and, under an empty name, in all."""
    bad = frame.filter(frame["id"].is_in(unusable))
    counts, of = (Counter({WHOLE: rows.height, **group_counts(rows, by)}) for rows in (bad, frame))
    return counts, of


def _summed(exceeded: Mapping[str, tuple[int, int]], heard: Heard, leaves_out: bool) -> list[Fault]:
    if not leaves_out:
        return [unusable_fault(len(heard.faults))]
    told = ", ".join(
        f"{count} of {of} {f'of {group}' if group else 'in all'}" for group, (count, of) in exceeded.items()
    )
    message = f"more utterances cannot be used than corpus.at_most allows: {told}"
    return [Fault("", message, "mend the files, or allow more: corpus: {unusable: leave_out, at_most: ...}")]
