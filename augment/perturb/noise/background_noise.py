"""Recorded noise."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from augment.acoustics.edge_line import edge_line
from augment.acoustics.levels import db
from augment.acoustics.spectrum import weighted_power
from augment.acoustics.splice import excerpt, lasts
from augment.dealt.segment import Segment, Segments
from augment.files.channels import ChannelField
from augment.perturb.noise_step import Noise, NoiseStep
from augment.perturb.words import NO_TITLES, Titles, called
from augment.profiles.library import Library
from augment.profiles.recording import Use
from augment.scene import Draw, Scene, Weighting
from augment.tolerance import AtMost, Unusable, tolerance_of


class BackgroundNoise(NoiseStep):
    """Recorded noise under the speech at a given signal-to-noise ratio, or at a given level.

    Models an acoustic background as it reaches the microphone: the room that is in the recording stays as it is, and no
    other room is added.

    In a recipe::

        {kind: background_noise, source: noise/street, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem. Where the recording ends, an equal-power cross-fade leads to a random place in it.
    Random: nothing but those places; the planner deals the stretch of the recording to the block.
    Reference: SNR after ITU-T P.56 (speech) and RMS (noise), in the recipe's band.
    """

    kind: Literal["background_noise"]
    source: Annotated[str, Field(min_length=1, description="noise file or folder, relative to the recipe")]
    channel: Annotated[
        ChannelField, Field(description="which channel of files with several, from 0, or mix; 0 if not given")
    ] = None
    unusable: Unusable = "refuse"
    at_most: AtMost = None
    planned: ClassVar = frozenset({"unusable", "at_most"})

    @model_validator(mode="after")
    def _tolerable(self) -> "BackgroundNoise":
        tolerance_of(self.unusable, self.at_most)
        return self

    def subject(self, titles: Titles = NO_TITLES) -> str:
        return f"{called(self.source, titles)} (recorded)"

    def asks(self) -> Segments:
        return Segments("source", self.source, Use(self.channel, tolerance_of(self.unusable, self.at_most)))

    def remarks(self, library: Library, sample_rate_hz: int, snr: Weighting) -> tuple[str, ...]:
        """A strong line on an edge of the band in which SNR is defined; of several recordings, the worst."""
        if self.snr_db is None or snr.band_hz is None:
            return ()
        recordings = library.recordings(self.source, self.asks().use).recordings
        seen = [(r.name, edge_line(r.spectrum, sample_rate_hz, snr.band_hz)) for r in recordings if r.spectrum]
        lines = [(line.share, name, line) for name, line in seen if line is not None]
        if not lines:
            return ()
        _, name, line = max(lines, key=lambda found: found[:2])
        more = f"; so it is in {len(lines)} recordings" if len(lines) > 1 else ""
        return (f"noise {self.source}, {name}: {line}{more}",)

    def noise(self, scene: Scene, draw: Draw) -> Noise:
        """The block's stretch of the recording; a level in dB(A) is that of the whole recording."""
        segment, rate, library = draw.given(Segment), scene.sample_rate_hz, draw.library
        recording = library.samples(self.source, segment.recording, segment.sha256, rate, self.channel)
        key = ("recording level", self.source, self.channel, segment.recording, segment.sha256, rate)
        return Noise(
            segment.recording,
            lambda samples, lead: (excerpt(recording, rate, segment.start, samples, draw.stream("splice")), None),
            lambda: library.once(key, lambda: db(weighted_power(recording, rate, a_weighted=True))),
            told={
                "start_s": segment.start / rate,
                "segment": segment.label,
                "continued": scene.samples > lasts(recording, rate, segment.start),
            },
        )
