"""Stretches of a recording: the parts that are kept while all of it is decoded, block by block."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.bounds import LONGEST_RECORDING_S, MOST_CHANNELS, MOST_VALUES, RATES_HZ
from augment.errors import AudioError, Fault
from augment.files.channels import Picked, Wanted
from augment.files.containers.stream import Remark, Stated

LONGEST_S = 3600.0
OVERHANG_S = 0.05
"""A stretch that ends at most this long after its recording is cut at the end: other tools round their time stamps."""
FULL_SCALE_MOST, INTEGER_LEAST = 16.0, 256.0
"""Floating-point samples up to the first are on a scale of 1.0, however loud; those beyond the second are on a scale of
integers. In between, nobody can tell."""
TELEPHONE_RATE_HZ = 8000
INTEGER_SCALES = (2.0**15, 2.0**23, 2.0**31)


class Part(NamedTuple):
    """A stretch of a file.

    Attributes:
        offset_s: Its start.
        duration_s: Its length; None for the rest of the file.
        channel: Which channel of the file.
    """

    offset_s: float = 0.0
    duration_s: float | None = None
    channel: Wanted = None


class Decoder(Protocol):
    """A decoder for one file; see :class:`augment.files.containers.native.Native`."""

    sample_rate_hz: int
    channels: int
    frames: int | None
    slack: int
    floating: bool
    remarks: frozenset[Remark]

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """All frames in order, each block of shape (n, c)."""

    def close(self) -> None:
        """Release the resources it holds."""


class Stretch:
    """The wanted frames of a file, of which only the wanted channel is kept if it is known.

    Args:
        part: The stretch.
        decoder: Decoder of the file, or what its header says.
        where: What to call the file in errors.
        longest_s: Longest stretch that is accepted.
        apart: Keep all channels, and do not compare them.
    """

    def __init__(
        self, part: Part, decoder: Decoder | Stated, where: str, longest_s: float, apart: bool = False
    ) -> None:
        rate = self.rate = decoder.sample_rate_hz
        self.part, self.where, self.longest_s = part, where, longest_s
        self.start = round(part.offset_s * rate)
        self.end = None if part.duration_s is None else self.start + round(part.duration_s * rate)
        self.picked = None if apart else Picked(part.channel, decoder.channels, rate)
        self.width = decoder.channels if self.picked is None else self.picked.width
        self.most = min(round(longest_s * rate), MOST_VALUES // self.width)
        self.frames = self.total = 0
        self.remarks: set[Remark] = set()
        self.factor = 1.0
        stated = None if decoder.frames is None else decoder.frames + decoder.slack
        ends = [frames for frames in (self.end, stated) if frames is not None]
        self.planned = max(0, min(ends) - self.start) if ends else 0
        room = min(self.planned if stated is not None else decoder.sample_rate_hz, self.most)
        self._kept = np.empty((room, self.width) if self.width > 1 else room)

    @property
    def too_long(self) -> bool:
        """Whether it is longer than accepted, as far as is known; nothing more is kept then."""
        stated = self.planned if self.planned > self.most + self.rate else 0  # a decoder's slack does not count
        return max(self.frames, stated) > self.most

    def take(self, block: NDArray[np.float64], position: int) -> None:
        """Keep the part of a block, shape (frames, channels), that lies in the stretch."""
        stop = position + len(block)
        low, high = max(self.start, position), stop if self.end is None else min(self.end, stop)
        if low < high and not self.too_long:
            part = block[low - position : high - position]
            wanted = (part if self.picked is None else self.picked.take(part)).reshape(-1, *self._kept.shape[1:])
            begin, self.frames = self.frames, self.frames + len(part)
            if self.frames > self.most:
                return
            if self.frames > len(self._kept):
                self._kept = np.concatenate([self._kept[:begin], np.empty_like(self._kept), wanted])
            self._kept[begin : self.frames] = wanted

    def whole(self) -> NDArray[np.float64]:
        """Everything that was kept: shape (n,), or (n, c) for several channels."""
        return self._scaled(self._unscaled())

    def _scaled(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        return samples if self.factor == 1.0 else samples * self.factor

    def _unscaled(self) -> NDArray[np.float64]:
        if self.too_long:
            raise AudioError(Fault(self.where, f"is longer than {self._longest()}", "cut it into parts"))
        if self.start >= self.total or (self.end or 0) > self.total + round(OVERHANG_S * self.rate):
            asked = f"{self.part.offset_s:g} s"
            asked = asked if self.end is None else f"{self.part.offset_s:g}-{self.end / self.rate:g} s"
            length = f"the file is {self.total / self.rate:.3f} s long"
            raise AudioError(Fault(self.where, f"asked for {asked}, but {length}"))
        if (self.end or 0) > self.total + 1:
            self.remarks.add(Remark.CUT_AT_END)
        kept = self._kept[: self.frames]
        if not np.isfinite(np.sum(kept)):
            raise AudioError(Fault(self.where, "holds samples that are not finite numbers (NaN or infinity)"))
        return kept

    def _longest(self) -> str:
        if self.most < round(self.longest_s * self.rate):
            values = f", with {self.width} channels to choose from" if self.width > 1 else ""
            return f"{self.most / self.rate:.0f} s at {self.rate:,} Hz{values}"
        return f"{self.longest_s:g} s" if self.longest_s < 60 else f"{self.longest_s / 60:g} minutes"

    def heard(self) -> tuple[Signal, frozenset[Remark]]:
        """The wanted channel, and what the user should know about it.

        Raises:
            AudioError: It is too long, past the end, not numbers, or nobody says which channel is meant.
        """
        assert self.picked is not None
        self.picked.refuse(self.where)
        # The channels were compared while they were decoded, before they were brought to the scale of 1.0.
        samples, remarks = self.picked.heard(self._unscaled(), self.where)
        return self._scaled(samples), remarks | self.remarks


def fill(stretches: Sequence[Stretch], decoder: Decoder, where: str) -> frozenset[Remark]:
    """Decode a file to its real end, whatever its header says, unless every stretch is too long.

    Args:
        stretches: The wanted stretches.
        decoder: Decoder of the file.
        where: What to call it in errors.

    Returns:
        What the user should know about the file.

    Raises:
        AudioError: Rate, channels or length are out of bounds, or it is damaged.
    """
    refuse_header(decoder, where)
    position, peak = 0, 0.0
    if not all(stretch.too_long for stretch in stretches):
        for block in decoder.blocks():
            for stretch in stretches:
                stretch.take(block, position)
            position += len(block)
            peak = max(peak, float(np.max(np.abs(block)))) if decoder.floating else 0.0
            if all(stretch.too_long for stretch in stretches):
                break
        if position == 0:
            raise AudioError(Fault(where, "the file holds no samples"))
    factor, remarks = _scale(peak, where)
    for stretch in stretches:
        stretch.total, stretch.factor = position, factor
    low = {Remark.LOW_RATE} if decoder.sample_rate_hz < TELEPHONE_RATE_HZ else set()
    return decoder.remarks | remarks | low


def refuse_header(decoder: Decoder | Stated, where: str) -> None:
    """Refuse a file whose rate, channels or length are out of bounds, whatever it holds.

    Raises:
        AudioError: They are.
    """
    rate, channels = decoder.sample_rate_hz, decoder.channels
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        raise AudioError(Fault(where, f"declares {rate:,} Hz; {RATES_HZ[0]:,} to {RATES_HZ[1]:,} Hz are read"))
    if channels > MOST_CHANNELS:
        raise AudioError(Fault(where, f"has {channels} channels; at most {MOST_CHANNELS} are read"))
    if decoder.frames is not None and decoder.frames > LONGEST_RECORDING_S * rate:
        hours = f"{decoder.frames / rate / 3600:,.1f} hours; at most {LONGEST_RECORDING_S / 3600:g} are read"
        raise AudioError(Fault(where, f"lasts {hours}", "cut it into parts"))


def _scale(peak: float, where: str) -> tuple[float, frozenset[Remark]]:
    """Factor for floating-point samples with a given peak, and remarks about them."""
    if not peak > 1.0 or not np.isfinite(peak):
        return 1.0, frozenset()
    if peak <= FULL_SCALE_MOST:
        return 1.0, frozenset({Remark.ABOVE_FULL_SCALE})
    scale = next((scale for scale in INTEGER_SCALES if INTEGER_LEAST < peak <= scale), None)
    if scale is None:
        message = f"its floating-point samples reach {peak:g}: full scale is neither 1.0 nor that of integers"
        raise AudioError(Fault(where, message, "scale them to 1.0"))
    return 1 / scale, frozenset({Remark.INTEGER_SCALE})
