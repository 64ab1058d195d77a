"""Profiles as sound."""

from pathlib import Path

from augment.acoustics import Signal
from augment.acoustics.filters import minimum_phase_fir
from augment.acoustics.levels import gain, rms_level_dbov
from augment.errors import Fault, ProfileError
from augment.external.shoebox import absorption_for, draw_pair, installed, seeds_of, shoebox_response
from augment.profiles.library import Library
from augment.profiles.room import RoomProfile
from augment.report.profiles import kind_of
from augment.streams import generator

LISTENING_DBOV = -26.0
SILENT_DB = -120.0
DISTANCES_M = (1.0, 0.5, 0.25)


def profile_sound(name: str, seconds: float, sample_rate_hz: int, seed: int) -> tuple[Signal, str]:
    """What a profile sounds like: a noise at -26 dBov, or the impulse response of a microphone or a room.

    Raises:
        ProfileError: There is no such profile, or it is faulty.
    """
    library = Library(Path())
    kind = kind_of(library, name)
    if kind == "noise_profile":
        profile = library.noise_profile(name)
        length = round(seconds * sample_rate_hz)
        noise, on = profile.render(length, sample_rate_hz, lambda stream: generator(seed, "listen", stream))
        level = rms_level_dbov(noise if on is None else noise[on])
        if level < SILENT_DB:
            raise ProfileError(
                Fault("", f"nothing of '{name}' lies below {sample_rate_hz // 2} Hz", "choose a higher rate")
            )
        return noise * gain(LISTENING_DBOV - level), f"{profile.title}, {LISTENING_DBOV:g} dBov while it is on"
    if kind == "room":
        return _room_response(library.room(name), sample_rate_hz, seed)
    frequency, level_db = library.microphone(name).table()
    return minimum_phase_fir(frequency, level_db, sample_rate_hz), f"impulse response of {name}"


def _room_response(room: RoomProfile, sample_rate_hz: int, seed: int) -> tuple[Signal, str]:
    """Response of a simulated room to a talker at 1 m, or as far away as the room allows."""
    if not installed():
        message = "simulated rooms need pyroomacoustics, which is not installed"
        raise ProfileError(Fault("", message, "pip install 'acoustigrid[rooms]'"))
    stream = generator(seed, "listen", "place")
    far = [(d, draw_pair(room.size_m, d, stream)) for d in DISTANCES_M]
    distance_m, pair = next((d, pair) for d, pair in far if pair is not None)
    absorption = absorption_for(room.size_m, room.t60_s, room.sabine_absorption, sample_rate_hz)
    taps = shoebox_response(room.size_m, absorption, *pair, sample_rate_hz, seeds_of(stream))
    return taps, f"{room.title}, response at {distance_m:g} m, as strong as it is at 1 m without a room"
