"""Recorded noise."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics import Signal
from augment.acoustics.splice import excerpt
from augment.perturb import Perturbation
from augment.profiles.library import Need
from augment.scene import Draw, NoiseRequest, Scene, Stage


class BackgroundNoise(Perturbation):
    """Recorded noise under the speech at a given signal-to-noise ratio.

    Models an acoustic background as it reaches the microphone; what the recording holds of a room stays as it is.

    In a recipe::

        {kind: background_noise, source: noise/street, snr_db: 10}

    Keeps: the speech, length, timing.
    Changes: adds a noise stem. Where the recording ends, it goes on at a random place with an equal-power cross-fade.
    Random: nothing but those places; the planner deals the stretch of the recording to the block.
    Reference: SNR after ITU-T P.56 (speech) and RMS (noise), in the recipe's band.
    """

    kind: Literal["background_noise"]
    stage: ClassVar = Stage.NOISE
    source: Annotated[str, Field(min_length=1, description="noise file or folder, relative to the recipe")]
    snr_db: Annotated[float, Field(ge=-30, le=60, description="P.56 speech level minus noise level")]

    def needs(self) -> tuple[Need, ...]:
        """The recording."""
        return (Need("source", "recording", self.source),)

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Add the block's stretch of the recording.

        Raises:
            RenderError: The stretch is silent.
        """
        segment = draw.segment
        assert segment is not None, "the planner deals a segment to every step that needs a recording"
        rate, length = scene.sample_rate_hz, scene.speech.samples.size
        recording = draw.library.samples(self.source, segment.name, segment.sha256, rate)
        history = ("background_noise", draw.name, self.source, segment.label, length)

        def cut() -> Signal:
            return excerpt(recording, rate, segment.start, length, draw.stream("splice"))

        samples = scene.memo.once(history, cut)
        request = NoiseRequest(
            draw.step,
            segment.name,
            self.snr_db,
            segment.start / rate,
            segment.label,
            continued=segment.start + length > recording.size,
        )
        return scene.with_noise(samples, request, history)
