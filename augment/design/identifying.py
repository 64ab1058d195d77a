"""What can identify a speaker in spite of a pseudonym: labels that single them out, values that repeat their names."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from augment.corpus.table import Corpus, label_column
from augment.design.selection.grouping import UNKNOWN_SPEAKER
from augment.notes import Effect, Note

if TYPE_CHECKING:
    import polars


def singled_out(frame: "polars.DataFrame", labels: Sequence[str]) -> tuple[int, int]:
    """How many speakers have a combination of label values that no other speaker of the set has.

    Args:
        frame: Chosen rows, with ``speaker`` and a column for each label.
        labels: Labels that leave the corpus.

    Returns:
        The number of speakers who are alone with their values, and that of all speakers; unknown ones do not count.

    Reference: Sweeney (2002), k-anonymity: those of k = 1 among the speakers of the set.

    Example:
        >>> import polars
        >>> columns = {"speaker": ["a", "b", "c"], "label:age": ["20s", "20s", "80s"]}
        >>> singled_out(polars.DataFrame(columns), ["age"])
        (1, 3)
    """
    import polars

    known = frame.filter(polars.col("speaker").is_not_null() & (polars.col("speaker") != UNKNOWN_SPEAKER))
    speakers = int(known["speaker"].n_unique())
    if not labels or not speakers:
        return 0, speakers
    columns = [polars.col(label_column(label)).fill_null("\0") for label in labels]
    values = polars.concat_str(columns, separator="\0\0")
    said = known.group_by("speaker").agg(values.unique().sort().str.join("\0\0\0").alias("said"))
    return int(said["said"].is_unique().sum()), speakers


def identifying_notes(corpus: Corpus, frame: "polars.DataFrame", labels: Sequence[str]) -> list[Note]:
    """Notes on such speakers in a plan under pseudonyms; none without pseudonyms.

    Args:
        corpus: The corpus.
        frame: Its chosen rows.
        labels: Labels that leave the corpus.
    """
    if corpus.pseudonyms is None:
        return []
    notes = []
    alone, speakers = singled_out(frame, labels)
    if alone:
        told = (
            f"{alone} of {speakers} speakers have values of {', '.join(labels)} that no other speaker of the set has: "
            "who knows these of somebody finds them under their pseudonym; let fewer labels leave the corpus "
            "(output.labels)"
        )
        notes.append(Note(told, Effect.LICENCE, f"{alone} of {speakers} speakers can be told by their labels"))
    for column in (*labels, "text", "credit"):
        if count := corpus.telling.get(column, 0):
            what = column if column in ("text", "credit") else f"label '{column}'"
            told = f"the {what} of {count} rows of the corpus repeats the name of its speaker, id or file"
            notes.append(Note(told, Effect.LICENCE))
    return notes
