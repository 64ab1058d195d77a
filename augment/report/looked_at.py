"""What is behind a name or a file: a profile, a recording or an impulse response, and what can be drawn of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.colour import BYRNE_LTASS_DB, noise, third_octave_density
from augment.acoustics.convolution import convolve
from augment.acoustics.filters import minimum_phase_fir, without_infrasound
from augment.acoustics.levels import db, gain, power, rms_level_dbov
from augment.acoustics.pcm import headroom_gain, quantise
from augment.acoustics.portrait import DecayPortrait, NoisePortrait, decay_portrait, noise_portrait
from augment.acoustics.resample import resample
from augment.acoustics.room import decay, direct_index, room_measures, whole_decay
from augment.acoustics.source import band_edge_hz, clipped_share
from augment.errors import AudioError, Fault, ProfileError
from augment.external.shoebox import installed
from augment.files.audio import Audio, read_audio
from augment.profiles.library import TABLES, Library, SourceKind
from augment.profiles.microphone import LONGEST_S as LONGEST_MICROPHONE_S
from augment.profiles.microphone import DevicePortrait, MicrophoneProfile, from_impulse_response
from augment.profiles.noise import Figures
from augment.profiles.room import LONGEST_S as LONGEST_ROOM_S
from augment.profiles.room import refuse_what_is_no_response
from augment.profiles.taken_for import TakenFor
from augment.report.players import audio_uri
from augment.report.profile_sound import LISTENING_DBOV, profile_sound
from augment.report.profiles import kind_of
from augment.streams import generator

Kind = TakenFor | Literal["noise"]
KINDS: dict[SourceKind, Kind] = {
    "noise_profile": "noise", "microphone": TakenFor.MICROPHONE, "room": TakenFor.ROOM
}  # fmt: skip
Portrait = NoisePortrait | DevicePortrait | DecayPortrait
RATE_HZ, ROOM_RATE_HZ = 48_000, 16_000
LISTENED_S, PLAYED_S, PLAYED_RATE_HZ = 10.0, 6.0, 32_000
LONGEST_LOOK_S = 60.0
SHORTEST_ROOM_S = 0.05
"""Reverberation time from which on an impulse response is taken for that of a room: no device rings for so long."""
DRIEST_ROOM_DB = 15.0
"""Direct to reverberant energy: what is above is a device that was measured in a room with hardly any echo."""
STEP_S, RISE_DB, DEEP_DB = 0.05, 10.0, 40.0
BURST_S, PAUSE_S = 0.4, 0.8


@dataclass(frozen=True)
class Played:
    """Something to listen to.

    Attributes:
        sound: Samples at the rate of players, shape (n,).
        said: What it is.
    """

    sound: Signal
    said: str

    def uri(self) -> str:
        """As a data URI."""
        return audio_uri(quantise(self.sound * headroom_gain(self.sound))[0], PLAYED_RATE_HZ)


@dataclass(frozen=True)
class LookedAt:
    """A profile or a file.

    Attributes:
        name: As it was asked for.
        kind: What it is, or is taken for.
        title: What it is, in one line.
        facts: What is known of it, by what it is about; texts may be untrusted.
        portrait: What is drawn of it; None for a room that cannot be simulated here.
        play: What it sounds like, made when it is asked for.
        profile: The profile, if it is one.
    """

    name: str
    kind: Kind
    title: str
    facts: dict[str, str]
    portrait: Portrait | None
    play: Callable[[], Played]
    profile: Figures | None = None

    @property
    def label(self) -> str:
        """Its name without the folder, for what is passed on: a page, a picture."""
        return Path(self.name).name

    @property
    def what(self) -> str:
        """In which pictures it can stand beside others: a noise, a device or a room."""
        return {"recording": "noise"}.get(self.kind, self.kind)


def looked_at(name: str, kind: TakenFor | None = None) -> LookedAt:
    """A profile by its name, or a file.

    Args:
        name: A bundled profile, or the path of a YAML file or of audio.
        kind: What an audio file is taken for; if it is not given, its sound decides.

    Raises:
        ProfileError: There is no such profile or file, or it is faulty.
    """
    path = Path(name)
    if path.is_file() and path.suffix.lower() not in TABLES:
        return _of_audio(path, name, kind)
    library = Library(Path())
    found = kind_of(library, name)
    profile = library.profile(found, name)
    portrait = None if found == "room" and not installed() else _OF_PROFILE[found](library, name)
    own = KINDS[found]
    return LookedAt(name, own, profile.title, {}, portrait, partial(_played, own, name), profile)


def _noise(library: Library, name: str) -> NoisePortrait:
    samples = round(LISTENED_S * RATE_HZ)
    sound = library.noise_profile(name).render(samples, RATE_HZ, lambda stream: generator("show", stream))
    return noise_portrait([sound], RATE_HZ)


def _device(library: Library, name: str) -> DevicePortrait:
    return library.microphone(name).portrait(RATE_HZ)


def _room(library: Library, name: str) -> DecayPortrait:
    response, said = profile_sound(name, LISTENED_S, ROOM_RATE_HZ, 1)
    whole = whole_decay(response)
    return decay_portrait(said, response, ROOM_RATE_HZ, whole, room_measures(response, 0, ROOM_RATE_HZ, whole))


_OF_PROFILE: dict[SourceKind, Callable[[Library, str], Portrait]] = {
    "noise_profile": _noise,
    "microphone": _device,
    "room": _room,
}


def _played(kind: Kind, name: str) -> Played:
    """What a profile sounds like."""
    sound, said = profile_sound(name, PLAYED_S, PLAYED_RATE_HZ, 1)
    return Played(sound, said) if kind == "noise" else _through(sound, kind)


def _through(response: Signal, kind: Kind) -> Played:
    """Bursts of noise with the spectrum of speech, through a response at the rate of players, shape (k,)."""
    rate = PLAYED_RATE_HZ
    density = third_octave_density(BYRNE_LTASS_DB, rate)
    steady = noise(round(PLAYED_S * rate), lambda stream: generator("bursts", stream), density)
    place = np.arange(steady.size) % round((BURST_S + PAUSE_S) * rate)
    wet = convolve(steady * (place < BURST_S * rate), response)
    at = "in the room" if kind == "room" else "through the device"
    return _levelled(wet, f"bursts of speech-shaped noise {at}")


def _levelled(sound: Signal, said: str) -> Played:
    level = rms_level_dbov(sound)
    factor = gain(LISTENING_DBOV - level) if level > -np.inf else 1.0
    return Played(sound * factor, f"{said}, at {LISTENING_DBOV:g} dBov")


def _of_audio(path: Path, name: str, kind: TakenFor | None) -> LookedAt:
    try:
        audio = read_audio(path, channel="first")
    except AudioError as error:
        raise ProfileError(error.faults) from None
    level = rms_level_dbov(audio.samples)
    if level == -np.inf:
        raise ProfileError(Fault(name, "the file is silent", "look at another one"))
    taken = kind or _taken_for(audio)
    facts = _facts(audio, level)
    if taken == TakenFor.MICROPHONE:
        profile = from_impulse_response(path)
        play = partial(_through_device, profile)
        return LookedAt(name, taken, profile.title, facts, profile.portrait(audio.sample_rate_hz), play)
    if taken == TakenFor.ROOM:
        return _measured_room(path, name, audio, facts)
    heard = without_infrasound(audio.samples, audio.sample_rate_hz)
    portrait = noise_portrait([(heard, None)], audio.sample_rate_hz, LONGEST_LOOK_S)
    return LookedAt(name, taken, f"Recording {path.name}", facts, portrait, partial(_beginning, heard, audio))


def _through_device(profile: MicrophoneProfile) -> Played:
    return _through(minimum_phase_fir(*profile.table(), PLAYED_RATE_HZ), TakenFor.MICROPHONE)


def _beginning(heard: Signal, audio: Audio) -> Played:
    part = heard[: round(PLAYED_S * audio.sample_rate_hz)]
    return _levelled(resample(part, audio.sample_rate_hz, PLAYED_RATE_HZ), "its beginning")


def _measured_room(path: Path, name: str, audio: Audio, facts: dict[str, str]) -> LookedAt:
    rate, direct = audio.sample_rate_hz, direct_index(audio.samples, audio.sample_rate_hz)
    refuse_what_is_no_response(audio.samples, direct, rate, name)
    response = audio.samples[direct:]
    found = decay(response, rate)
    portrait = decay_portrait(path.name, response, rate, found, room_measures(audio.samples, direct, rate, found))
    facts["direct sound"] = f"{1000 * direct / rate:.1f} ms from the beginning"
    taps = response[: max(found.end, 1)]
    return LookedAt(name, TakenFor.ROOM, f"Room response {path.name}", facts, portrait, partial(_in_room, taps, rate))


def _in_room(taps: Signal, sample_rate_hz: int) -> Played:
    return _through(resample(taps, sample_rate_hz, PLAYED_RATE_HZ), TakenFor.ROOM)


def _taken_for(audio: Audio) -> TakenFor:
    """Whether audio is the impulse response of a room or of a device, or the recording of a noise."""
    rate = audio.sample_rate_hz
    if audio.samples.size > LONGEST_ROOM_S * rate:
        return TakenFor.RECORDING
    direct = direct_index(audio.samples, rate)
    try:
        refuse_what_is_no_response(audio.samples, direct, rate, "")
    except ProfileError:
        return TakenFor.RECORDING
    if _rises_again(audio.samples[direct:], rate):
        return TakenFor.RECORDING
    measures = room_measures(audio.samples, direct, rate)
    lasts = measures.t30_s is not None and measures.t30_s >= SHORTEST_ROOM_S
    if lasts and measures.drr_db is not None and measures.drr_db < DRIEST_ROOM_DB:
        return TakenFor.ROOM
    short = audio.samples.size <= LONGEST_MICROPHONE_S * rate
    return TakenFor.MICROPHONE if short else TakenFor.RECORDING


def _rises_again(response: Signal, sample_rate_hz: int) -> bool:
    """Whether a sound becomes louder again after it has decayed, as nothing does that was struck once.

    Example:
        >>> once = 10.0 ** (-3 * np.arange(8000) / 4000)
        >>> _rises_again(once, 8000), _rises_again(np.concatenate([once, once]), 8000)
        (False, True)
    """
    size = max(1, round(STEP_S * sample_rate_hz))
    steps = response[: response.size // size * size].reshape(-1, size)
    if not steps.size:
        return False
    powers = np.mean(steps * steps, axis=1)
    levels = 10 * np.log10(np.maximum(powers, powers.max() * 10 ** (-DEEP_DB / 10)))[int(np.argmax(powers)) :]
    return bool(np.max(levels - np.minimum.accumulate(levels)) > RISE_DB)


def _facts(audio: Audio, level_dbov: float) -> dict[str, str]:
    """What is known of a file before it is taken for anything."""
    samples, rate = audio.samples, audio.sample_rate_hz
    peak = float(np.max(np.abs(samples)))
    clipped = clipped_share(samples)
    channels = f", the first of {audio.channels} channels" if audio.channels > 1 else ""
    facts = {
        "length": f"{samples.size / rate:.2f} s at {rate} Hz{channels}",
        "level": f"{level_dbov:.1f} dBFS (RMS re full scale)",
        "peak": f"{db(peak * peak):.1f} dBFS; crest factor {db(peak * peak / power(samples)):.1f} dB",
        "clipping": f"{100 * clipped:.3f} % of samples on flat tops" if clipped else "none found",
        "highest": f"next to nothing above {band_edge_hz(samples, rate):.0f} Hz",
    }
    return {**facts, **({"remarks": "; ".join(sorted(map(str, audio.remarks)))} if audio.remarks else {})}
