"""What can be drawn of a sound: its spectrum in third octaves, its rhythm, its lines; and of a room, its decay.

The figures are rounded to what ears, eyes and measuring devices tell apart, so that they can be written beside a sound
and held against the sound again.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db, power
from augment.acoustics.room import Decay, RoomMeasures, energy_decay_db
from augment.acoustics.spectrum import THIRD_OCTAVE_EDGE, mean_density

LOWEST_BAND, HIGHEST_BAND = -16, 13
"""Third octaves from 25 Hz to 20 kHz, counted from 1 kHz."""
FAINTEST_DB = -99.0
"""Below the whole: what a band without any power is written as."""
FRAME_S = 0.005
SHOWN_S = 0.02
LONGEST_SHOWN_S = 6.0
RHYTHM_BANDS = tuple(10 ** (0.1 * k) for k in range(-3, 16))
"""Exact centres of the third octaves of the rhythm, 0.5 to 31.5 Hz."""
SLOWEST_HZ, FASTEST_HZ = 0.5, 30.0
LEAST_S = 2.0
"""Two periods of the slowest swing: of a shorter sound no rhythm is told."""
MOST_LINES, LINE_DB, LINE_OCTAVES = 6, 9.0, 1 / 6
"""A line stands so far above the median of a sixth of an octave to both sides, and further in a short sound."""
LEAST_REACH = 20
"""Bins to both sides, at least: a median of few is itself small by chance."""
LINE_CHANCE = 0.001
"""With which steady noise without lines is said to have one, if the median around each bin were exact."""
DECAY_POINTS = 150
DECAY_SHOWN_DB = -70.0


@dataclass(frozen=True)
class Line:
    """A strong spectral line.

    Attributes:
        hz: Its frequency, to 0.1 Hz.
        level_db: Its level re the whole sound.
    """

    hz: float
    level_db: float


@dataclass(frozen=True)
class NoisePortrait:
    """A noise, while it is on.

    Attributes:
        sample_rate_hz: Rate at which it was looked at: nothing lies above half of it.
        seconds: How much of it was looked at.
        sounds: In how many stretches.
        on: Share of the time in which it is on, 0 to 1.
        third_octaves_db: Nominal centre in Hz, and level re the whole sound in dB, of each third octave.
        lines: Its strongest lines, the strongest first.
        envelope_db: Level in stretches of 20 ms re the whole sound in dB, of the first seconds.
        rhythm: Nominal centre in Hz, and modulation index of the envelope, of each third octave from 0.5 to 30 Hz;
            empty for a sound too short for it.
        swing_hz: Frequency at which the envelope swings most, in the band with the largest index; None where no rhythm
            is told.
    """

    sample_rate_hz: int
    seconds: float
    sounds: int
    on: float
    third_octaves_db: tuple[tuple[float, float], ...]
    lines: tuple[Line, ...]
    envelope_db: tuple[float, ...]
    rhythm: tuple[tuple[float, float], ...]
    swing_hz: float | None


@dataclass(frozen=True)
class DecayPortrait:
    """How sound dies away in one place of a room.

    Attributes:
        name: Of the place.
        step_s: Time between two points of the curves.
        curve_db: The backward-integrated decay (Schroeder), re the whole energy.
        energy_db: Energy in each step re that of the strongest.
        t30_s: Time to fall by 60 dB; None if the response does not have the range for it.
        t30_range: ``"T30"`` or ``"T20"``: the range in which it was measured.
        c50_db: Clarity.
        drr_db: Direct to reverberant energy.
    """

    name: str
    step_s: float
    curve_db: tuple[float, ...]
    energy_db: tuple[float, ...]
    t30_s: float | None
    t30_range: str | None
    c50_db: float | None
    drr_db: float | None


def band_centres_hz(sample_rate_hz: int) -> list[float]:
    """Exact centres of the third octaves that lie below half a sample rate, from 25 Hz to 20 kHz.

    Reference: IEC 61260-1:2014, base 10.

    Example:
        >>> [round(centre, 1) for centre in band_centres_hz(8000)][-2:]
        [2511.9, 3162.3]
    """
    centres = [1000 * 10 ** (0.1 * k) for k in range(LOWEST_BAND, HIGHEST_BAND + 1)]
    return [centre for centre in centres if centre * THIRD_OCTAVE_EDGE <= sample_rate_hz / 2]


def nominal_hz(centre_hz: float) -> float:
    """The name of a third octave: its centre to two digits, or 31.5, 63, 125, 315 ... as engravers have it.

    Example:
        >>> [nominal_hz(1000 * 10 ** (0.1 * k)) for k in (-16, -15, -12, -9, 0, 1, 13)]
        [25.0, 31.5, 63.0, 125.0, 1000.0, 1250.0, 20000.0]
    """
    decade = 10.0 ** math.floor(math.log10(centre_hz) + 1e-9)
    names = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
    return float(f"{decade * names[round(10 * math.log10(centre_hz / decade)) % 10]:.6g}")


def third_octave_powers(frequency_hz: NDArray[np.float64], density: NDArray[np.float64], sample_rate_hz: int) -> Signal:
    """Power in each third octave, shape (b,), from a power density.

    A bin of the density is as wide as the distance to the next, and counts with the part of it that lies in the band.

    Args:
        frequency_hz: Evenly spaced from 0, shape (m,).
        density: Power in 1 Hz, shape (m,).
        sample_rate_hz: Samples a second.

    Example:
        White noise: 10 lg of a band's share of all frequencies.

        >>> flat = third_octave_powers(np.arange(8001.0), np.ones(8001), 16000)
        >>> round(float(flat[16]) / (1000 * (10**0.05 - 10**-0.05)), 6)  # the band around 1 kHz
        1.0
    """
    width = float(frequency_hz[1])
    edges = (np.arange(density.size + 1) - 0.5) * width
    total = np.concatenate([[0.0], np.cumsum(density * width)])
    centres = np.array(band_centres_hz(sample_rate_hz))
    upper = np.interp(centres * THIRD_OCTAVE_EDGE, edges, total)
    return np.asarray(upper - np.interp(centres / THIRD_OCTAVE_EDGE, edges, total))


def noise_portrait(
    sounds: list[tuple[Signal, NDArray[np.bool_] | None]], sample_rate_hz: int, most_s: float = math.inf
) -> NoisePortrait:
    """A noise as it is drawn: the mean of several stretches; envelope and rhythm are those of the first.

    Args:
        sounds: Samples of each stretch, shape (n,), and where they are on, shape (n,), or None for always; they are not
            all silent, and at least 0.1 s long.
        sample_rate_hz: Samples a second.
        most_s: How much of each stretch is looked at.

    Example:
        >>> t = np.arange(64000) / 16000
        >>> swing = (1 + 0.5 * np.sin(2 * np.pi * 4 * t)) ** 0.5  # of the power, by half of it
        >>> seen = noise_portrait([(swing * np.random.default_rng(1).standard_normal(t.size), None)], 16000)
        >>> seen.swing_hz, round(dict(seen.rhythm)[4.0], 1)
        (4.0, 0.5)
    """
    heard = [_heard(sound, on, round(min(most_s, 1e6) * sample_rate_hz)) for sound, on in sounds]
    frame = min(alone.size for _, alone, _ in heard)
    spectra = [mean_density(alone, sample_rate_hz, frame) for _, alone, _ in heard]
    frequency, density = spectra[0][0], np.mean([density for _, density in spectra], axis=0)
    whole = float(np.sum(density) * frequency[1])
    bands = third_octave_powers(frequency, density, sample_rate_hz)
    levels = [_re(float(band), whole) for band in bands]
    first = heard[0][0]
    powers = _frame_powers(first, sample_rate_hz, FRAME_S)
    rhythm, swing_hz = modulation(powers, FRAME_S)
    level = power(heard[0][1])
    shown = _frame_powers(first[: round(LONGEST_SHOWN_S * sample_rate_hz)], sample_rate_hz, SHOWN_S)
    return NoisePortrait(
        sample_rate_hz,
        round(sum(sound.size for sound, _, _ in heard) / sample_rate_hz, 3),
        len(heard),
        round(float(np.mean([share for _, _, share in heard])), 3),
        tuple(zip(map(nominal_hz, band_centres_hz(sample_rate_hz)), levels, strict=True)),
        _lines(frequency, density, whole, sum(alone.size for _, alone, _ in heard) // frame),
        tuple(_re(float(value), level) for value in shown),
        rhythm,
        swing_hz,
    )


def _heard(sound: Signal, on: NDArray[np.bool_] | None, samples: int) -> tuple[Signal, Signal, float]:
    """A stretch, what of it is on, and how much of the time that is."""
    sound = sound[:samples]
    if on is None or not on[:samples].any():
        return sound, sound, 1.0
    return sound, sound[on[:samples]], float(np.mean(on[:samples]))


def _re(value: float, whole: float) -> float:
    """A power re another in dB, to a tenth."""
    return round(max(db(value / whole), FAINTEST_DB), 1) + 0.0 if value > 0 and whole > 0 else FAINTEST_DB


def _frame_powers(sound: Signal, sample_rate_hz: int, frame_s: float) -> Signal:
    """Mean square in frames one after the other, shape (k,)."""
    size = max(1, round(frame_s * sample_rate_hz))
    whole = sound[: sound.size // size * size].reshape(-1, size)
    return np.asarray(np.mean(whole * whole, axis=1))


def modulation(powers: Signal, frame_s: float) -> tuple[tuple[tuple[float, float], ...], float | None]:
    """The rhythm of an envelope of power, and the frequency at which it swings most.

    That frequency lies in the band with the largest index.

    A power of P (1 + m cos(2 pi f t)) has the modulation index m at f. In general the index of a band is the root of
    twice the variance of P(t) / mean(P) in that band: for a single swing this is m.

    Args:
        powers: Mean squares in frames one after the other, shape (k,).
        frame_s: Length of a frame.

    Returns:
        Frequency in Hz and index of each third octave from 0.5 to 30 Hz; nothing of a sound shorter than 2 s.

    Reference: Houtgast and Steeneken, JASA 77 (1985), 1069-1077: modulation index of the intensity envelope.
    """
    mean = float(np.mean(powers)) if powers.size else 0.0
    if powers.size * frame_s < LEAST_S or mean <= 0:
        return (), None
    window = np.hanning(powers.size + 1)[:-1]
    spectrum = np.abs(scipy.fft.rfft((powers / mean - 1) * window)) ** 2
    # Parseval, one-sided: the variance in a bin is 2 |X|^2 / (N sum w^2); twice that again is the square of the index.
    square = 4 * spectrum / (powers.size * float(np.sum(window * window)))
    frequency = scipy.fft.rfftfreq(powers.size, frame_s)
    slow = (frequency >= SLOWEST_HZ) & (frequency <= FASTEST_HZ)
    found, most, swing_hz = [], -1.0, None
    for centre in RHYTHM_BANDS:
        inside = (frequency >= centre / THIRD_OCTAVE_EDGE) & (frequency < centre * THIRD_OCTAVE_EDGE)
        index = round(math.sqrt(float(np.sum(square[inside]))), 3)
        found.append((nominal_hz(centre), index))
        if index > most and (inside & slow).any():
            most, swing_hz = index, round(float(frequency[np.argmax(np.where(inside & slow, square, -1.0))]), 1)
    return tuple(found), swing_hz


def line_db(bins: int, frames: int) -> float:
    """How far a line must stand above the median of its surroundings, in dB.

    In the mean of k spectra of Gaussian noise, a bin has a gamma distribution of shape k: of many bins, some stand far
    above the median by chance.

    Args:
        bins: How many there are.
        frames: Spectra that were averaged, without overlap.

    Example:
        >>> round(line_db(8000, 1), 1), line_db(8000, 10)
        (13.6, 9.0)
    """
    chance = scipy.special.gammainccinv(frames, LINE_CHANCE / bins) / scipy.special.gammaincinv(frames, 0.5)
    return max(LINE_DB, db(float(chance)))


def _lines(frequency: NDArray[np.float64], density: NDArray[np.float64], whole: float, frames: int) -> tuple[Line, ...]:
    """The strongest lines: peaks that stand out of their surroundings."""
    width, found = float(frequency[1]), list[Line]()
    least = 10 ** (line_db(frequency.size, frames) / 10)
    if whole <= 0:
        return ()
    for place in np.argsort(-density[20:-1], kind="stable")[:400] + 20:
        if density[place] < max(density[place - 1], density[place + 1]):
            continue
        reach = max(LEAST_REACH, int(place * (2**LINE_OCTAVES - 1)))
        around = float(np.median(density[max(1, place - reach) : place + reach + 1]))
        near = any(abs(line.hz - frequency[place]) < 4 * width for line in found)
        if density[place] > around * least and not near:
            # Under a Hann window a line fills the bin at its peak and the two beside it.
            held = float(np.sum(density[place - 1 : place + 2])) * width
            found.append(Line(round(float(frequency[place]), 1), _re(held, whole)))
        if len(found) == MOST_LINES:
            break
    return tuple(sorted(found, key=lambda line: (-line.level_db, line.hz)))


def decay_portrait(
    name: str, response: Signal, sample_rate_hz: int, found: Decay, measures: RoomMeasures
) -> DecayPortrait:
    """The decay of a response as it is drawn.

    Args:
        name: Of the place.
        response: From the direct sound on, shape (k,).
        sample_rate_hz: Samples a second.
        found: Its decay.
        measures: What was measured of it.

    Example:
        >>> from augment.acoustics.room import room_measures, whole_decay
        >>> click = 10.0 ** (-3 * np.arange(16000) / 8000)  # 60 dB in half a second
        >>> whole = whole_decay(click)
        >>> seen = decay_portrait("1", click, 16000, whole, room_measures(click, 0, 16000, whole))
        >>> seen.t30_s, seen.curve_db[0], round(seen.curve_db[100] / seen.step_s / 100)
        (0.5, 0.0, -120)
    """
    curve = energy_decay_db(response, found)
    last = int(np.argmax(curve < DECAY_SHOWN_DB)) or curve.size
    step = max(1, -(-last // DECAY_POINTS))
    energy = response[:last] * response[:last]
    steps = np.add.reduceat(energy, np.arange(0, last, step))
    loudest = float(np.max(steps))
    return DecayPortrait(
        name,
        step / sample_rate_hz,
        tuple(round(float(value), 1) + 0.0 for value in curve[:last:step]),
        tuple(_re(float(value), loudest) for value in steps),
        _rounded(measures.t30_s, 3),
        measures.t30_range,
        _rounded(measures.c50_db, 1),
        _rounded(measures.drr_db, 1),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits) + 0.0
