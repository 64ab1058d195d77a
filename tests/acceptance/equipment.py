"""Equipment noise: hum, rooms at NC contours, alarms; measured with scipy against tables."""

from pathlib import Path

import numpy as np
import scipy

from acceptance import Figure
from augment.acoustics import colour
from augment.acoustics import synthesis as synth
from augment.acoustics.colour import nc_density
from augment.profiles.library import Library
from augment.streams import generator

# Octave-band levels of the NC contours in dB SPL, 63 Hz to 8 kHz (Crystal Instruments, checked against cmuse.org).
OCTAVES = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
NC = {
    15: (47, 36, 29, 22, 17, 14, 12, 11),
    20: (51, 40, 33, 26, 22, 19, 17, 16),
    25: (54, 44, 37, 31, 27, 24, 22, 21),
    30: (57, 48, 41, 35, 31, 29, 28, 27),
    35: (60, 52, 45, 40, 36, 34, 33, 32),
    40: (64, 56, 50, 45, 41, 39, 38, 37),
    45: (67, 60, 54, 49, 46, 44, 43, 42),
    50: (71, 64, 58, 54, 51, 49, 48, 47),
    55: (74, 67, 62, 58, 56, 54, 53, 52),
    60: (77, 71, 67, 63, 61, 59, 58, 57),
}
# IEC 60601-1-8, as secondary sources give it: pulses, length of a pulse, ordinary gaps, interval between bursts.
PRIORITIES = {
    "high": (10, (0.075, 0.2), (0.05, 0.125), (2.5, 15)),
    "medium": (3, (0.125, 0.25), (0.125, 0.25), (2.5, 30)),
    "low": (2, (0.125, 0.25), (0.125, 0.25), (15, 60)),
}
HIGH_HALVES, RISE_SHARE = (0.35, 1.3), (0.1, 0.2)
# What the bundled alarms are to be: length of a pulse, gaps, interval, pulse frequencies, levels of the partials.
ALARMS = {
    "high": (0.15, (0.1, 0.1, 0.35, 0.1, 0.6, 0.1, 0.1, 0.35, 0.1), 3.0, (523.3,), (0, -2, -4, -7, -9, -12, -14)),
    "medium": (0.2, (0.2, 0.2), 5.0, (440,), (0, -2, -4, -7, -9, -12, -14, -18)),
    "low": (0.2, (0.2,), 16.0, (392, 329.6), (0, -3, -6, -9, -12, -15)),
}
# Partials of devices in intensive care (PLoS ONE 2020, e0235287, table 1).
DEVICES = {
    "nicu_monitor_alarm": (960, 2880),
    "nicu_monitor_alarm_medium": (1440, 480, 960, 1920),
    "syringe_pump": (2761,),
    "ventilator_alarm": (384, 1173, 783),
    "infusion_pump": (2200, 550, 1100, 1650),
}
RATE = 16000


def _streams(name: str) -> np.random.Generator:
    return generator("acceptance", name)


def _profile(name: str, seconds: float, rate: int, lead: int = 0) -> np.ndarray:
    profile = Library(Path()).noise_profile(name)
    steady = (True,) * len(profile.components)  # what counts as on is of no interest here
    return profile.render(round(seconds * rate), rate, _streams, steady, lead)[0]


