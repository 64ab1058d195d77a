"""Microphones and overload, against figures measured on the ITU's software, nominal tables, masks and physics."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import scipy.signal

from acceptance import Figure
from augment.acoustics.filters import minimum_phase_fir
from augment.perturb.microphone.overload import Overload
from augment.perturb.microphone.self_noise import SelfNoise
from augment.profiles.library import Library, bundled_names
from augment.scene import Block, Draw, Scene, Stem, Weighting

HERE = Path(__file__).resolve().parent
RATES = (8000, 16000, 48000)
MEASURED = {
    "itu_p48_handset": "IRS",
    "itu_p830_handset": "MODIRS_SEND16",
    "itu_p830_handset_48k": "MODIRS_SEND48",
    "itu_hirs_handset": "HIRS16",
    "mobile_msin": "MSIN16",
    "itu_p341": "P341_16",
    "itu_g712_channel": "PCM1_G712_16",
}
# Nominal sending sensitivities as tabulated in the manual of ITU-T G.191.
P48 = {
    100: -45.8, 125: -36.1, 160: -25.6, 200: -19.2, 250: -14.3, 300: -11.3, 315: -10.8, 400: -8.4, 500: -6.9,
    600: -6.3, 630: -6.1, 800: -4.9, 1000: -3.7, 1250: -2.3, 1600: -0.6, 2000: 0.3, 2500: 1.8, 3000: 1.5, 3150: 1.8,
    3500: -7.3,
}  # fmt: skip
P830 = {
    100: -31.7, 125: -24.7, 160: -17.2, 200: -13.3, 250: -10.3, 300: -8.5, 315: -8.3, 400: -7.0, 500: -6.3, 600: -6.0,
    630: -5.9, 800: -4.9, 1000: -3.7, 1250: -2.3, 1600: -0.5, 2000: 0.1, 2500: 1.3, 3000: 2.0, 3150: 2.1, 3500: -0.3,
    4000: -3.5, 5000: -9.0,
}  # fmt: skip
# IEC 61672-1: A-weighting at the nominal third-octave frequencies.
A_WEIGHTING = {
    20: -50.5, 25: -44.7, 31.5: -39.4, 40: -34.6, 50: -30.2, 63: -26.2, 80: -22.5, 100: -19.1, 125: -16.1, 160: -13.4,
    200: -10.9, 250: -8.6, 315: -6.6, 400: -4.8, 500: -3.2, 630: -1.9, 800: -0.8, 1000: 0.0, 1250: 0.6, 1600: 1.0,
    2000: 1.2, 2500: 1.3, 3150: 1.2, 4000: 1.0, 5000: 0.5, 6300: -0.1, 8000: -1.1, 10000: -2.5, 12500: -4.3,
    16000: -6.6, 20000: -9.3,
}  # fmt: skip
MASKS = {
    # Android Compatibility Definition 5.4.7: within 3 dB from 100 to 4000 Hz.
    "phone_android": ({100: 3, 4000: 3}, {100: -3, 4000: -3}),
    # 3GPP TS 26.131, Table 13 (wideband, hand-held hands-free, sending): straight lines over log f.
    "phone_handsfree": ({100: 0, 200: 5, 8000: 5}, {200: -5, 5000: -5, 6300: -10}),
}


@cache
def taps_of(name: str, rate: int) -> np.ndarray:
    frequency, level = Library(HERE).microphone(name).table()
    return minimum_phase_fir(frequency, level, rate)


def magnitude_db(taps: np.ndarray, rate: int, at_hz: np.ndarray) -> np.ndarray:
    """By the definition of the Fourier transform."""
    waves = np.exp(-2j * np.pi * np.outer(at_hz, np.arange(taps.size)) / rate)
    return 20 * np.log10(np.abs(waves @ taps))


@cache
def measured(column: str) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and dB re 1 kHz of a filter of the ITU's software library."""
    data = json.loads((HERE.parent / "data" / "itu_responses.json").read_text())
    level = np.array([np.nan if v is None else v for v in data["response_db"][column]])
    frequency = 1000 * 10 ** (0.3 * np.array(data["k"]) / 12)
    known = np.isfinite(level)
    return frequency[known], (level - level[data["k"].index(0)])[known]


def worst(what: str, places: np.ndarray, reference: np.ndarray, ours: np.ndarray, tolerance: float) -> Figure:
    at = int(np.argmax(np.abs(ours - reference)))
    return Figure(f"{what}, worst at {places[at]:.0f} Hz", float(reference[at]), float(ours[at]), tolerance, "dB")


def a06_microphone_responses() -> list[Figure]:
    figures = []
    for name, column in MEASURED.items():
        frequency, wanted = measured(column)
        places, reference, ours = [], [], []
        for rate in RATES:
            inside = frequency < 0.475 * rate
            places.append(frequency[inside])
            reference.append(wanted[inside])
            ours.append(magnitude_db(taps_of(name, rate), rate, frequency[inside]))
        f, r, o = (np.concatenate(parts) for parts in (places, reference, ours))
        strong, weak = r >= -30, (r < -30) & (r >= -50)
        figures.append(worst(f"{name} to -30 dB", f[strong], r[strong], o[strong], 0.2))
        if weak.any():
            figures.append(worst(f"{name} to -50 dB", f[weak], r[weak], o[weak], 1.0))
    for name, table in (("itu_p48_handset", P48), ("itu_p830_handset", P830), ("itu_p830_handset_48k", P830)):
        f, nominal = np.array(list(table), dtype=float), np.array(list(table.values()))
        found = magnitude_db(taps_of(name, 16000), 16000, f)
        offset = ((found - nominal).max() + (found - nominal).min()) / 2
        figures.append(worst(f"{name} re nominal, best offset", f, nominal, found - offset, 0.5))
    return figures


