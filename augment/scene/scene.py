"""The scene: speech and noises at one point of the signal chain."""

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.convolution import ImpulseResponse, convolve
from augment.acoustics.levels import db, gain
from augment.acoustics.loudness import gated_loudness_lufs
from augment.acoustics.mixing import mixed
from augment.acoustics.spectrum import Weighting
from augment.columns import numbered
from augment.errors import RenderError
from augment.scene.stems import Alone, NoiseRequest, Room, Stem
from augment.scene.track import A_WEIGHTED, FULL_BAND, Shelf, Track, mean_products

WHOLE = slice(None)
SILENT_DBOV = -120.0
LEAST_IN_BAND_DB = 30.0
"""How far the power of a noise in the band of the SNR may lie below its whole power: a thousandth of it."""


@dataclass(frozen=True)
class Scene:
    """Speech and noises at one point of the signal chain. Immutable.

    While the chain is linear, f(speech + noise) = f(speech) + f(noise), and the stems are kept apart. The first
    non-linear step needs their sum: from there on only the mixture is processed, and the stems stay as they were.

    Attributes:
        speech: The speech stem.
        noises: The noise stems.
        sample_rate_hz: Samples a second.
        snr: Weighting under which SNR is defined in this test set.
        full_scale_dbspl: Sound pressure level at the microphone of a signal of 0 dBov; None if the recipe does not say
            how loud the speech is.
        talker_distance_m: From the talker to the microphone, if known.
        room: The room that the sources are in; None for the free field.
        mixture_stem: The mixture, from the first non-linear step on.
        alone: The speech alone on its way through the steps after mixing.
        columns: What steps recorded for the manifest, in the order of the steps.
    """

    speech: Stem
    noises: tuple[Stem, ...]
    sample_rate_hz: int
    snr: Weighting
    full_scale_dbspl: float | None = None
    talker_distance_m: float | None = None
    room: Room | None = None
    mixture_stem: Stem | None = None
    alone: Alone | None = None
    columns: tuple[tuple[str, Any], ...] = ()

    @property
    def samples(self) -> int:
        return self.speech.track.samples.size

    @property
    def shelf(self) -> Shelf:
        """Cache of sounds that the conditions of this utterance share."""
        return self.speech.track.shelf

    def speech_level_db(self, definition: Weighting) -> float:
        """P.56 active level of the speech in dBov under a weighting; ``-inf`` if no speech is found."""
        return self.speech.speech_level_dbov(definition)

    def snr_db(self, definition: Weighting) -> float | None:
        """SNR in dB against all noises together, each by the mean power of its active parts; None without noise."""
        return self.speech_level_db(definition) - db(self.noise_power(definition)) if self.noises else None

    def noise_power(self, definition: Weighting) -> float:
        """Power of all noises together under a weighting.

        The power of a sum is that of its parts and twice their mean products. These are small where nothing ties
        noises to one another, but two machines hum on one mains, and a recording may be heard twice: 3 dB more than the
        sum of two powers, or silence. Noises that are not always on count by the time in which they are.
        """
        products = mean_products([stem.track for stem in self.noises], definition)
        pairs = zip(combinations(self.noises, 2), products, strict=True)
        crossed = sum(2 * one.gain * other.gain * product for (one, other), product in pairs)
        # What cancels leaves rounding, on either side of 0.
        return max(sum(stem.power(definition) for stem in self.noises) + crossed, 0.0)

    def with_noise(self, track: Track, request: NoiseRequest, gain_db: float | None = None) -> "Scene":
        """The scene with one more noise, at its requested SNR or at a level of its own.

        Args:
            track: Noise, as long as the speech.
            request: SNR and source.
            gain_db: Gain of the track, if the request has no SNR.

        Raises:
            RenderError: The noise or the speech has no power in the band in which SNR is defined.
        """
        wanted_db = self._gain_for_snr_db(track, request) if gain_db is None else gain_db
        stem = Stem(track, gain(wanted_db), request)
        scene = replace(self, noises=(*self.noises, replace(stem, measured=self._measured(stem))))
        mixed = self.mixture_stem
        if mixed is None:
            return scene
        assert self.alone is not None, "a mixture has a speech that went into it"
        after = self.alone.through("plus", lambda speech: speech, mixed.gain)
        joined = Track(mixed.signal() + stem.signal(), self.sample_rate_hz, self.shelf)
        return replace(scene, mixture_stem=Stem(joined), alone=after)

    def _gain_for_snr_db(self, track: Track, request: NoiseRequest) -> float:
        # After a non-linear step the speech stem is still what it was before it: the speech alone, taken through the
        # steps since, has the level that the noise must be set against.
        speech = self.speech_level_db(self.snr) if self.mixture_stem is None else self.alone_level_db(self.snr)
        noise, whole = db(track.power(self.snr)), db(track.power(FULL_BAND))
        band = f"{self.snr.band_hz[0]:g}-{self.snr.band_hz[1]:g} Hz" if self.snr.band_hz else "the whole band"
        if speech == -math.inf:
            raise RenderError(f"step {request.step}: no active speech is found in {band}")
        if whole < SILENT_DBOV:
            raise RenderError(f"step {request.step}: this stretch of the noise '{request.source}' is silent")
        if noise < whole - LEAST_IN_BAND_DB:
            share = f"less than {100 * 10 ** (-LEAST_IN_BAND_DB / 10):g} % of its power lies in {band}"
            advice = "so its SNR would not tell how loud it sounds; choose another snr.band_hz"
            raise RenderError(f"step {request.step}: the noise '{request.source}': {share}, {advice}")
        assert request.snr_db is not None, "a noise has an SNR or a level"
        return speech - noise - request.snr_db

    def _measured(self, stem: Stem) -> dict[str, float | None]:
        """What the manifest says of a noise, measured where it is added: it may be filtered later."""
        seen_db, heard_db, whole_db = (db(stem.power(seen)) for seen in (self.snr, A_WEIGHTED, FULL_BAND))
        speech_db = self.speech_level_db(self.snr) if self.mixture_stem is None else self.alone_level_db(self.snr)
        scale = self.full_scale_dbspl if stem.request is not None and stem.request.acoustic else None
        return {
            "snr_db": speech_db - seen_db,
            "level_dba": None if scale is None else heard_db + scale,
            "active_share": 1.0 if stem.active is None else float(stem.active.mean()),
            # Crest factor: peak over RMS.
            "crest_db": db((stem.track.peak() * stem.gain) ** 2) - whole_db,
        }

    def with_device_noise(self, track: Track, step: str, source: str, gain_db: float) -> "Scene":
        """The scene with noise of the device itself.

        Args:
            track: Noise, as long as the speech.
            step: Name of the step within its condition.
            source: What the manifest calls it.
            gain_db: Gain of the track.
        """
        return self.with_noise(track, NoiseRequest(step, source, level_by="device"), gain_db)

    def filtered(self, response: ImpulseResponse) -> "Scene":
        """The scene after a linear filter on all that the microphone picked up."""
        if self.mixture_stem is not None:
            taps, advance = response.taps, response.advance_samples
            after = self.processed(response, lambda mixture: convolve(mixture, taps, advance), True)
            assert after.mixture_stem is not None, "what is mixed stays so"
            # The filter leaves the scale of sound pressures as it is; the gain that makes up for it does not.
            return after._standing_for(after.mixture_stem.gain)
        noises = tuple(stem.through(response) for stem in self.noises)
        return replace(self, speech=self.speech.through(response), noises=noises)

    def reverberated(self, response: ImpulseResponse, room: Room, distance_m: float | None = None) -> "Scene":
        """The scene in a room: the speech convolved with its impulse response, and paths for noises still to come.

        Args:
            response: From the talker to the microphone.
            room: The room.
            distance_m: From the talker to the microphone, if known; it replaces that of the recipe.
        """
        scale = self.full_scale_dbspl
        if scale is not None and self.talker_distance_m is not None:
            # So far the scale is that of speech at the recipe's distance d in the free field, 20 lg(d) dB below its
            # level at 1 m. Responses that keep the decay with distance turn the speech at 1 m into that at the
            # microphone, so their scale is that at 1 m. Others have a direct sound of 1 at the room's own distance.
            from_m = 1.0 if room.absolute else (distance_m or self.talker_distance_m)
            scale += 20 * math.log10(self.talker_distance_m / from_m)
        return replace(
            self,
            speech=self.speech.through(response),
            room=room,
            full_scale_dbspl=scale,
            talker_distance_m=distance_m or self.talker_distance_m,
        )

    def scaled(self, factor: float) -> "Scene":
        """The scene with every stem times one factor, or with its mixture, where stems stay what went into it.

        Sound pressure levels stay what they are: full scale stands for 20 lg(factor) dB less.
        """
        if self.mixture_stem is not None:
            return replace(self, mixture_stem=self.mixture_stem.scaled(factor))._standing_for(factor)
        noises = tuple(stem.scaled(factor) for stem in self.noises)
        return replace(self, speech=self.speech.scaled(factor), noises=noises)._standing_for(factor)

    def _standing_for(self, factor: float) -> "Scene":
        """The scene with the scale of sound pressures that it has after a gain."""
        scale = self.full_scale_dbspl
        return self if scale is None else replace(self, full_scale_dbspl=scale - db(factor**2))

    def mixed_down(self) -> "Scene":
        """The scene with its stems mixed. Peaks may exceed full scale: codecs and files see to that themselves."""
        stems = (self.speech, *self.noises)
        name = ("mixture", *((stem.track, stem.gain) for stem in stems))
        track = self.shelf.once(name, lambda: Track(self.mixture(), self.sample_rate_hz, self.shelf))
        return replace(self, mixture_stem=Stem(track), alone=Alone(self.speech, len(self.noises)))

    def apart(self) -> "Scene":
        """The scene just before its stems were mixed, without noises added since; itself if they never were."""
        if self.alone is None:
            return self
        return replace(self, noises=self.noises[: self.alone.noises], mixture_stem=None, alone=None)

    def processed(
        self, name: Hashable, process: Callable[[Signal], Signal], keep_speech_level: bool = False
    ) -> "Scene":
        """The scene after a step that processes the mixture.

        Args:
            name: Identifies the step with its settings: equal names, equal results.
            process: Maps the mixture to the result, both of shape (n,).
            keep_speech_level: Apply the gain that leaves the level of the speech alone unchanged: a step that shapes
                the spectrum would otherwise make some voices softer than others.
        """
        stem, alone = self.mixture_stem, self.alone
        assert stem is not None, "the renderer mixes the stems before a step that is not linear"
        assert alone is not None, "a mixture has a speech that went into it"
        track = stem.track.processed(name, process, stem.gain)
        after, factor = alone.through(name, process, stem.gain), 1.0
        if keep_speech_level:
            before_db, after_db = self.speech_alone_dbov(), after.level_dbov(FULL_BAND, 1.0)
            factor = gain(before_db - after_db) if math.isfinite(before_db - after_db) else 1.0
        return replace(self, mixture_stem=Stem(track, factor), alone=after)

    def speech_alone_dbov(self) -> float:
        """Active level that the speech would have here without any noise, in dBov."""
        alone, stem = self.alone, self.mixture_stem
        if alone is None or stem is None:
            return self.speech_level_db(FULL_BAND)
        return self.alone_level_db(FULL_BAND)

    def alone_level_db(self, definition: Weighting) -> float:
        """Active level of the speech alone after the steps since mixing, under a weighting, in dBov."""
        assert self.alone is not None and self.mixture_stem is not None, "the stems are apart"  # noqa: PT018
        return self.alone.level_dbov(definition, self.mixture_stem.gain)

    def noted(self, **columns: Any) -> "Scene":
        """The scene with more values for the manifest."""
        return replace(self, columns=(*self.columns, *columns.items()))

    def noted_values(self) -> Mapping[str, Any]:
        """Recorded values by column; where two steps fill the same column, that of the second is numbered."""
        found: dict[str, Any] = {}
        for name, value in self.columns:
            number = 1
            while numbered(name, number) in found:
                number += 1
            found[numbered(name, number)] = value
        return found

    def mixture(self, part: slice = WHOLE) -> Signal:
        """The mixture, or the sum of all stems, or a part of it, shape (n,); a new array."""
        if self.mixture_stem is not None or not self.noises:
            stem = self.mixture_stem or self.speech
            return stem.samples[part] * stem.gain
        total, factor = self.speech.samples[part], self.speech.gain
        for stem in self.noises:
            total, factor = mixed(total, factor, stem.samples[part], stem.gain), 1.0
        return total

    def loudness_lufs(self) -> float | None:
        """Loudness by BS.1770 in LUFS, from that of its parts: see :func:`~augment.acoustics.loudness.block_powers`."""
        stems = (self.speech, *self.noises) if self.mixture_stem is None else (self.mixture_stem,)
        # The power of a weighted sum: twice every product of two gains times the mean product of their tracks, and
        # squares of the gains times powers. Products come first, since powers are known with them.
        total = np.zeros(())
        for number, one in enumerate(stems):
            for other in stems[:number]:
                total = total + 2 * one.gain * other.gain * one.track.loudness_powers(other.track)
        for one in stems:
            total = total + one.gain**2 * one.track.loudness_powers(one.track)
        return gated_loudness_lufs(total)