def _worst(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Of pairs of reference and ours, the one furthest apart."""
    return max(pairs, key=lambda pair: abs(pair[1] - pair[0]))


def a11_hum() -> list[Figure]:
    """Line frequency, harmonic levels, phase and purity of mains hum."""
    figures = []
    for line in (50, 60):
        levels = {1: 0, 2: -6, 3: -6, 4: -15, 5: -10, 7: -14, 9: -18}
        lead = 4 * RATE
        turns = synth.turned(16 * RATE, RATE, _streams, float(line), lead=lead)
        hum = synth.harmonics(turns, RATE, _streams, float(line), levels)
        slope, jump = _phase(hum, line)
        figures += [
            Figure(f"mains hum {line} Hz: frequency over {hum.size // RATE} s", line, slope, 0.01, "Hz"),
            Figure(f"mains hum {line} Hz: largest phase step within a period, lead and all", 0, jump, 0.1, "degrees"),
        ]
        time = np.arange(hum.size) / RATE
        columns = [f(2 * np.pi * line * n * time) for n in levels for f in (np.cos, np.sin)]
        fitted, *_ = scipy.linalg.lstsq(np.stack(columns, axis=1), hum)
        found = 10 * np.log10(np.sum(fitted.reshape(-1, 2) ** 2, axis=1) / 2)
        wanted, ours = _worst(list(zip(levels.values(), found, strict=True)))
        figures.append(Figure(f"mains hum {line} Hz: level of a harmonic", wanted, ours, 0.1, "dB"))
        figures.append(
            Figure(f"mains hum {line} Hz: highest line elsewhere", 0, _elsewhere(hum, line, levels), 10 ** (-70 / 20))
        )
        slope, _ = _phase(_profile(f"mains_hum_{line}", 300, RATE), line)
        figures.append(
            Figure(f"profile mains_hum_{line}: mean frequency over 300 s, with drift", line, slope, 0.05, "Hz")
        )
    return figures


def _phase(hum: np.ndarray, line: int) -> tuple[float, float]:
    """Frequency from the slope of the phase, and the largest step off that slope from one period to the next."""
    period = RATE * 3 // line if line == 60 else RATE // line  # whole samples: three periods of 60 Hz, one of 50 Hz
    frames = hum[: hum.size // period * period].reshape(-1, period)
    turning = np.exp(-2j * np.pi * line * np.arange(period) / RATE)
    phase = np.unwrap(np.angle(frames @ turning))
    slope, start = np.polyfit(np.arange(phase.size), phase, 1)
    off = phase - slope * np.arange(phase.size) - start
    return line + slope / (2 * np.pi) * RATE / period, float(np.degrees(np.abs(np.diff(off)).max()))


def _elsewhere(hum: np.ndarray, line: int, levels: dict[int, float]) -> float:
    """Height of the highest spectral line that is no harmonic, over the strongest harmonic."""
    spectrum = np.abs(scipy.fft.rfft(hum * scipy.signal.windows.blackmanharris(hum.size)))
    frequency = scipy.fft.rfftfreq(hum.size, 1 / RATE)
    far = np.ones(frequency.size, dtype=bool)
    for number in levels:
        far &= np.abs(frequency - number * line) > 0.5
    return float(spectrum[far].max() / spectrum.max())


def _octaves_db(noise: np.ndarray, rate: int) -> np.ndarray:
    power = np.abs(scipy.fft.rfft(noise)) ** 2 * 2 / noise.size**2
    frequency = scipy.fft.rfftfreq(noise.size, 1 / rate)
    bands = [(frequency >= c / 2**0.5) & (frequency < c * 2**0.5) for c in OCTAVES]
    return np.array([10 * np.log10(power[band].sum()) for band in bands])


def _rating(levels: np.ndarray) -> float:
    """NC by the rule of the highest band: the contour that the band standing out most touches."""
    values = list(NC)
    return max(
        float(scipy.interpolate.interp1d([NC[v][band] for v in values], values, fill_value="extrapolate")(level))
        for band, level in enumerate(levels)
    )


def a14_nc_rooms() -> list[Figure]:
    """Octave levels of rooms against the NC table, and their rating by the highest band."""
    rate, figures = 24000, []
    rooms = {f"NC-{value}": value for value in NC} | {"profile nc40_room": 40}
    for name, value in rooms.items():
        if name.startswith("profile"):
            noise = _profile(name.split()[1], 180, rate)
        else:
            noise = colour.noise(180 * rate, lambda stream, name=name: generator(name, stream), nc_density(value, rate))
        found = _octaves_db(noise, rate)
        wanted, ours = _worst(list(zip(NC[value], found, strict=True)))
        figures.append(Figure(f"{name}: octave level", wanted, ours, 0.5, "dB SPL"))
        figures.append(Figure(f"{name}: rating by the highest band", value, _rating(found), 1.0, "NC"))
    return figures


def a15_alarms() -> list[Figure]:
    """Times at the 90 % points, frequencies and levels of the bundled alarms."""
    figures = []
    for priority, (pulse, gaps, interval, frequencies, levels) in ALARMS.items():
        name = f"alarm_{priority}"
        sound = _profile(name, 45, RATE)
        up, down, rises = _edges(sound, frequencies, pulse)
        lengths, between = down - up, up[1:] - down[:-1]
        breaks = np.flatnonzero(between > 2)  # longer than any gap inside of a burst
        burst = np.arange(breaks[0] + 1, breaks[1] + 1) if breaks.size > 1 else np.arange(breaks[0] + 1)
        counted, gap_limits = PRIORITIES[priority][0], PRIORITIES[priority][2]
        inside = between[burst[:-1]]
        pauses = [(interval, float(pause)) for pause in between[breaks]]
        spans = [(pulse, float(x)) for x in lengths[burst]] + [*zip(gaps, inside, strict=True), *pauses]
        figures.append(Figure(f"{name}: pulses in a burst", counted, burst.size, 0))
        figures.append(Figure(f"{name}: length, gap or interval at 90 %", *_worst(spans), 0.005, "s"))
        limits = [(x, PRIORITIES[priority][1]) for x in lengths[burst]] + [
            (p, PRIORITIES[priority][3]) for _, p in pauses
        ]
        limits += [(r / pulse, RISE_SHARE) for r in rises[burst]]
        for place, gap in enumerate(inside, 1):
            if priority == "high" and place in (3, 8):
                limits.append((gap, (2 * inside[0] + pulse - 0.005, 2 * inside[0] + pulse + 0.005)))
            else:
                limits.append((gap, HIGH_HALVES if priority == "high" and place == 5 else gap_limits))
        figures.append(
            Figure(f"{name}: times outside of the standard's", 0, sum(not a <= x <= b for x, (a, b) in limits), 0)
        )
        figures += _pulse_figures(name, sound, (up, down), burst, frequencies, levels)
    for name, partials in DEVICES.items():
        found = [(0.0, 100 * (_peak_hz(_profile(name, 10, RATE), RATE, f) / f - 1)) for f in partials]
        figures.append(Figure(f"{name}: frequency of a partial, off by", *_worst(found), 0.5, "%"))
    return figures


def _edges(sound: np.ndarray, pitches: tuple[float, ...], pulse: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times at which pulses have risen to 90 % and fallen to it, and their rise times, from the Hilbert envelope."""
    # The first partial only, as several beat against each other.
    middle_hz, half_hz = np.mean(pitches), 0.37 * min(pitches)
    sos = scipy.signal.butter(3, [middle_hz - half_hz, middle_hz + half_hz], "bandpass", fs=RATE, output="sos")
    envelope = np.abs(scipy.signal.hilbert(scipy.signal.sosfiltfilt(sos, sound)))
    above = envelope > 0.5 * envelope.max()
    starts = np.flatnonzero(above[1:] & ~above[:-1])
    starts = starts[(starts > RATE * 0.2) & (starts < sound.size - RATE * 0.5)]  # whole pulses
    up, down, rises = [], [], []
    for start in starts:
        middle = start + round(pulse * RATE / 2)
        height = np.median(envelope[middle - 200 : middle + 200])
        up.append(_crossing(envelope, middle, -1, 0.9 * height))
        down.append(_crossing(envelope, middle, 1, 0.9 * height))
        rises.append(up[-1] - _crossing(envelope, middle, -1, 0.1 * height))
    return np.array(up), np.array(down), np.array(rises)


def _crossing(envelope: np.ndarray, place: int, step: int, height: float) -> float:
    """Time at which an envelope falls below a height for 5 ms, going from a place in steps of 1 or -1."""
    low = envelope[place::step][: round(0.4 * RATE)] < height
    first = int(np.flatnonzero(low)[0])
    a, b = envelope[place + step * (first - 1)], envelope[place + step * first]
    return float(place + step * (first - 1 + (a - height) / (a - b))) / RATE


def _pulse_figures(name, sound, edges, burst, frequencies, levels) -> list[Figure]:
    """Frequencies and levels of the partials in every pulse of a burst."""
    figures, off, spread, heights = [], [], [], []
    for place, number in enumerate(burst):
        low, high = (round(edge[number] * RATE) for edge in edges)
        piece = sound[low + 160 : high - 160]
        own = frequencies[place % len(frequencies)]
        off += [(0.0, 100 * (_peak_hz(piece, RATE, own * n) / (own * n) - 1)) for n in range(1, len(levels) + 1)]
        time = np.arange(piece.size) / RATE
        columns = [f(2 * np.pi * own * n * time) for n in range(1, len(levels) + 1) for f in (np.cos, np.sin)]
        fitted, *_ = scipy.linalg.lstsq(np.stack(columns, axis=1), piece)
        found = 10 * np.log10(np.sum(fitted.reshape(-1, 2) ** 2, axis=1) / 2)
        heights += list(zip(levels, found, strict=True))
        largest = np.sort(found)[-4:]
        spread.append(float(largest[-1] - largest[0]))
    figures.append(Figure(f"{name}: frequency of a partial, off by", *_worst(off), 0.5, "%"))
    figures.append(Figure(f"{name}: level of a partial", *_worst(heights), 0.5, "dB"))
    figures.append(Figure(f"{name}: four largest, more than 15 dB apart by", 0, max(0.0, max(spread) - 15), 0.5, "dB"))
    return figures


def _peak_hz(piece: np.ndarray, rate: int, near_hz: float) -> float:
    """Frequency of the spectral peak within 3 % of a frequency, by a parabola through its top."""
    size = 1 << 20
    spectrum = np.abs(scipy.fft.rfft(piece * np.hanning(piece.size), size))
    frequency = scipy.fft.rfftfreq(size, 1 / rate)
    inside = np.flatnonzero(np.abs(frequency / near_hz - 1) < 0.03)
    top = inside[np.argmax(spectrum[inside])]
    a, b, c = np.log(spectrum[top - 1 : top + 2])
    return float((top + 0.5 * (a - c) / (a - 2 * b + c)) * rate / size)
