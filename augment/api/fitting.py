"""From a field recording to a noise profile."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import augment
from augment.errors import Fault, ProfileError, counted
from augment.files.atomic import write_atomically
from augment.files.audio import Channels, read_channels
from augment.files.location import Location, location
from augment.fitting.calibration import EDGE_S, Calibration, from_stated_level, from_tone
from augment.fitting.fitted import Fitted, profile_of
from augment.fitting.goodness import Goodness
from augment.fitting.heard import Heard, heard
from augment.fitting.likeness import Stretch
from augment.fitting.recorded import Recorded, lines_of, recorded
from augment.fitting.written import written
from augment.plain_text import visible
from augment.profiles.noise import NoiseProfile
from augment.progress import SILENT, Progress
from augment.report.fit_page import ComponentRow, FitShown, fit_page
from augment.showing import Presented

LONGEST_S = 4 * 3600.0
"""Longest recording that is read, in s."""
LEAST_S = 1.0
PAGE_S = 60.0
PAGE_SEED = 77
SHORTEST_TITLE = 3


@dataclass(frozen=True, eq=False)
class FittedProfile(Presented):
    """A profile that was fitted to a recording.

    Attributes:
        profile: The profile.
        yaml: It as a file, with the uncertainty of its figures as comments.
        goodness: What the fit of the recording's first half is worth against its second half.
        found: All that was found.
        source: Name of the recording's file.

    Example: what :func:`fit_profile` returns; ``fit.save("scanner.yaml")`` writes it, ``fit.draw("fit.html")`` shows
    it.
    """

    profile: NoiseProfile
    yaml: str
    goodness: Goodness
    found: Recorded
    source: str

    def __repr__(self) -> str:
        parts, said = counted(len(self.profile.components), "component"), self.goodness.summary
        return f"<FittedProfile of '{visible(self.source)}': {parts}; {said}>"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What should be known about the recording, in sentences; the gravest first."""
        return self.found.heard.remarks

    @property
    def unidentified(self) -> tuple[str, ...]:
        """What could not be told, in sentences."""
        return self.found.unidentified

    def save(self, file: str | Path) -> None:
        """Write the profile to a YAML file.

        Raises:
            AcoustigridError: There is a link, a folder or a device of that name.
            OSError: It cannot be written.
        """
        write_atomically(Path(file), self.yaml.encode())

    def draw(self, file: str | Path) -> None:
        """Write the page of :meth:`page` to a file.

        Raises:
            AcoustigridError: There is a link, a folder or a device of that name.
            OSError: It cannot be written.
        """
        write_atomically(Path(file), self.page())

    def page(self) -> bytes:
        """A self-contained page: the verdict, recording and synthesis to hear and to see, and all figures."""
        whole, rate = self.found.heard, self.found.heard.sample_rate_hz
        return fit_page(
            FitShown(
                profile=self.profile,
                source=self.source,
                recording=Stretch(whole.samples, rate, whole.usable),
                synthesis=self.found.synthesis(round(PAGE_S * rate), PAGE_SEED),
                goodness=self.goodness,
                components=_rows(self.found.whole),
                lines_hz=lines_of(self.found.whole),
                left_out=whole.left_out,
                unexplained=self.found.whole.unexplained,
                unidentified=self.unidentified,
                remarks=self.remarks,
                yaml=self.yaml,
            )
        )


def fit_profile(
    recording: str | Location,
    *,
    name: str | None = None,
    from_s: float | None = None,
    to_s: float | None = None,
    channel: int | None = None,
    calibration_dba: float | None = None,
    calibrator: str | Location | None = None,
    calibrator_db: float = 94.0,
    distance_m: float = 1.0,
    licence: str | None = None,
    progress: Progress = SILENT,
) -> FittedProfile:
    """Fit a noise profile to a field recording: its tones, its rhythm, its noise.

    Args:
        recording: An audio file of any rate and number of channels, with the noise in it. Speech, knocks on the phone
            and clipping are found and left out.
        name: What the noise is called; the file's name if it is left out.
        from_s: Where the stretch begins that is to be used, in s. With this or ``to_s`` nothing in it is left out.
        to_s: Where it ends.
        channel: Which channel, from 0; the one that is clipped least and loudest if it is left out.
        calibration_dba: A-weighted level of the noise where it was recorded, in dB, as a meter showed it.
        calibrator: A recording of a calibrator's tone by the same device at the same gain; it may be the recording
            itself.
        calibrator_db: The calibrator's level, in dB SPL.
        distance_m: How far from the source it was recorded, in m.
        licence: Licence of the recording.
        progress: Told about the steps.

    Raises:
        ProfileError: Nothing of it can be used: it is silent, too short, or speech only.
        AudioError: It is no audio file that can be read.

    Example:
        >>> import tempfile
        >>> hum = Path(tempfile.mkdtemp()) / "hum.wav"
        >>> _ = augment.render_profile("mains_hum_50", hum, seconds=8)
        >>> fit = fit_profile(hum)
        >>> round(fit.profile.components[0].fundamental_hz)
        50
    """
    if calibration_dba is not None and calibrator is not None:
        raise ProfileError(
            Fault("", "the level is given twice, by calibration_dba and by calibrator", "give one of them")
        )
    source = str(recording)
    with progress.step("listening to the recording"):
        read = read_channels(location(recording), LONGEST_S)
        samples = read.samples if channel is None else _channel(read.samples, channel, source)
        usable = heard(samples, read.sample_rate_hz, from_s=from_s, to_s=to_s, name=source)
        calibration, usable = _calibrated(read, samples, usable, source, calibration_dba, calibrator, calibrator_db)
    with progress.step("fitting it, and its first half to judge that by the second", total=3, unit="fit") as step:
        found = recorded(usable, step.advance)
    called = _plain(Path(source).name)
    title = _title(name or Path(called).stem.replace("_", " "))
    about = _about(called, found)
    level = None if calibration is None else _level(found.whole.profile, calibration, distance_m)
    components = found.whole.components
    profile = profile_of(components, called, title, about, level)
    text = written(_heading(called, read.sha256, found, licence), title, about, level, components, called)
    return FittedProfile(profile, text, found.goodness, found, called)