def a07_masks() -> list[Figure]:
    figures = []
    for name, (upper, lower) in MASKS.items():
        rate = 48000
        excess = []
        for limits, sign in ((upper, 1), (lower, -1)):
            edge = np.log(np.array(list(limits), dtype=float))
            at = np.linspace(edge[0], edge[-1], 500)
            limit = np.interp(at, edge, list(limits.values()))
            excess.append(float(np.max(sign * (magnitude_db(taps_of(name, rate), rate, np.exp(at)) - limit))))
        # The best offset leaves the same excess above and below.
        figures.append(Figure(f"{name}, beyond its mask at the best offset", 0.0, max(0.0, sum(excess) / 2), 0.0, "dB"))
    return figures


def a08_minimum_phase() -> list[Figure]:
    figures = []
    for rate in RATES:
        size = 1 << 17 if rate < 48000 else 1 << 19
        frequency = np.arange(size) * rate / size
        checked = (frequency >= 200) & (frequency <= min(6000, 0.45 * rate))
        phases, outside = {}, {}
        for name in sorted(bundled_names("microphone")):
            response = np.fft.fft(taps_of(name, rate), size)
            minimum = -np.imag(scipy.signal.hilbert(np.log(np.abs(response))))
            phases[name] = np.rad2deg(np.abs(np.angle(response * np.exp(-1j * minimum))))[checked].max()
            # Zeros outside of the unit circle are turns of the response around the origin.
            outside[name] = abs(round(np.angle(np.roll(response, -1) / response).sum() / (2 * np.pi)))
        name = max(phases, key=lambda n: phases[n])
        figures.append(Figure(f"phase re minimum phase at {rate} Hz, worst: {name}", 0.0, phases[name], 2.0, "degrees"))
        figures.append(Figure(f"zeros outside the unit circle at {rate} Hz", 0, sum(outside.values()), 0))
    return figures


def silent_scene(seconds: float, rate: int, full_scale_dbspl: float) -> Scene:
    speech = Stem.of(np.zeros(round(seconds * rate)), rate)
    definition = Weighting((100.0, min(7000.0, 0.45 * rate)))
    return Scene(
        speech=speech, noises=(), sample_rate_hz=rate, snr=definition, full_scale_dbspl=full_scale_dbspl
    )  # fmt: skip


def draw() -> Draw:
    return Draw((1, "block 0", "device", "microphone", "step"), Library(HERE), Block(0, 48000 * 20))


def a_weighted_dbov(signal: np.ndarray, rate: int) -> float:
    power = np.abs(np.fft.rfft(signal)) ** 2 / signal.size**2 * 2
    frequency = np.fft.rfftfreq(signal.size, 1 / rate)
    heard = frequency >= 20
    weight = np.interp(np.log(frequency[heard]), np.log(list(A_WEIGHTING)), list(A_WEIGHTING.values()))
    return float(10 * np.log10(np.sum(power[heard] * 10 ** (weight / 10))))


def distortion(level_dbspl: float, aop_dbspl: float, full_scale_dbspl: float) -> float:
    """THD in % of a 1 kHz sine through the step."""
    rate = 48000
    sine = (
        np.sqrt(2) * 10 ** ((level_dbspl - full_scale_dbspl) / 20) * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    )
    scene = Scene(
        speech=Stem.of(sine, rate), noises=(), sample_rate_hz=rate, snr=Weighting(),
        full_scale_dbspl=full_scale_dbspl,
    )  # fmt: skip
    step = Overload(kind="overload", aop_dbspl=aop_dbspl)
    heard = np.abs(np.fft.rfft(step.apply(scene.mixed_down(), draw()).mixture()))
    harmonics = heard[2000:20001:1000]
    return float(100 * np.sqrt(np.sum(harmonics**2)) / heard[1000])


def a18_self_noise_and_overload() -> list[Figure]:
    figures = []
    for rate in RATES:
        step = SelfNoise(kind="self_noise", ein_dba=33.0)
        after = step.apply(silent_scene(10, rate, 112.0), draw())
        ours = a_weighted_dbov(after.mixture(), rate) + 112.0
        figures.append(Figure(f"self-noise at {rate} Hz", 33.0, ours, 0.5, "dB SPL(A)"))
    for aop in (103.0, 120.0):
        figures.append(Figure(f"THD at 94 dB SPL, AOP {aop:g}", 0.0, distortion(94.0, aop, 112.0), 1.0, "%"))
        figures.append(Figure(f"THD at the AOP {aop:g}", 10.0, distortion(aop, aop, 112.0), 2.0, "%"))
    return figures
