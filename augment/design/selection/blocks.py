"""Which utterances are taken from each stratum, and which block each of them is in."""

from typing import TYPE_CHECKING

from augment.design.selection.problem import TEXT
from augment.design.selection.strata import Counts, Strata, match_column
from augment.recipe.experiment import DURATION, Balance
from augment.streams import rank

if TYPE_CHECKING:
    import polars


def drawn(
    frame: "polars.DataFrame",
    strata: tuple[Strata, ...],
    counts: dict[str, Counts],
    names: tuple[str, ...],
    seed: int,
) -> "polars.DataFrame":
    """The utterances, drawn from their strata.

    A speaker's utterances are ordered by a shuffle of texts, and each speaker of a group begins one text further on. So
    if all speakers read the same sentences and groups have equally many speakers, each block holds a single sentence,
    and different blocks hold different ones.

    Args:
        frame: Rows that may be chosen.
        strata: Strata of every group.
        counts: How many to take from each stratum.
        names: Matched variables.
        seed: The recipe's seed.

    Returns:
        The chosen rows, with ``_turn``: the place of an utterance in its speaker's order.
    """
    import polars

    columns = [match_column(name) for name in names]
    wanted = _wanted(frame, strata, counts, columns)
    speakers = wanted.select("group", "speaker").unique()
    ordered = _in_order(frame, speakers, seed)
    ordered = ordered.join(wanted, on=["group", "speaker", *columns], how="inner", maintain_order="left")
    ordered = ordered.sort("group", "voice", "speaker", "_turn")
    place = polars.int_range(polars.len()).over("group", "speaker", *columns)
    return ordered.filter(place < polars.col("_take")).drop("_take")


def _wanted(
    frame: "polars.DataFrame", strata: tuple[Strata, ...], counts: dict[str, Counts], columns: list[str]
) -> "polars.DataFrame":
    """One row for each stratum that gives utterances: group, speaker, values, and ``_take``, their number."""
    import polars

    counted = frame.group_by("group", "voice", "speaker", *columns).len().sort("group", "voice", *columns)
    parts = counted.partition_by("group", maintain_order=True)
    taken = [part.with_columns(polars.Series("_take", counts[s.group])) for part, s in zip(parts, strata, strict=True)]
    return polars.concat(taken).filter(polars.col("_take") > 0).drop("len", "voice")


def _in_order(frame: "polars.DataFrame", speakers: "polars.DataFrame", seed: int) -> "polars.DataFrame":
    """All rows of some speakers with ``_turn``."""
    import polars

    place = polars.col("voice").rank("dense").over("group").cast(polars.Int64) - 1
    frame = frame.with_columns(place.alias("_place"))
    some = frame.join(speakers, on=["group", "speaker"], how="semi")
    texts = {text: rank(seed, "text", text) for text in some["text"].unique().to_list()}
    some = some.with_columns(
        polars.Series("_text", [texts[text] for text in some["text"]], dtype=polars.String),
        polars.Series("_own", [rank(seed, "utterance", identity) for identity in some["id"]], dtype=polars.String),
    )
    some = some.sort("group", "speaker", "_text", "_own")
    own = polars.int_range(polars.len()).over("group", "speaker")
    count = polars.len().over("group", "speaker")
    return some.with_columns(((own - polars.col("_place")) % count).alias("_turn")).drop("_place", "_text")


def with_blocks(chosen: "polars.DataFrame", balance: Balance, seed: int) -> "polars.DataFrame":
    """Chosen rows with ``block``, sorted by group and block.

    Parallel texts define the blocks. Otherwise each group's utterances are put in order: one of each speaker, then a
    second of each, and so on; if something is matched, by its values first, so that a block groups like with like.
    """
    import polars

    labels = [match_column(label) for label in balance.labels]
    if balance.text == "parallel":
        texts = {text: rank(seed, "text", text) for text in chosen[match_column(TEXT)].unique().to_list()}
        ordered = chosen[match_column(TEXT)].replace_strict(texts, return_dtype=polars.String).alias("_first")
        keys = ["_first"]
        chosen = chosen.with_columns(ordered)
    else:
        keys = [*labels, *([DURATION, "_own"] if balance.timed else []), "_turn", "voice"]
    chosen = chosen.sort("group", *keys)
    chosen = chosen.with_columns(polars.int_range(polars.len()).over("group").alias("block"))
    inner = [name for name in chosen.columns if name.startswith(("_", "match:")) or name == "voice"]
    return chosen.drop(inner).sort("group", "block")
