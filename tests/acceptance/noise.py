"""Noise spectra, weighting, resampling, loudness, and what no file may have: measured without the product's meters."""

import librosa
import numpy as np
import scipy.signal
import soxr
from numpy.typing import NDArray

import augment
from acceptance import Figure
from augment.acoustics.colour import BYRNE_LTASS_DB, colour_density, noise, third_octave_density
from augment.acoustics.loudness import integrated_loudness_lufs
from augment.acoustics.resample import resample
from augment.acoustics.spectrum import weigh
from augment.streams import generator

SECONDS = 120
Samples = NDArray[np.float64]

# Byrne et al. 1994, JASA 96:2108: third octaves from 100 Hz to 6.3 kHz, dB SPL for 70 dB SPL.
BYRNE_DB = [
    54.4, 57.7, 56.8, 60.2, 60.3, 59.0, 62.1, 62.1, 60.5, 56.8, 53.7, 53.0, 52.0, 48.7, 48.1, 46.8, 45.6, 44.5, 44.3,
]  # fmt: skip
# IEC 61672-1: A-weighting at third octaves from 63 Hz to 16 kHz.
A_WEIGHTING_DB = [
    -26.2, -22.5, -19.1, -16.1, -13.4, -10.9, -8.6, -6.6, -4.8, -3.2, -1.9, -0.8, 0.0, 0.6, 1.0, 1.2, 1.3, 1.2, 1.0,
    0.5, -0.1, -1.1, -2.5, -4.3, -6.6,
]  # fmt: skip


def _centres_hz(first: int, count: int) -> Samples:
    """Exact third-octave centres; number 0 is 1 kHz."""
    return 1000 * 10 ** ((first + np.arange(count)) / 10)


def _bands_db(signal: Samples, rate: int, centres: Samples) -> Samples:
    """Third-octave levels from Welch's periodogram."""
    frequency, density = scipy.signal.welch(signal, rate, nperseg=2 * rate)
    step = frequency[1] - frequency[0]
    sums = [density[(frequency >= c * 10**-0.05) & (frequency < c * 10**0.05)].sum() * step for c in centres]
    return 10 * np.log10(np.array(sums))


def _worst(what: str, reference: Samples, ours: Samples, tolerance: float, unit: str, at_hz: Samples) -> Figure:
    place = int(np.argmax(np.abs(ours - reference)))
    return Figure(
        f"{what}, worst at {at_hz[place]:.0f} Hz", float(reference[place]), float(ours[place]), tolerance, unit
    )


def a12_noise_slopes() -> list[Figure]:
    """Slope over 63 Hz to 6.3 kHz, and each third octave against the ideal spectrum."""
    figures = []
    for rate in (16000, 48000):
        for number, (colour, slope) in enumerate((("white", 0.0), ("pink", -3.0103), ("brown", -6.0206))):
            made = noise(SECONDS * rate, lambda name: generator("acceptance", 12, name), colour_density(colour, rate))
            centres = _centres_hz(-12, 21)
            level = _bands_db(made, rate, centres) - 10 * np.log10(centres / 1000)  # per Hz
            found = float(np.polyfit(np.log2(centres / 1000), level, 1)[0])
            figures.append(Figure(f"{colour} noise at {rate} Hz, slope", slope, found, 0.1, "dB/octave"))
            ideal = -10 * number * np.log10(centres / 1000)
            ideal += np.mean(level - ideal)
            figures.append(_worst(f"{colour} noise at {rate} Hz, third octaves", ideal, level, 0.5, "dB", centres))
    return figures


def a13_speech_shaped() -> list[Figure]:
    """Third octaves of speech-shaped noise, 100 Hz to 6.3 kHz."""
    centres, figures = _centres_hz(-10, 19), []
    for rate in (16000, 48000):
        density = third_octave_density(BYRNE_LTASS_DB, rate)
        made = noise(SECONDS * rate, lambda name: generator("acceptance", 13, name), density)
        level = _bands_db(made, rate, centres)
        figures.append(
            _worst(f"speech-shaped noise at {rate} Hz, third octaves", np.array(BYRNE_DB), level, 0.5, "dB", centres)
        )
    return figures


