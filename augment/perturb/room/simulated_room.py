"""Speech in a simulated room."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from augment.acoustics.convolution import ImpulseResponse
from augment.acoustics.room import RoomMeasures, room_measures, whole_decay
from augment.dealt.standing import Placements, Standing
from augment.errors import RenderError
from augment.external.shoebox import (
    SOUND_M_PER_S,
    Point,
    absorption_for,
    draw_pair,
    draw_source,
    installed,
    seeds_of,
    shoebox_response,
)
from augment.perturb import Perturbation
from augment.perturb.room_step import RECORDS, response_columns
from augment.perturb.words import NO_TITLES, Titles, called
from augment.profiles.library import Need
from augment.profiles.room import RoomProfile
from augment.scene import Draw, Room, Scene, Stage

T60_TOLERANCE = 0.2
"""Rooms are calibrated at one placement; at others T30 may differ, and by more than this is recorded as missed."""


class SimulatedRoom(Perturbation):
    """Reverberation of a simulated rectangular room, with talker and microphone at a distance.

    Models direct sound, early reflections and a decay whose measured T30 is calibrated to the profile's T60; other
    noises of the scene get their own paths in the same room. No furniture, no diffraction, walls that absorb alike at
    all frequencies, a talker who radiates alike in all directions (a real one is clearer in front, by 2-4 dB:
    estimate).

    In a recipe::

        {kind: simulated_room, profile: exam_room, distance_m: 1.0}

    Keeps: length; timing: the direct sound stays where it was, and the delay of the path through the air is removed.
    Changes: spectrum and decay of the speech; its level by 1/r (the direct sound at 1 m is the speech as it was).
    Random: the places of talker, microphone and noises, and the rays; the same for a block, and one of `places`.
    Reference: image sources, Allen and Berkley (1979), and ray tracing, by pyroomacoustics; T30, C50 by ISO 3382-1.
    """

    kind: Literal["simulated_room"]
    stage: ClassVar = Stage.ROOM
    records: ClassVar = RECORDS
    limits: ClassVar = (
        "Simulated rooms are rectangular and empty; walls absorb alike at all frequencies, talkers radiate "
        "alike in all directions.",
    )
    profile: Annotated[str, Field(min_length=1, description="bundled room, or a YAML file relative to the recipe")]
    distance_m: Annotated[float, Field(ge=0.1, le=50, description="from the talker's mouth to the microphone")]
    places: Annotated[
        int, Field(ge=1, le=64, description="placements of talker, microphone and noises, dealt to the blocks")
    ] = 4

    def words(self, titles: Titles = NO_TITLES) -> str:
        return f"{called(self.profile, titles)} at {self.distance_m:g} m"

    def needs(self) -> tuple[Need, ...]:
        return (Need("profile", "room", self.profile),)

    def asks(self) -> Placements:
        return Placements("places", self.profile, self.places)

    def package(self) -> str | None:
        return "pyroomacoustics"

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        if installed():
            return None
        return "simulated rooms need pyroomacoustics, which is not installed", "pip install 'acoustigrid[rooms]'"

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Convolve the speech with the response of this block's placement.

        Raises:
            RenderError: Talker and microphone at this distance, or a noise at its distance, do not fit into the room.
        """
        figures, place = draw.library.room(self.profile), draw.given(Standing).number
        stream = draw.setting_stream(f"place {place}")
        pair = draw_pair(figures.size_m, self.distance_m, stream)
        if pair is None:
            raise RenderError(self._no_space(draw, figures, "talker and microphone", self.distance_m))
        talker, microphone = pair
        response, measures = self._response(draw, figures, scene.sample_rate_hz, talker, microphone, seeds_of(stream))

        def noise_response(name: str, distance_m: float | None) -> ImpulseResponse | None:
            own = draw.setting_stream(f"place {place} noise {name}")
            source = draw_source(figures.size_m, microphone, talker, distance_m, own)
            if source is None:
                raise RenderError(self._no_space(draw, figures, f"the noise '{name}' and the microphone", distance_m))
            return self._response(draw, figures, scene.sample_rate_hz, source, microphone, seeds_of(own))[0]

        time = measures.t30_s
        # The direct sound is on sample 0 of the response: the time of flight r / c was removed there.
        columns = {
            "room_name": self.profile,
            "room_position": f"{draw.step}@{place + 1}",
            "room_channel": None,
            "room_distance_m": self.distance_m,
            "room_t60_target_s": figures.t60_s,
            "room_t60_missed": time is None or abs(time / figures.t60_s - 1) > T60_TOLERANCE,
            **response_columns(
                scene, response, measures, round(self.distance_m / SOUND_M_PER_S * scene.sample_rate_hz)
            ),
        }
        room = Room((response, draw.step, place), noise_response)
        return scene.reverberated(response, room, self.distance_m).noted(**columns)

    def _response(
        self, draw: Draw, figures: RoomProfile, rate: int, source: Point, microphone: Point, seeds: tuple[int, int]
    ) -> tuple[ImpulseResponse, RoomMeasures]:
        """The response between two places, and its measures."""
        size, t60 = figures.size_m, figures.t60_s
        absorption = draw.library.once(
            ("absorption", size, t60, rate), lambda: absorption_for(size, t60, figures.sabine_absorption, rate)
        )

        def simulate() -> tuple[ImpulseResponse, RoomMeasures]:
            taps = shoebox_response(size, absorption, source, microphone, rate, seeds)
            return ImpulseResponse(taps), room_measures(taps, 0, rate, whole_decay(taps))

        key = ("simulated response", size, t60, rate, source, microphone, seeds)
        return draw.library.once(key, simulate)

    def _no_space(self, draw: Draw, figures: RoomProfile, who: str, distance_m: float | None) -> str:
        size = " x ".join(f"{side:g}" for side in figures.size_m)
        apart = "" if distance_m is None else f", {distance_m:g} m apart,"
        return f"step {draw.step}: {who}{apart} do not fit into '{self.profile}' ({size} m): choose a smaller distance"
