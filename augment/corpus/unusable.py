"""Unusable rows that the recipe leaves out: one place that finds, counts, lists and limits them.

``corpus: {unusable: leave_out, at_most: 1 %}``: broken rows, texts without a word, and audio that is not there are left
out, up to that share of the whole and of each group: a group that loses more rows than others cannot be compared.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from augment.corpus.presence import absent_rows
from augment.corpus.source import where
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import TOGETHER, Corpus, label_column, read_corpus
from augment.corpus.texts import wordless
from augment.errors import CorpusError, Fault, gathered, named
from augment.files.location import Location
from augment.notes import Effect, Note
from augment.tolerance import USUAL

if TYPE_CHECKING:
    import polars

WHOLE = ""
"""Key of the whole corpus among those of the groups."""
MOST_TOLD = 20


class Reason(StrEnum):
    """Why a row cannot be used; the value is the wording of messages."""

    BROKEN = "broken"
    NO_WORD = "without a word in the text"
    NO_AUDIO = "without their audio"
    BAD_AUDIO = "with audio that cannot be used"

    @property
    def counted(self) -> str:
        """Its name among the reasons why rows are left out."""
        return f"unusable: {self}"


def usable_corpus(spec: CorpusSpec, base: Location, by: Sequence[str] = (), recipe_text: str = "") -> Corpus:
    """The corpus of a recipe without the unusable rows that it allows to be left out.

    Args:
        spec: What the recipe says about it.
        base: Folder that its path starts from.
        by: Labels that make the groups; those that the corpus does not have are passed over.
        recipe_text: The whole recipe, as for :func:`~augment.corpus.table.read_corpus`.

    Raises:
        CorpusError: As for :func:`~augment.corpus.table.read_corpus`; or more rows are unusable than may be left out.
    """
    import polars

    corpus = read_corpus(spec, base, recipe_text)
    if not spec.tolerance.leaves_out:
        return corpus
    bare = corpus.frame.filter(wordless(corpus.frame["text"]))
    gone = absent_rows(corpus)
    found = {Reason.NO_AUDIO: gone, Reason.NO_WORD: bare.join(gone, on="id", how="anti", maintain_order="left")}
    broken = [corpus.without_folder(fault.where) for fault in corpus.broken]
    counts_lost = _refuse_too_many(corpus, found, spec, [label for label in by if label in corpus.labels])
    places = {Reason.BROKEN: broken, **{reason: rows["row"].to_list() for reason, rows in found.items()}}
    places = {reason: rows for reason, rows in places.items() if rows}
    lost = polars.concat([rows.select("id") for rows in found.values()])
    frame = corpus.frame.join(lost, on="id", how="anti", maintain_order="left")
    notes = [
        Note(f"{len(rows)} rows {reason} are left out{_listed(corpus, rows)}", Effect.LEFT_OUT)
        for reason, rows in places.items()
    ]
    counts = {reason.counted: len(rows) for reason, rows in places.items()}
    return dataclasses.replace(
        corpus,
        frame=frame,
        left_out={**corpus.left_out, **counts},
        notes=(*corpus.notes, *notes),
        lost=counts_lost,
    )


def _listed(corpus: Corpus, places: Sequence[str]) -> str:
    """Where they are; not told under pseudonyms, since in some layouts that is a path with a speaker's name in it."""
    return f": {named(places)}" if corpus.pseudonyms is None else ""


def _refuse_too_many(
    corpus: Corpus, found: Mapping[Reason, "polars.DataFrame"], spec: CorpusSpec, by: Sequence[str]
) -> dict[str, int]:
    """How many rows of the whole and of each group are lost; refused where that is more than the recipe allows."""
    import polars

    lost = polars.concat(list(found.values()))
    unusable = {WHOLE: lost.height + len(corpus.broken), **group_counts(lost, by)}
    of = {WHOLE: corpus.frame.height + len(corpus.broken), **group_counts(corpus.frame, by)}
    exceeded = spec.tolerance.exceeded(unusable, of)
    if not exceeded and lost.height < corpus.frame.height:
        return unusable
    faults = list(corpus.broken)
    faults += [Fault(where(corpus.manifest, row), reason) for reason, rows in found.items() for row in rows["row"]]
    counts = ", ".join(
        f"{count} of {total} {f'of {name}' if name else 'in all'}" for name, (count, total) in sorted(exceeded.items())
    )
    message = f"more rows cannot be used than may be left out, at most {spec.at_most or USUAL}: {counts}"
    remedy = "mend them, or allow more: corpus: {unusable: leave_out, at_most: ... %}"
    raise CorpusError([*gathered(faults)[:MOST_TOLD], Fault(str(corpus.manifest), message, remedy)])


def group_counts(frame: "polars.DataFrame", by: Sequence[str]) -> dict[str, int]:
    """Number of rows in each group; ``?`` stands for a label that a row does not have."""
    import polars

    if not by:
        return {}
    group = polars.concat_str([polars.col(label_column(label)).fill_null("?") for label in by], separator=TOGETHER)
    counts = frame.select(group.alias("group")).group_by("group").len()
    return {str(name): int(count) for name, count in counts.rows()}
