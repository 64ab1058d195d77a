"""The scene: speech and noises at one point of the signal chain."""

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.filters import convolve
from augment.acoustics.levels import db, gain, speech_level
from augment.acoustics.spectrum import weigh, weighted_power
from augment.errors import RenderError
from augment.scene.stems import A_WEIGHTED, FULL_BAND, Alone, Memo, NoiseRequest, Room, SnrDefinition, Stem

SILENT_DBOV = -120.0
LEAST_IN_BAND_DB = 30.0


@dataclass(frozen=True)
class Scene:
    """Speech and noises at one point of the signal chain. Immutable.

    While the chain is linear the stems stay apart. The first non-linear step mixes them: from there on the mixture
    goes on alone, and the stems stay as they were.

    Attributes:
        speech: The speech stem.
        noises: The noise stems.
        sample_rate_hz: Samples a second.
        snr: What SNR means in this test set.
        full_scale_dbspl: Sound pressure level at the microphone of a signal of 0 dBov; None where the recipe does not
            say how loud the speech is.
        talker_distance_m: From the talker to the microphone, where it is known.
        room: The room that sources stand in; None for the free field.
        mixture_stem: The mixture, after the first non-linear step.
        alone: The speech alone on its way through the steps behind the mixture.
        columns: What steps recorded for the manifest, in the order of the steps.
        memo: Results shared by the conditions of the utterance.
    """

    speech: Stem
    noises: tuple[Stem, ...]
    sample_rate_hz: int
    snr: SnrDefinition
    full_scale_dbspl: float | None = None
    talker_distance_m: float | None = None
    room: Room | None = None
    mixture_stem: Stem | None = None
    alone: Alone | None = None
    columns: tuple[tuple[str, Any], ...] = ()
    memo: Memo = field(default_factory=Memo, repr=False, compare=False)

    @property
    def mixed(self) -> Signal | None:
        """The mixture, shape (n,); None while the stems are apart."""
        return None if self.mixture_stem is None else self.mixture_stem.signal()

    def speech_level_db(self, definition: SnrDefinition) -> float:
        """P.56 active level of the speech in dBov, as seen through a definition; ``-inf`` where none is found."""
        stem, rate = self.speech, self.sample_rate_hz

        def measure() -> float:
            seen = weigh(stem.signal(), rate, definition.band_hz, definition.a_weighted)
            return speech_level(seen, rate).active_level_dbov

        return self.memo.once(("speech level", stem.history, stem.gain, definition), measure)

    def noise_level_db(self, stem: Stem, definition: SnrDefinition) -> float:
        """RMS level of a noise in dBov, over its active part, as seen through a definition."""

        def measure() -> float:
            seen = (definition.band_hz, definition.a_weighted)
            return db(weighted_power(stem.samples, self.sample_rate_hz, *seen, active=stem.active))

        return self.memo.once(("noise level", stem.history, definition), measure) + db(stem.gain**2)

    def snr_db(self, definition: SnrDefinition) -> float | None:
        """SNR against all noises together, from the powers of their active parts; None without noise."""
        if not self.noises:
            return None
        together = sum(10 ** (self.noise_level_db(stem, definition) / 10) for stem in self.noises)
        return self.speech_level_db(definition) - db(together)

    def with_noise(
        self,
        samples: Signal,
        request: NoiseRequest,
        history: tuple[Hashable, ...],
        active: NDArray[np.bool_] | None = None,
        gain_db: float | None = None,
    ) -> "Scene":
        """The scene with one more noise, at its requested SNR or at a level of its own.

        Args:
            samples: Noise of the length of the speech.
            request: SNR and source.
            history: How the samples came about.
            active: Where the noise is on.
            gain_db: For the samples, where the request has no SNR.

        Raises:
            RenderError: The noise or the speech has no power in the band in which the SNR is defined.
        """
        stem = Stem(samples, 1.0, history, active, request)
        if gain_db is not None:
            stem = replace(stem, gain=gain(gain_db))
        else:
            stem = replace(stem, gain=gain(self._gain_for_snr_db(stem, request)))
        scene = replace(self, noises=(*self.noises, replace(stem, measured=self._measured(stem))))
        mixed = self.mixture_stem
        if mixed is None:
            return scene
        joined = (*mixed.history, mixed.gain, "plus", stem.history, stem.gain)
        assert self.alone is not None, "a mixture has a speech that went into it"
        after = self.alone.through("plus", lambda speech: speech, mixed.gain)
        return replace(scene, mixture_stem=Stem(mixed.signal() + stem.signal(), 1.0, joined), alone=after)

    def _gain_for_snr_db(self, stem: Stem, request: NoiseRequest) -> float:
        # Behind a step that is not linear the speech stem is what it was before it.
        speech = self.speech_level_db(self.snr) if self.mixture_stem is None else self.alone_level_db(self.snr)
        noise = self.noise_level_db(stem, self.snr)
        band = f"{self.snr.band_hz[0]:g}-{self.snr.band_hz[1]:g} Hz" if self.snr.band_hz else "the whole band"
        if speech == -math.inf:
            raise RenderError(f"step {request.step}: no active speech is found in {band}")
        whole = self.noise_level_db(stem, FULL_BAND)
        if whole < SILENT_DBOV:
            raise RenderError(f"step {request.step}: this stretch of the noise '{request.source}' is silent")
        if noise < whole - LEAST_IN_BAND_DB:
            share = f"less than {100 * 10 ** (-LEAST_IN_BAND_DB / 10):g} % of its power lies in {band}"
            advice = "what is heard would not be the label's noise; choose another snr.band_hz"
            raise RenderError(f"step {request.step}: the noise '{request.source}': {share}, {advice}")
        assert request.snr_db is not None, "a noise has an SNR or a level"
        return speech - noise - request.snr_db

    def _measured(self, stem: Stem) -> dict[str, float | None]:
        """What is said of a noise where it comes in: it may be filtered later."""
        alone = replace(self, noises=(stem,))
        peak = db(float(np.max(np.abs(stem.samples), initial=0.0)) ** 2) + db(stem.gain**2)
        heard, heard_db = self.noise_level_db(stem, A_WEIGHTED), self.noise_level_db(stem, self.snr)
        scale = self.full_scale_dbspl if stem.request is not None and stem.request.acoustic else None
        return {
            "snr_db": alone.snr_db(self.snr) if self.mixture_stem is None else self.alone_level_db(self.snr) - heard_db,
            "level_dba": None if scale is None else heard + scale,
            "active_share": 1.0 if stem.active is None else float(stem.active.mean()),
            "crest_db": peak - self.noise_level_db(stem, FULL_BAND),
        }

    def with_device_noise(
        self, samples: Signal, step: str, source: str, history: tuple[Hashable, ...], gain_db: float
    ) -> "Scene":
        """The scene with noise of the device itself.

        Args:
            samples: Noise of the length of the speech.
            step: Name of the step within its condition.
            source: What it is.
            history: How the samples came about.
            gain_db: For the samples.
        """
        return self.with_noise(samples, NoiseRequest(step, source, level_by="device"), history, gain_db=gain_db)

    def filtered(self, name: Hashable, taps: NDArray[np.float64], advance_samples: int) -> "Scene":
        """The scene after a linear filter that everything passes.

        Args:
            name: Stands for the filter in the histories of the stems.
            taps: Impulse response, shape (k,).
            advance_samples: Delay to take out.
        """

        def through(stem: Stem) -> Stem:
            history = (*stem.history, name)
            samples = self.memo.once(history, lambda: convolve(stem.samples, taps, advance_samples))
            return replace(stem, samples=samples, history=history)

        if self.mixture_stem is not None:
            return self.processed(name, lambda mixture: convolve(mixture, taps, advance_samples), True)
        return replace(self, speech=through(self.speech), noises=tuple(through(stem) for stem in self.noises))

    def reverberated(
        self,
        name: Hashable,
        taps: NDArray[np.float64],
        room: Room,
        distance_m: float | None = None,
        advance_samples: int = 0,
    ) -> "Scene":
        """The scene in a room: the speech through its impulse response, and a path for the noises that follow.

        Args:
            name: Stands for the response.
            taps: Impulse response from the talker to the microphone, shape (k,).
            room: The room.
            distance_m: From the talker to the microphone, where it is known. It takes the place of the recipe's.
            advance_samples: Place of the direct sound in the taps, which is taken out.
        """
        history = (*self.speech.history, name)
        samples = self.memo.once(history, lambda: convolve(self.speech.samples, taps, advance_samples))
        scale = self.full_scale_dbspl
        if scale is not None and self.talker_distance_m is not None:
            # Taps that keep the decay begin at 1 m; others at the talker, wherever that is.
            from_m = 1.0 if room.absolute else (distance_m or self.talker_distance_m)
            scale += 20 * math.log10(self.talker_distance_m / from_m)
        return replace(
            self,
            speech=replace(self.speech, samples=samples, history=history),
            room=room,
            full_scale_dbspl=scale,
            talker_distance_m=distance_m or self.talker_distance_m,
        )

    def scaled(self, factor: float) -> "Scene":
        """The scene with every stem louder or softer by one factor; sound pressure levels stay what they are."""

        def louder(stem: Stem) -> Stem:
            return replace(stem, gain=stem.gain * factor)

        scale = None if self.full_scale_dbspl is None else self.full_scale_dbspl - db(factor**2)
        return replace(
            self,
            speech=louder(self.speech),
            noises=tuple(louder(stem) for stem in self.noises),
            mixture_stem=None if self.mixture_stem is None else louder(self.mixture_stem),
            full_scale_dbspl=scale,
        )

    def mixed_down(self) -> "Scene":
        """The scene with its stems mixed. Peaks may exceed full scale: codecs and files look after that themselves."""
        stems = (self.speech, *self.noises)
        history = ("mixture", tuple((stem.history, stem.gain) for stem in stems))
        alone = Alone(self.speech, len(self.noises))
        return replace(self, mixture_stem=Stem(self.mixture(), 1.0, history), alone=alone)

    def apart(self) -> "Scene":
        """The scene where its stems were apart for the last time: without the noises that came in behind."""
        if self.alone is None:
            return self
        return replace(self, noises=self.noises[: self.alone.noises], mixture_stem=None, alone=None)

    def processed(
        self, name: Hashable, process: Callable[[Signal], Signal], keep_speech_level: bool = False
    ) -> "Scene":
        """The scene after a step that meets the mixture.

        Args:
            name: Stands for the step: equal names, equal results.
            process: From the mixture to what follows, both of shape (n,).
            keep_speech_level: Bring the result to the level at which the speech alone would come out as it went in: a
                step that colours would otherwise make some voices softer than others.
        """
        stem, alone = self.mixture_stem, self.alone
        assert stem is not None, "the renderer mixes the stems before a step that is not linear"
        assert alone is not None, "a mixture has a speech that went into it"
        history = (*stem.history, stem.gain, name)
        samples = self.memo.once(history, lambda: process(stem.signal()))
        after, factor = alone.through(name, process, stem.gain), 1.0
        if keep_speech_level:
            before_db = self.speech_alone_dbov()
            after_db = speech_level(after.signal(self.memo), self.sample_rate_hz).active_level_dbov
            factor = gain(before_db - after_db) if math.isfinite(before_db - after_db) else 1.0
        return replace(self, mixture_stem=Stem(samples, factor, history), alone=after)

    def speech_alone_dbov(self) -> float:
        """Active level of the speech as it would be here without any noise: through all steps so far."""
        alone, stem = self.alone, self.mixture_stem
        if alone is None or stem is None:
            return self.speech_level_db(FULL_BAND)
        return self.alone_level_db(FULL_BAND)

    def alone_level_db(self, definition: SnrDefinition) -> float:
        """The same as seen through a definition."""
        alone, stem, rate = self.alone, self.mixture_stem, self.sample_rate_hz
        assert alone is not None and stem is not None, "the stems are apart"  # noqa: PT018

        def measure() -> float:
            seen = weigh(alone.signal(self.memo), rate, definition.band_hz, definition.a_weighted)
            return speech_level(seen * stem.gain, rate).active_level_dbov

        return self.memo.once(("alone level", alone.names(), stem.gain, definition), measure)

    def noted(self, **columns: Any) -> "Scene":
        """The scene with values for the manifest."""
        return replace(self, columns=(*self.columns, *columns.items()))

    def noted_values(self) -> Mapping[str, Any]:
        """Recorded values by column; of two steps with the same column the second one has a number."""
        found: dict[str, Any] = {}
        for name, value in self.columns:
            number = 1
            while numbered(name, number) in found:
                number += 1
            found[numbered(name, number)] = value
        return found

    def mixture(self) -> Signal:
        """What is heard: the mixture, or the sum of all stems, shape (n,)."""
        if self.mixture_stem is not None:
            return self.mixture_stem.signal()
        total = self.speech.signal()
        for stem in self.noises:
            total = total + stem.signal()
        return total


def numbered(column: str, number: int) -> str:
    """Name of a column for the first, second ... step that fills it.

    Example:
        >>> numbered("codec_delay_samples", 1), numbered("codec_delay_samples", 2)
        ('codec_delay_samples', 'codec2_delay_samples')
    """
    first, _, rest = column.partition("_")
    return column if number == 1 else f"{first}{number}_{rest}" if rest else f"{first}{number}"
