"""Speakers whom their labels single out, whatever they are called."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from augment.corpus.table import label_column

if TYPE_CHECKING:
    import polars


def singled_out(frame: "polars.DataFrame", labels: Sequence[str]) -> tuple[int, int]:
    """How many speakers have a combination of label values that no other speaker of the set has.

    Args:
        frame: Chosen rows, with ``speaker`` and a column for each label.
        labels: Those that leave the corpus.

    Returns:
        Speakers that stand alone, and all speakers.

    Reference: Sweeney (2002), k-anonymity: those of k = 1 among the speakers of the set.

    Example:
        >>> import polars
        >>> columns = {"speaker": ["a", "b", "c"], "label:age": ["20s", "20s", "80s"]}
        >>> singled_out(polars.DataFrame(columns), ["age"])
        (1, 3)
    """
    import polars

    speakers = int(frame["speaker"].n_unique())
    if not labels:
        return 0, speakers
    columns = [label_column(label) for label in labels]
    of_values = frame.group_by(columns).agg(polars.col("speaker").unique())
    alone = of_values.filter(polars.col("speaker").list.len() == 1)["speaker"].explode()
    return int(alone.n_unique()), speakers


def singled_out_note(alone: int, speakers: int, labels: Sequence[str]) -> str:
    """What a set under pseudonyms tells of such speakers; empty if there are none.

    Example:
        >>> singled_out_note(0, 3, ["age"])
        ''
    """
    if not alone:
        return ""
    return (
        f"{alone} of {speakers} speakers have values of {', '.join(labels)} that no other speaker of the set has: who "
        "knows these of somebody finds them under their pseudonym; let fewer labels leave the corpus (output.labels)"
    )