def _channel(samples: NDArray[np.float64], channel: int, name: str) -> NDArray[np.float64]:
    if not 0 <= channel < samples.shape[1]:
        message = f"it has {samples.shape[1]} channels, and channel {channel} was asked for"
        raise ProfileError(Fault(name, message, f"choose one from 0 to {samples.shape[1] - 1}"))
    return samples[:, channel]


def _calibrated(
    read: Channels,
    samples: NDArray[np.float64],
    usable: Heard,
    name: str,
    dba: float | None,
    calibrator: str | Location | None,
    calibrator_db: float,
) -> tuple[Calibration | None, Heard]:
    """What full scale is in sound pressure, if that is said, and what is usable without a calibrator's tone in it."""
    if dba is not None:
        return from_stated_level(usable.samples, usable.sample_rate_hz, dba, usable.usable), usable
    if calibrator is None:
        return None, usable
    channel = usable.channel if samples.ndim == 2 else 0
    if str(calibrator) != name:
        other = read_channels(location(calibrator), LONGEST_S)
        tone = other.samples[:, min(channel, other.samples.shape[1] - 1)]
        return from_tone(tone, other.sample_rate_hz, calibrator_db, name=str(calibrator))[0], usable
    own = samples[:, channel] if samples.ndim == 2 else samples
    calibration, where = from_tone(own, read.sample_rate_hz, calibrator_db, name=name)
    rate, kept = usable.sample_rate_hz, usable.usable.copy()
    begin, end = (round((at_s - usable.begin_s) * rate) for at_s in (where.begin_s - EDGE_S, where.end_s + EDGE_S))
    kept[max(0, begin) : max(0, end)] = False
    if np.count_nonzero(kept) < LEAST_S * rate:
        message = "beside the calibrator's tone less than a second of it can be used"
        raise ProfileError(Fault(name, message, "record the noise for longer, or give the tone as a file of its own"))
    return calibration, replace(usable, usable=kept)


def _level(profile: NoiseProfile, calibration: Calibration, distance_m: float) -> dict[str, float | str]:
    """How loud it is, as the profile's `level`."""
    dba = profile.a_level_db() + calibration.gain_db
    source = f"{calibration.how}; +-{calibration.uncertainty_db:.1f} dB"
    return {"dba": round(dba, 1), "at_m": distance_m, "source": source}


def _heading(source: str, sha256: str, found: Recorded, licence: str | None) -> list[str]:
    """The comment at the top of the file."""
    usable = found.heard
    lines = [
        f"Fitted by acoustigrid {augment.__version__} to {_plain(source)},",
        f"{usable.usable_s:.1f} s of it at {usable.sample_rate_hz} Hz, channel {usable.channel}.",
        f"SHA-256 of the recording: {sha256}",
        f"Licence of the recording: {_plain(licence) if licence else 'not stated'}. No sample of it is in this file.",
        f"Verdict: {found.goodness.verdict}.",
        "Levels are in dBov of the recording; only differences count.",
    ]
    return [*lines, *(f"{one[:1].upper()}{one[1:]}." for one in found.unidentified)]


def _about(source: str, found: Recorded) -> str:
    """What the profile models, and what not."""
    usable = found.heard
    said = f"Fitted to {usable.usable_s:.0f} s of {source}."
    if usable.to_hz < 0.98 * usable.sample_rate_hz / 2:
        said += f" Above {usable.to_hz / 1000:.1f} kHz nothing is known."
    return f"{said} Not modelled: what the recording did not hold, and single sounds in their order."


def _title(name: str) -> str:
    """A name as the title of a profile, which has three characters at least."""
    title = _plain(name).strip()
    return title if len(title) >= SHORTEST_TITLE else f"Recording {title}".strip()


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)


def _rows(fit: Fitted) -> list[ComponentRow]:
    """The components, as the page tells them."""
    return [ComponentRow(one.about, one.told(), f"{one.level():.1f} dBov") for one in fit.components]