def a16_a_weighting() -> list[Figure]:
    """Sines through the weighting, up to 0.8 of the Nyquist frequency, against the table (rounded to 0.1 dB)."""
    figures = []
    for rate in (8000, 16000, 44100, 48000):
        centres = _centres_hz(-12, 25)
        centres = centres[centres <= 0.4 * rate]
        time = np.arange(4 * rate) / rate
        level = []
        for centre in centres:
            tone = np.sin(2 * np.pi * centre * time)
            heard = weigh(tone, rate, None, a_weighted=True)
            inside = slice(rate, 3 * rate)
            level.append(10 * np.log10(np.mean(heard[inside] ** 2) / np.mean(tone[inside] ** 2)))
        table = np.array(A_WEIGHTING_DB[: centres.size])
        figures.append(_worst(f"A-weighting at {rate} Hz", table, np.array(level), 0.1, "dB", centres))
        outside = librosa.A_weighting(centres, min_db=None)
        figures.append(_worst(f"A-weighting at {rate} Hz, librosa", outside, np.array(level), 0.01, "dB", centres))
    return figures


def _tone(frequency_hz: float, rate: int, seconds: float = 0.5) -> Samples:
    return np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate)


def _middle(signal: Samples) -> Samples:
    return signal[signal.size // 4 : 3 * signal.size // 4]


def a19_resampler() -> list[Figure]:
    """Aliases from 0.55 of the output rate, ripple and delay up to 0.45 of the lower rate, by single tones."""
    figures = []
    for source, target in ((48000, 16000), (44100, 16000), (16000, 8000), (8000, 16000), (16000, 48000)):
        name, lower = f"{source} to {target} Hz", min(source, target)
        if source > target:
            alias = max(
                np.sqrt(2 * np.mean(_middle(resample(_tone(float(f), source), source, target)) ** 2))
                for f in np.linspace(0.55 * target, 0.499 * source, 40)
            )
            figures.append(Figure(f"{name}, largest alias of a full-scale tone", 0.0, float(alias), 1e-4, "full scale"))
        gains, delays = [], []
        passed = np.linspace(0.01, 0.45, 25) * lower
        for frequency in passed:
            out = resample(_tone(float(frequency), source), source, target)
            time = np.arange(out.size) / target
            basis = np.stack([np.sin(2 * np.pi * frequency * time), np.cos(2 * np.pi * frequency * time)], axis=1)
            (sine, cosine), *_ = np.linalg.lstsq(_middle_rows(basis), _middle(out), rcond=None)
            gains.append(20 * np.log10(np.hypot(sine, cosine)))
            delays.append(-np.arctan2(cosine, sine) / (2 * np.pi * frequency) * target)
        zero = np.zeros(passed.size)
        figures.append(_worst(f"{name}, ripple", zero, np.array(gains), 0.05, "dB", passed))
        figures.append(_worst(f"{name}, delay", zero, np.array(delays), 0.01, "samples", passed))
    return figures


def _middle_rows(basis: Samples) -> Samples:
    return basis[len(basis) // 4 : 3 * len(basis) // 4]


def a23_clipping_and_dc() -> list[Figure]:
    """The demo, one utterance of each speaker under all conditions: samples at full scale, and direct current."""
    planned = augment.plan("demo")
    chosen = planned.items.sort("utterance").group_by("speaker", maintain_order=True).first()["utterance"]
    clipped, direct, items = 0, 0.0, 0
    for utterance in chosen:
        for rendered in augment.render_utterance(planned, utterance).values():
            pcm = rendered.pcm.astype(np.int64)
            clipped += int(np.sum((pcm >= 32767) | (pcm <= -32768)))
            direct = max(direct, abs(float(np.mean(pcm))) / 32768)
            items += 1
    return [
        Figure(f"demo, {items} items: samples at full scale", 0, clipped, 0),
        Figure(f"demo, {items} items: largest mean value", 0.0, direct, 1e-3, "full scale"),
    ]


def a25_loudness() -> list[Figure]:
    """Integrated loudness of tones and of speech-like noise with pauses, against pyloudnorm at 48 kHz."""
    import pyloudnorm

    meter = pyloudnorm.Meter(48000, filter_class="DeMan")
    figures = []
    for rate in (16000, 44100, 48000):
        tone = 0.1 * _tone(997, rate, 2.0)
        measured = integrated_loudness_lufs(tone, rate)
        figures.append(
            Figure(f"loudness of a sine of -20 dBFS at {rate} Hz", -23.01, float(measured or 0), 0.02, "LUFS")
        )
        density = third_octave_density(BYRNE_LTASS_DB, rate)
        speech = 1e-5 * noise(10 * rate, lambda name: generator("acceptance", 25, name), density)
        speech *= np.repeat([1.0, 0.3, 0.001, 0.7, 0.1], 2 * rate)
        reference = meter.integrated_loudness(soxr.resample(speech, rate, 48000, quality="VHQ"))
        measured = integrated_loudness_lufs(speech, rate)
        figures.append(
            Figure(
                f"loudness of speech-shaped noise with pauses at {rate} Hz",
                float(reference),
                float(measured or 0),
                0.02,
                "LUFS",
            )
        )
    return figures
