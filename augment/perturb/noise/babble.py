"""Voices of other speakers."""

import math
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from augment.acoustics import Signal
from augment.acoustics.levels import speech_activity, speech_gain
from augment.dealt.babble import Babble, Talkers, Voice
from augment.perturb.noise_step import Noise, NoiseStep
from augment.perturb.words import NO_TITLES, Titles
from augment.profiles.components import Sound
from augment.scene import Draw, Scene

TALKER_DBOV = -26.0  # the same for all; the step's own level follows
PLACES = 4
FADE_S = 0.005


class BabbleNoise(NoiseStep):
    """Talkers of the corpus itself behind the speech, at a given SNR or level.

    Models people talking at the same time: other speakers than those of the block, with other texts, all at the same
    active level, each starting at a point of an utterance where they speak. While all of them pause, the noise does not
    count. In a room they are in up to four places. Not modelled: that people take turns, and raise their voices.

    In a recipe::

        {kind: babble, talkers: 4, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem.
    Random: where in an utterance each talker starts; the planner deals the talkers to the block.
    Reference: levels of talkers after ITU-T P.56; SNR in the recipe's band.
    """

    kind: Literal["babble"]
    limits: ClassVar = ("Babble: read speech of the corpus; nobody takes turns, answers or raises their voice.",)
    talkers: Annotated[int, Field(ge=1, le=128, description="how many talk at the same time")] = 8

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return f"babble of {self.talkers} voices"

    def asks(self) -> Talkers:
        return Talkers("talkers", self.talkers)

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """All talkers; in a room, spread over up to four places."""
        babble, rate = draw.given(Babble), scene.sample_rate_hz
        names = [f"{draw.step} place {number}" for number in range(min(PLACES, self.talkers))]
        ways = [] if scene.room is None else [scene.room.noise_response(name, None) for name in names]
        paths = tuple(way for way in ways if way is not None)
        return Noise(
            f"babble of {self.talkers}",
            lambda samples, lead: _talk(babble, draw, samples, lead, rate, len(paths) or 1),
            paths=paths,
            told={
                "talkers": len(babble.talkers),
                "talker_ids": ";".join(voice.utterance for talker in babble.talkers for voice in talker),
                "segment": f"{draw.step} of block {draw.block.number}",
            },
        )


def _talk(babble: Babble, draw: Draw, samples: int, lead: int, sample_rate_hz: int, places: int) -> Sound:
    """The voices at each place, shape (places, lead + samples), and where anybody speaks, (lead + samples,)."""
    said, active = np.zeros((places, lead + samples)), np.zeros(lead + samples, dtype=np.bool_)
    for number, voices in enumerate(babble.talkers):
        words = np.concatenate([_levelled(voice, draw, sample_rate_hz) for voice in voices])
        speaks = speech_activity(words, sample_rate_hz, TALKER_DBOV)
        start = draw.stream(f"start {number}").choice(np.flatnonzero(speaks))  # never in a pause
        at = np.arange(start - lead, start + samples)
        said[number % places] += np.take(words, at, mode="wrap")
        active |= np.take(speaks, at, mode="wrap")
    # Powers of different voices add: divided by the root of their number, all together are as loud as one.
    return said / math.sqrt(len(babble.talkers)), active


def _levelled(voice: Voice, draw: Draw, sample_rate_hz: int) -> Signal:
    """An utterance at the level that all talkers have, faded in and out."""

    def load() -> Signal:
        place = (voice.audio, voice.offset_s, voice.duration_s, voice.sha256)
        samples = draw.library.voice(*place, sample_rate_hz, voice.channel)
        fade = min(round(FADE_S * sample_rate_hz), samples.size // 2)
        rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
        samples = samples * speech_gain(samples, sample_rate_hz, TALKER_DBOV)
        samples[:fade] *= rise
        samples[samples.size - fade :] *= rise[::-1]
        return samples

    return draw.library.few(("voice", voice.sha256, voice.offset_s, voice.duration_s, sample_rate_hz), load)
