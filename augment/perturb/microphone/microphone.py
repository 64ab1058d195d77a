"""Frequency response of a microphone or handset."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.convolution import ImpulseResponse
from augment.acoustics.filters import minimum_phase_fir, speech_delay_samples
from augment.errors import RenderError
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles, called
from augment.profiles.library import Library, Need
from augment.scene import Draw, Scene, Stage, Weighting

KNOWN_TO = 0.45
"""Share of the sample rate up to which a response must be known, unless it has fallen off below."""
FALLEN_OFF_DB = -15.0


class Microphone(Perturbation):
    """Frequency response of a microphone, handset or sending device.

    Models the magnitude response, with minimum phase, 0 dB at 1 kHz. Self-noise and overload are steps of their own.

    In a recipe::

        {kind: microphone, profile: itu_p48_handset}

    Keeps: length, and timing: the filter's delay in the speech band is removed to the nearest sample.
    Changes: spectrum and level of all stems alike; the SNR at its input stays what it was.
    Random: nothing.
    Reference: tabulated responses, as each profile says; minimum phase by the folded cepstrum.
    """

    kind: Literal["microphone"]
    stage: ClassVar = Stage.MICROPHONE
    draws: ClassVar = False
    limits: ClassVar = (
        "Microphones are magnitude responses with minimum phase; what else they do is a step of its own.",
    )
    profile: Annotated[
        str,
        Field(
            min_length=1, description="bundled microphone, or a YAML table or impulse response relative to the recipe"
        ),
    ]

    def words(self, titles: Titles = NO_TITLES) -> str:
        return called(self.profile, titles)

    def needs(self) -> tuple[Need, ...]:
        return (Need("profile", "microphone", self.profile),)

    def remarks(self, library: Library, sample_rate_hz: int, snr: Weighting) -> tuple[str, ...]:
        """Where the response falls deeper than it is followed, if that may be heard."""
        held = library.microphone(self.profile).held(sample_rate_hz)
        return () if held is None else (f"microphone {self.profile}: {held}",)

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Filter every stem.

        Raises:
            RenderError: The response is not known up to the highest frequencies of the test set, and does not fall
                off below them.
        """
        rate = scene.sample_rate_hz

        def design() -> ImpulseResponse:
            frequency, level = draw.library.microphone(self.profile).table()
            if frequency[-1] < KNOWN_TO * rate and level[-1] > FALLEN_OFF_DB:
                known, needed = f"{frequency[-1]:.0f} Hz", f"{KNOWN_TO * rate:.0f} Hz"
                raise RenderError(f"step {draw.step}: '{self.profile}' is known up to {known}, and {needed} is needed")
            taps = minimum_phase_fir(frequency, level, rate)
            return ImpulseResponse(taps, max(0, round(speech_delay_samples(taps, rate))))

        return scene.filtered(draw.library.once(("taps", self.profile, rate), design))
