"""Speech in a real room, through its measured impulse response."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.convolution import ImpulseResponse
from augment.bounds import MOST_CHANNELS
from augment.dealt.standing import Positions, Standing
from augment.perturb import Perturbation
from augment.perturb.room_step import RECORDS, response_columns
from augment.perturb.words import NO_TITLES, Titles, called
from augment.profiles.library import Library, Need
from augment.profiles.room import MeasuredResponse
from augment.scene import Draw, Room, Scene, Stage, Weighting


class MeasuredRoom(Perturbation):
    """Reverberation of a real room, by its measured impulse response.

    Models the path from talker to microphone as it was measured, loudspeaker and microphone of the measurement
    included. A folder holds several positions in one room: the planner deals them to the blocks, so that each speaker
    and each condition has all of them equally often, and noises take others. The response ends where its decay meets
    the noise of the measurement.

    In a recipe::

        {kind: measured_room, source: rooms/meeting_room.wav}

    Keeps: length; timing: the direct sound stays where it was, whatever delay the file begins with.
    Changes: spectrum and decay of the speech; with `keep_gain` also its level.
    Random: which position a block has, and which other one a noise takes; the same for a block.
    Reference: ISO 3382-1 (onset, T30, C50); Lundeby et al. 1995 (end of the decay).
    """

    kind: Literal["measured_room"]
    stage: ClassVar = Stage.ROOM
    records: ClassVar = RECORDS
    unheard: ClassVar = frozenset({"noise_source", "keep_gain", "distance_m"})
    limits: ClassVar = (
        "Measured rooms: responses from a loudspeaker in the talker's place; noises have a path only where the recipe "
        "names responses for them, and stay dry otherwise.",
    )
    source: Annotated[
        str, Field(min_length=1, description="impulse response, or a folder of them, relative to the recipe")
    ]
    channel: Annotated[
        int | None,
        Field(ge=0, lt=MOST_CHANNELS, description="which channel, from 0; must be said for files with several"),
    ] = None
    noise_source: Annotated[
        str | None, Field(min_length=1, description="impulse response or folder for noises in the same room")
    ] = None
    keep_gain: Annotated[
        bool,
        Field(
            description="keep the file's gain, direct sound of energy 1.0 being that at 1 m; otherwise it is set to 1"
        ),
    ] = False
    distance_m: Annotated[
        float | None, Field(ge=0.05, le=200, description="from talker to microphone, if it is known")
    ] = None

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"{called(self.source, titles)} (measured room)"

    def needs(self) -> tuple[Need, ...]:
        fields = zip(("source", "noise_source"), self.asks().folders, strict=False)
        return tuple(Need(field, "impulse_response", folder) for field, folder in fields)

    def asks(self) -> Positions:
        return Positions("source", self.source, self.noise_source)

    def remarks(self, library: Library, sample_rate_hz: int, snr: Weighting) -> tuple[str, ...]:
        """Responses that invert the speech: inaudible, until it is added to speech that is not inverted."""
        responses = library.responses(self.source, self.channel, self.keep_gain, sample_rate_hz)
        turned = [response.position.name for response in responses if response.inverted]
        if not turned:
            return ()
        return (f"room {self.source}: the direct sound is inverted in {len(turned)} responses, such as {turned[0]}",)

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Convolve the speech with the response of this block's position.

        Raises:
            ProfileError: A file holds no impulse response, has no such channel or a sample rate that is too low.
        """
        rate, standing = scene.sample_rate_hz, draw.given(Standing)
        positions = self._responses(draw, self.source, rate)
        others = positions if self.noise_source is None else self._responses(draw, self.noise_source, rate)
        chosen = positions[standing.number]
        first = standing.number if standing.noise is None else standing.noise

        def noise_response(name: str, distance_m: float | None) -> ImpulseResponse | None:
            # If talker and noise share a folder, a noise must not take the talker's own position.
            taken = int(self.noise_source is None)
            if len(others) == taken:
                return None
            step = taken + int(draw.setting_stream(f"noise {name}").integers(len(others) - taken))
            return others[(first + step) % len(others)].response

        columns = {
            "room_name": self.source,
            "room_position": chosen.position.name,
            "room_channel": self.channel or 0,
            "room_distance_m": self.distance_m,
            "room_t60_target_s": None,
            "room_t60_missed": None,
            **response_columns(scene, chosen.response, chosen.measures, chosen.direct_index),
        }
        room = Room((chosen.response, self.noise_source, draw.step, first), noise_response, absolute=self.keep_gain)
        return scene.reverberated(chosen.response, room, self.distance_m).noted(**columns)

    def _responses(self, draw: Draw, source: str, sample_rate_hz: int) -> tuple[MeasuredResponse, ...]:
        return draw.library.responses(source, self.channel, self.keep_gain, sample_rate_hz)
