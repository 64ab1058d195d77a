"""Scores as tables: one row for each item, for each cell, or for each comparison."""

from operator import itemgetter
from typing import TYPE_CHECKING

from augment.records import frame_of
from augment.scoring.answers import CellAnswer, Comparison

if TYPE_CHECKING:
    import polars

    from augment.scoring.scores import Scores

COLUMNS = ("id", "utterance", "condition", "group", "speaker")
"""Columns of the manifest that say which item it is."""


def items_frame(scores: "Scores") -> "polars.DataFrame":
    """One row for each item and recogniser: its errors, words and texts as they were compared."""
    import polars

    columns = list(zip(*map(itemgetter(*COLUMNS), scores.rows), strict=True)) or [()] * len(COLUMNS)
    tables = [
        polars.DataFrame(
            {
                "recogniser": [one.name] * len(scores.rows),
                **dict(zip(COLUMNS, columns, strict=True)),
                "substitutions": one.counts.substitutions,
                "deletions": one.counts.deletions,
                "insertions": one.counts.insertions,
                "words": one.counts.words,
                "loop": one.counts.looped,
                "missing": [text is None for text in one.texts],
                "reference": scores.references,
                "hypothesis": one.compared,
            },
            schema_overrides={"speaker": polars.String},
        )
        for one in scores.recognisers
    ]
    return polars.concat(tables)


def cells_frame(scores: "Scores") -> "polars.DataFrame":
    """One row for each recogniser, condition and group, with the fields of a cell's answer."""
    found = [(one.name, cell) for one in scores.recognisers for cell in one.cells]
    return frame_of(CellAnswer, [cell for _, cell in found], {"recogniser": [name for name, _ in found]})


def comparisons_frame(scores: "Scores") -> "polars.DataFrame":
    """One row for each comparison, with its fields, and whether it is ``shown``; the most certain ones come first.

    ``recogniser`` is empty where recognisers are compared with one another.
    """
    import polars

    own = [(one.name, found) for one in scores.recognisers for found in (*one.growth, *one.pairs, *one.steps)]
    every = sorted([*own, *((None, found) for found in scores.between_recognisers)], key=lambda pair: pair[1].order)
    shown = polars.Series("shown", [found.shown for _, found in every], dtype=polars.Boolean)
    names = [name for name, _ in every]
    return frame_of(Comparison, [found for _, found in every], {"recogniser": names}).with_columns(shown)
