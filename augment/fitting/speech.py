"""Where somebody talks in a recording of a machine or a place.

Voices are told from machines by four things that no bundled profile and none of the real machines we have shares:

- the harmonics of one pitch rise out of what the recording typically holds (:mod:`augment.fitting.pitch`),
- for longer than an impact rings: voiced sounds of 0.15 s and more, a quarter of a second in a phrase,
- the pitch moves, as no alarm's does,
- and no sound comes back: a machine's bursts and an alarm's notes have the same spectrum each time, line by line, or
  at least the same pitch, where a voice has none for more than six tenths of the time.

Unvoiced sounds and short pauses within a phrase belong to it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.fitting.pitch import HOP, HOP_S, RATE_HZ, Pitched, bin_of
from augment.fitting.spans import Mask, filled, joined, padded, runs

VOICED_DB = 4.0
LEAST_FRAMES = 4
SAME_SOUND = 0.85
"""Correlation of excess spectra, above 200 Hz, from which on two sounds are the same. Of different vowels of one voice
it is below 0.77, of an alarm's notes above 0.94."""
OTHERS = 3
"""A sound that comes back this often is a machine's."""
SAME_STEPS, SAME_PITCH, OF_THAT_PITCH = 1, 0.7, 0.75
"""So many steps to both sides a pitch is the same; if so much of all sounds has it, those are a machine's that have it
for so much of their time."""
PHRASE_GAP_S = 0.5
PADDING_S = 0.25


@dataclass(frozen=True)
class Least:
    """What a phrase must have at least to count as speech.

    Attributes:
        voiced: Frames with a voice, in all.
        longest: Frames of the longest voiced sound.
        contrast_db: Mean contrast of its harmonics.
        move: By how many steps of 2 % the pitch moves within a sound, on average.
    """

    voiced: int
    longest: int
    contrast_db: float
    move: float


CLEAR = (Least(16, 11, 6.0, 1.5), Least(7, 6, 9.5, 1.5))
"""Either is enough: a few sounds, or a word that stands out. Dishes that ring have 10 frames at 6.3 dB."""
NEARBY = Least(6, 5, 5.0, 1.0)
"""Enough within a second of clear speech: somebody is talking there."""
NEARBY_S = 1.0
FAINT = Least(12, 7, 5.0, 0.0)
"""Voices in the background, where many talk at once."""


@dataclass(frozen=True)
class Phrase:
    """Voiced sounds that follow one another closely.

    Attributes:
        begin: First frame.
        end: Frame behind the last.
        voiced: How many of its frames are voiced.
        longest: Frames of its longest voiced sound.
        contrast_db: Mean contrast of its harmonics.
        move: By how many steps the pitch moves within a sound, on average over voiced frames.
    """

    begin: int
    end: int
    voiced: int
    longest: int
    contrast_db: float
    move: float

    def has(self, *enough: Least) -> bool:
        """Whether it has what one of several asks for."""
        return any(
            self.voiced >= least.voiced
            and self.longest >= least.longest
            and self.contrast_db >= least.contrast_db
            and self.move >= least.move
            for least in enough
        )


@dataclass(frozen=True)
class Speech:
    """Speech in a recording.

    Attributes:
        mask: Where somebody talks, shape (n,) at the recording's rate.
        share: Share of the time.
        over_rest_db: Level of the speech with its background over that of the rest, in 200-3000 Hz; 0 without either.
        contrast_db: Mean contrast of the harmonics of its voiced sounds; 0 without any.
        voices: Where there are voices, however faint, or what sounds like them, shape (n,).
    """

    mask: Mask
    share: float
    over_rest_db: float
    contrast_db: float
    voices: Mask


def speech_in(found: Pitched, size: int, sample_rate_hz: int) -> Speech:
    """Find speech in front of noise.

    Args:
        found: What rises above the typical sound of the recording.
        size: Its samples n.
        sample_rate_hz: Samples a second.

    Returns:
        Where there is speech; a quarter of a second is added at both ends of a phrase.

    Example:
        >>> from augment.fitting.pitch import pitched
        >>> hiss = 0.01 * np.random.default_rng(1).standard_normal(32000)
        >>> speech_in(pitched(hiss, 16000), hiss.size, 16000).share
        0.0
    """
    every = _phrases(found)
    spoken = [phrase for phrase in every if phrase.has(*CLEAR)]
    near = filled(_places(spoken) + np.array([-1, 1]) * round(NEARBY_S / HOP_S), found.steps.size)
    spoken += [p for p in every if p not in spoken and p.has(NEARBY) and near[p.begin : p.end].any()]
    frames = filled(_places(spoken), found.steps.size)
    faint = filled(_places([phrase for phrase in every if phrase.has(FAINT)]), found.steps.size)
    over = 0.0
    if frames.any() and not frames.all():
        inside, outside = float(np.mean(found.power[frames])), float(np.mean(found.power[~frames]))
        over = float(10 * np.log10(max(inside, 1e-20) / max(outside, 1e-20)))
    whole = joined(padded(frames, round(PADDING_S / HOP_S)), round(PADDING_S / HOP_S))
    mask = _at_rate(whole, size, sample_rate_hz)
    contrast = np.average([p.contrast_db for p in spoken], weights=[p.voiced for p in spoken]) if spoken else 0.0
    return Speech(mask, float(np.mean(mask)), over, float(contrast), mask | _at_rate(faint, size, sample_rate_hz))


