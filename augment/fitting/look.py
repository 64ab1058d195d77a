"""Everything that is found in one stretch of a recording, before it is decided what of it may be used."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.filters import without_infrasound
from augment.fitting.flaws import Gate, clipped, gate, known_to_hz, step_of, stillness
from augment.fitting.handling import knocking
from augment.fitting.music import Notes, notes_in
from augment.fitting.pitch import pitched
from augment.fitting.spans import Mask, joined, runs
from augment.fitting.speech import Speech, speech_in

SLIVER_S = 0.05
"""A shorter stretch between two that are left out is left out with them."""
HARDLY_OVER_DB = 4.0
"""Voices that rise less over the rest are no talker's in front of the noise: they are the noise."""
BLURRED_DB = 8.0
"""Harmonics of one voice among many, or behind many, stand out less than this; those of one or two stand out more."""
VOICES_SHARE, FAINT_SHARE = 0.15, 0.25
VOICES_PIECE_S = 5.0
VOICES_PIECES = 0.5


class Why(StrEnum):
    """Why a stretch is left out."""

    SPEECH = "speech"
    HANDLING = "knocks on the recorder"
    CLIPPED = "clipping"
    SILENT = "digital silence"
    GATED = "a noise suppressor that lets nothing through"


@dataclass(frozen=True)
class LeftOut:
    """A stretch that is left out.

    Attributes:
        begin_s: Where it begins, in s from the beginning of the recording.
        end_s: Where it ends.
        why: Why; if there are several reasons, that of most of it.
    """

    begin_s: float
    end_s: float
    why: Why


@dataclass(frozen=True, eq=False)
class Look:
    """What is found in one stretch of one channel.

    Attributes:
        samples: Without mean and infrasound, shape (n,).
        sample_rate_hz: Samples a second.
        mean: What was taken away, full scale 1.0.
        step: Step of the converter; None if there is none.
        to_hz: Frequency up to which it says anything.
        clipped: Where it is clipped, shape (n,).
        silent: Where the sound is missing, shape (n,).
        between: Digital silence into which the sound fades, shape (n,).
        gate: A noise suppressor, if there is one.
        speech: Where somebody talks.
        notes: Held notes, if it is music.
        handling: Where the recorder is knocked on, shape (n,).
        doubtful: Where that may be, or it is the machine, shape (n,).
    """

    samples: Signal
    sample_rate_hz: int
    mean: float
    step: float | None
    to_hz: float
    clipped: Mask
    silent: Mask
    between: Mask
    gate: Gate | None
    speech: Speech
    notes: Notes
    handling: Mask
    doubtful: Mask

    @cached_property
    def voices_all_through(self) -> bool:
        """Whether voices are part of the noise: they are all over the recording, and hardly rise over the rest."""
        count = max(1, round(self.samples.size / self.sample_rate_hz / VOICES_PIECE_S))
        pieces = np.array_split(self.speech.voices, count)
        spread = float(np.mean([piece.any() for piece in pieces]))
        share, faint = self.speech.share, float(np.mean(self.speech.voices))
        everywhere = (share > VOICES_SHARE or faint > FAINT_SHARE) and spread >= VOICES_PIECES
        many = self.speech.over_rest_db < HARDLY_OVER_DB and self.speech.contrast_db < BLURRED_DB
        return everywhere and many

    @cached_property
    def reasons(self) -> dict[Why, Mask]:
        """What is left out, by reason."""
        nothing = np.zeros(self.samples.size, dtype=np.bool_)
        return {
            Why.SPEECH: nothing if self.voices_all_through or self.notes.musical else self.speech.mask,
            Why.HANDLING: self.handling,
            Why.CLIPPED: self.clipped,
            Why.SILENT: self.silent,
            Why.GATED: self.gate.closed if self.gate is not None and self.gate.sure else nothing,
        }

    @cached_property
    def usable(self) -> Mask:
        """What may be used, shape (n,)."""
        left_out = np.logical_or.reduce(list(self.reasons.values()))
        return ~joined(left_out, round(SLIVER_S * self.sample_rate_hz))

    @property
    def usable_s(self) -> float:
        """How long that is in all, in s."""
        return float(np.count_nonzero(self.usable)) / self.sample_rate_hz

    @property
    def longest_usable_s(self) -> float:
        """How long its longest stretch is, in s."""
        found = runs(self.usable)
        return float(np.max(found[:, 1] - found[:, 0])) / self.sample_rate_hz if len(found) else 0.0

    def left_out(self, begin_s: float) -> tuple[LeftOut, ...]:
        """What is not usable, in order of time; ``begin_s`` is where this stretch begins in the recording."""
        found = []
        for begin, end in runs(~self.usable):
            why = max(self.reasons, key=lambda reason: int(np.count_nonzero(self.reasons[reason][begin:end])))
            found.append(LeftOut(begin_s + begin / self.sample_rate_hz, begin_s + end / self.sample_rate_hz, why))
        return tuple(found)


def look(signal: Signal, sample_rate_hz: int) -> Look:
    """Look at a stretch of one channel.

    Args:
        signal: As in the file, shape (n,), full scale 1.0.
        sample_rate_hz: Samples a second.

    Example:
        >>> noise = 0.01 * np.random.default_rng(1).standard_normal(32000)
        >>> look(noise, 16000).usable_s
        2.0
    """
    mean = float(np.mean(signal))
    sound = without_infrasound(signal, sample_rate_hz)
    flat = clipped(signal, sample_rate_hz)
    still = stillness(signal, sample_rate_hz)
    risen = pitched(sound, sample_rate_hz)
    blows = knocking(sound, sample_rate_hz, flat)
    return Look(
        samples=sound,
        sample_rate_hz=sample_rate_hz,
        mean=mean,
        step=step_of(signal),
        to_hz=known_to_hz(sound, sample_rate_hz),
        clipped=flat & ~blows.left_out,
        silent=still.left_out,
        between=still.between,
        gate=gate(sound, sample_rate_hz),
        speech=speech_in(risen, sound.size, sample_rate_hz),
        notes=notes_in(risen),
        handling=blows.left_out,
        doubtful=blows.doubtful,
    )
