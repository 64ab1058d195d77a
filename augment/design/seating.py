"""Which utterance of a rotated design is in which block, and so meets which conditions.

Conditions are dealt to blocks in turns (:mod:`.assignment`); groups share blocks, so that everybody in a block meets
the same ones. What is left is to seat the utterances of each group so that every speaker, every text (within a group
and in all groups), and every value of a matched label meets each condition equally often, to within one.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from augment.corpus.table import label_column
from augment.design.assignment import Schedule
from augment.design.crossing import NONE, Cards, Places, Whole, dealt_evenly
from augment.design.listeners import as_numbers
from augment.design.selection import Selection
from augment.design.selection.grouping import UNKNOWN_SPEAKER
from augment.streams import generator

if TYPE_CHECKING:
    import polars


def seated(selection: Selection, turns: Schedule, labels: Sequence[str], seed: int) -> Selection:
    """The same utterances, in blocks for which the rotation crosses speakers, texts and matched labels with conditions.

    Args:
        selection: Chosen utterances and their blocks.
        turns: Which block meets which condition.
        labels: Matched labels of the corpus.
        seed: The recipe's seed.
    """
    import polars

    if turns.crossed:
        return selection
    frame = selection.frame.sort("group", "block")
    start = frame["block"].to_numpy().astype(np.int64) % turns.period
    random = generator(seed, "seat")
    turn = dealt_evenly(Cards(turns.period, turns.brings), start, _places(frame, labels), random)
    blocks = polars.Series("block", _blocks(frame, turn, turns.period), dtype=frame["block"].dtype)
    return dataclasses.replace(selection, frame=frame.with_columns(blocks).sort("group", "block"))


def _blocks(frame: "polars.DataFrame", turn: Whole, period: int) -> Whole:
    """A block for each utterance of a turn, one speaker after the other, so that speakers of different groups meet.

    If all groups are built alike, crossing what is dealt with the speakers of one group then crosses it with all.
    """
    import polars

    ordered = frame.select("group", "block", turn=polars.Series(turn), row=polars.int_range(frame.height)).with_columns(
        first=frame.select(polars.col("block").min().over("group", "speaker"))["block"]
    )
    ordered = ordered.sort("group", "turn", "first", "block")
    place = ordered.select(polars.int_range(polars.len()).over("group", "turn")).to_series().to_numpy()
    blocks = np.empty_like(turn)
    blocks[ordered["row"].to_numpy()] = ordered["turn"].to_numpy() + period * place
    return blocks


def _places(frame: "polars.DataFrame", labels: Sequence[str]) -> Places:
    """Utterances as places: speakers within labels within groups, and texts within groups and over all of them."""
    groups, texts = as_numbers(frame["group"]), as_numbers(frame["text"])
    speakers = as_numbers(frame["speaker"], UNKNOWN_SPEAKER)
    values = [_within(groups, as_numbers(frame[label_column(label)])) for label in labels]
    joint = groups
    for value in values:
        joint = _within(joint, value)
    spoken, said = _within(groups, speakers), _within(groups, texts)
    return Places(groups, ((spoken, joint), (said,)), (spoken, texts), (said, *values))


def _within(outer: Whole, inner: Whole) -> Whole:
    """Classes of one family within those of another, renumbered so that there are no more of them than places."""
    joint = outer * (int(inner.max(initial=0)) + 1) + inner
    _, numbers = np.unique(joint, return_inverse=True)
    return np.where((outer == NONE) | (inner == NONE), NONE, numbers.reshape(-1))