def _places(phrases: list[Phrase]) -> NDArray[np.intp]:
    return np.array([(phrase.begin, phrase.end) for phrase in phrases], dtype=np.intp).reshape(-1, 2)


def _at_rate(frames: Mask, size: int, sample_rate_hz: int) -> Mask:
    """A mask of frames as one of samples: a frame stands for half a hop on both sides of its middle."""
    edges = (runs(frames) - 0.5) * HOP * sample_rate_hz / RATE_HZ
    return filled(np.rint(edges).astype(np.intp), size)


def _phrases(found: Pitched) -> list[Phrase]:
    """Voiced sounds that do not come back, those of a phrase together."""
    sounds = runs(found.contrast_db > VOICED_DB)
    sounds = sounds[sounds[:, 1] - sounds[:, 0] >= LEAST_FRAMES]
    sounds = sounds[~(_recurring(found, sounds) | _of_one_pitch(found, sounds))]
    phrases: list[list[NDArray[np.intp]]] = []
    for sound in sounds:
        if phrases and sound[0] - phrases[-1][-1][1] <= PHRASE_GAP_S / HOP_S:
            phrases[-1].append(sound)
        else:
            phrases.append([sound])
    return [_phrase(found, members) for members in phrases]


def _phrase(found: Pitched, sounds: list[NDArray[np.intp]]) -> Phrase:
    lengths = np.array([end - begin for begin, end in sounds])
    moves = np.array([np.ptp(found.steps[begin:end]) for begin, end in sounds])
    contrast = np.concatenate([found.contrast_db[begin:end] for begin, end in sounds])
    return Phrase(
        begin=int(sounds[0][0]),
        end=int(sounds[-1][1]),
        voiced=int(np.sum(lengths)),
        longest=int(np.max(lengths)),
        contrast_db=float(np.mean(contrast)),
        move=float(np.average(moves, weights=lengths)),
    )


def _recurring(found: Pitched, sounds: NDArray[np.intp]) -> Mask:
    """Which sounds come back at least three times with the same spectrum, shape (sounds,)."""
    if len(sounds) <= OTHERS:
        return np.zeros(len(sounds), dtype=np.bool_)
    lengths = sounds[:, 1] - sounds[:, 0]
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    spectra = np.concatenate([found.excess_db[begin:end] for begin, end in sounds])
    spectra = spectra[:, bin_of(200) : bin_of(3300)].astype(np.float32)
    spectra = spectra - np.mean(spectra, axis=1, keepdims=True)
    spectra /= np.sqrt(np.sum(spectra * spectra, axis=1, keepdims=True)) + 1e-9
    recurring = np.zeros(len(sounds), dtype=np.bool_)
    for index, (begin, length) in enumerate(zip(begins, lengths, strict=True)):
        # For each frame of the sound, how much the most similar frame of each other sound is like it.
        alike = np.maximum.reduceat(spectra[begin : begin + length] @ spectra.T, begins, axis=1)
        alike[:, index] = -1.0
        third = np.sort(alike, axis=1)[:, -OTHERS]
        recurring[index] = np.median(third) >= SAME_SOUND
    return recurring


def _of_one_pitch(found: Pitched, sounds: NDArray[np.intp]) -> Mask:
    """Which sounds have the pitch that most of them have, if there is such a one, shape (sounds,)."""
    if len(sounds) <= OTHERS:
        return np.zeros(len(sounds), dtype=np.bool_)
    steps = [found.steps[begin:end] for begin, end in sounds]
    every = np.concatenate(steps)
    near = [np.abs(every - step) <= SAME_STEPS for step in np.unique(every)]
    most = int(np.argmax([np.count_nonzero(one) for one in near]))
    if np.mean(near[most]) < SAME_PITCH:
        return np.zeros(len(sounds), dtype=np.bool_)
    pitch = np.unique(every)[most]
    return np.array([np.mean(np.abs(one - pitch) <= SAME_STEPS) >= OF_THAT_PITCH for one in steps])
