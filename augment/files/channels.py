"""Which channel of a file is heard.

Channels are never averaged unless somebody asks for it: two microphones for one talker make a comb filter, two talkers
would share one text, and opposite polarities cancel. If nobody says which channel is meant, either it does not matter
or the file is refused; for noise the first channel is taken, which is what one microphone hears.
"""

import re
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from augment.acoustics import Signal
from augment.acoustics.channels import Comparison, Relation
from augment.bounds import MOST_CHANNELS
from augment.errors import AudioError, Fault
from augment.files.containers.stream import Remark

ChannelField = Annotated[int, Field(ge=0, lt=MOST_CHANNELS)] | Literal["mix"] | None
"""A :data:`~augment.acoustics.channels.ChannelChoice` in a recipe's spelling."""
Wanted = int | Literal["mix", "first"] | None
"""A choice, or ``first`` for the first channel by default."""
CHANNEL = re.compile(r"(\d{1,2})(?:\.0+)?|mix", re.ASCII)
"""A channel in the spelling of other tools' columns; some write whole numbers as 1.0."""
CANCELLATION_DB = 7.0


def refuse_absent(channel: int, count: int, where: str) -> None:
    """Refuse a channel, counted from 0, that a file with a given number of channels does not have.

    Raises:
        AudioError: It has fewer.

    Example:
        >>> refuse_absent(1, 1, "a.wav")
        Traceback (most recent call last):
        augment.errors.AudioError: a.wav: channel 1 is asked for, and the file has one channel, 0
    """
    if channel >= count:
        has = "one channel, 0" if count == 1 else f"{count} channels, 0 to {count - 1}"
        raise AudioError(Fault(where, f"channel {channel} is asked for, and the file has {has}"))


class Picked:
    """Picks the wanted channel from frames that arrive in blocks.

    Args:
        wanted: Which channel.
        channels: How many there are.
        sample_rate_hz: Their sample rate.
    """

    def __init__(self, wanted: Wanted, channels: int, sample_rate_hz: int) -> None:
        self.wanted = wanted
        self.comparison = Comparison(channels, sample_rate_hz) if channels > 1 else None

    @property
    def width(self) -> int:
        """How many channels must be kept until the choice is clear."""
        return self.comparison.channels if self.comparison and self.wanted is None else 1

    def take(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        """What must be kept of frames of shape (n, c): shape (n,) or (n, c)."""
        if self.comparison is None:
            return block[:, 0]
        self.comparison.take(block)
        if self.wanted is None:
            return block
        if self.wanted == "mix":
            return np.asarray(block.mean(axis=1))
        # A channel that the file does not have is refused later, once everything that is asked for is known.
        return block[:, 0 if self.wanted == "first" else min(self.wanted, block.shape[1] - 1)]

    def refuse(self, where: str) -> None:
        """Refuse a channel that the file does not have.

        Raises:
            AudioError: It has fewer.
        """
        if isinstance(self.wanted, int):
            refuse_absent(self.wanted, self.comparison.channels if self.comparison else 1, where)

    def heard(self, kept: NDArray[np.float64], where: str) -> tuple[Signal, frozenset[Remark]]:
        """The channel from what was kept, and what the user should know.

        Raises:
            AudioError: Channels differ and nobody says which one is meant, or the sound cancels in their mean.
        """
        if self.comparison is None:
            return kept, frozenset()
        relation, chosen = self.comparison.relation, self.comparison.chosen
        if self.wanted == "mix":
            return kept, self._mixed(kept, where)
        if self.wanted == "first":
            return kept, self._first(relation, chosen, where)
        if self.wanted is not None:
            return kept, frozenset({Remark.CHOSEN})
        if relation in (Relation.DIFFERENT, Relation.INVERTED):
            raise AudioError(Fault(where, f"has {self._told(relation)}, and nobody says which is meant", self._ways()))
        alone = relation == Relation.ALONE
        return np.ascontiguousarray(kept[:, chosen]), frozenset({Remark.ONE_SOUNDS if alone else Remark.SAME_CHANNELS})

    def _first(self, relation: Relation, chosen: int, where: str) -> frozenset[Remark]:
        if relation == Relation.ALONE and chosen:
            message = f"the first of its channels is silent, and channel {chosen} is not"
            raise AudioError(Fault(where, message, f"say which is meant: channel: {chosen}"))
        told = {
            Relation.ALONE: Remark.ONE_SOUNDS,
            Relation.SAME: Remark.SAME_CHANNELS,
            Relation.INVERTED: Remark.FIRST_OF_INVERTED,
            Relation.DIFFERENT: Remark.FIRST_OF_DIFFERENT,
        }
        return frozenset({told[relation]})

    def _mixed(self, kept: NDArray[np.float64], where: str) -> frozenset[Remark]:
        assert self.comparison is not None
        loss, energy = 10 ** (-CANCELLATION_DB / 10), float(np.sum(np.square(kept - np.mean(kept))))
        if energy < float(np.max(self.comparison.energies)) * loss:
            message = f"the mean of its {self.comparison.channels} channels is far weaker than the strongest one"
            raise AudioError(Fault(where, message, f"the channels cancel or are mostly empty: {self._ways(mix=False)}"))
        return frozenset({Remark.MIXED_DELAYED if self.comparison.delay_s else Remark.MIXED})

    def _told(self, relation: Relation) -> str:
        assert self.comparison is not None
        count = self.comparison.channels
        if relation == Relation.INVERTED:
            return f"{count} channels, the same with opposite polarity"
        delay_s = self.comparison.delay_s
        if delay_s:
            late, early = (1, 0) if delay_s > 0 else (0, 1)
            return f"{count} channels that differ (channel {late} is {1000 * abs(delay_s):.2f} ms behind {early})"
        return f"{count} channels that differ"

    def _ways(self, mix: bool = True) -> str:
        assert self.comparison is not None
        count = self.comparison.channels
        each = " or ".join(f"channel: {number}" for number in range(min(2, count))) + (" ..." if count > 2 else "")
        return f"say which: {each}" + (", or channel: mix for their mean" if mix else "")
