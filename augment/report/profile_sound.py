"""Profiles as sound."""

from pathlib import Path

from augment.acoustics import Signal
from augment.acoustics.filters import minimum_phase_fir
from augment.acoustics.levels import gain, rms_level_dbov
from augment.profiles.library import Library
from augment.report.profiles import room_of
from augment.streams import generator

LISTENING_DBOV = -26.0


def profile_sound(name: str, seconds: float, sample_rate_hz: int, seed: int) -> tuple[Signal, str]:
    """How a profile sounds: a noise at -26 dBov, or the impulse response of a microphone.

    Raises:
        ProfileError: There is no such profile, or it is faulty.
    """
    library = Library(Path())
    if room_of(library, name) == "noise_profile":
        profile = library.noise_profile(name)
        length = round(seconds * sample_rate_hz)
        noise, on = profile.render(length, sample_rate_hz, lambda stream: generator(seed, "listen", stream))
        level = rms_level_dbov(noise if on is None else noise[on])
        return noise * gain(LISTENING_DBOV - level), f"{profile.title}, {LISTENING_DBOV:g} dBov while it is on"
    frequency, level_db = library.microphone(name).table()
    return minimum_phase_fir(frequency, level_db, sample_rate_hz), f"impulse response of {name}"
