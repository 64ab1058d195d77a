"""Codecs and packet loss: lag, length, exactness, statistics of the losses."""

import math
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from acceptance import Figure
from augment.acoustics.packet_loss import lost_packets
from augment.codecs import libsndfile, pyav
from augment.codecs.link import Link
from conftest import link

SPEECH = Path(__file__).resolve().parents[2] / "recipes" / "demo" / "audio" / "scottish_awb_2.flac"
AMR_MODES = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)
OPUS_KBPS = (6, 8, 12, 16, 24, 32, 64, 128)
NOTHING_LOST = np.zeros(0, dtype=bool)

# What each path through a codec may be late by: a sample where the waveform is kept, else 0.25 ms.
PATHS: dict[str, tuple[float, list[Link]]] = {
    "G.711 A-law, mu-law": (1 / 8, [link("g711", law="a"), link("g711", law="mu")]),
    "G.722": (1 / 16, [link("g722")]),
    "G.726 16, 24, 32, 40 kb/s": (1 / 8, [link("g726", kbps=k) for k in (16, 24, 32, 40)]),
    "GSM full rate": (1 / 8, [link("gsm_fr")]),
    "mSBC": (1 / 16, [link("msbc")]),
    "CVSD": (1 / 8, [link("cvsd")]),
    "MP3 8-160 kb/s at 16 kHz": (1 / 16, [link("mp3", kbps=k) for k in (8, 24, 32, 64, 160)]),
    "AAC 8-96 kb/s at 16 kHz": (1 / 16, [link("aac", kbps=k) for k in (8, 16, 32, 96)]),
    "AMR-NB, all modes": (0.25, [link("amr_nb", kbps=k) for k in AMR_MODES]),
    "Opus voip 6-128 kb/s": (0.25, [link("opus", kbps=k) for k in OPUS_KBPS]),
    "Opus audio 6-128 kb/s": (0.25, [link("opus", kbps=k, application="audio") for k in OPUS_KBPS]),
}


def lag_ms(before: np.ndarray, after: np.ndarray, rate: int) -> float:
    """Delay by cross-correlation in 400-3000 Hz with the spectrum partly whitened (facts: exponent -0.7)."""
    size = 2 * before.size
    cross = np.conj(np.fft.rfft(before, size)) * np.fft.rfft(after, size)
    frequency = np.fft.rfftfreq(size, 1 / rate)
    cross[(frequency < 400) | (frequency > 3000)] = 0
    weight = np.abs(cross)
    cross[weight > 0] *= weight[weight > 0] ** -0.7
    finer = 16
    correlation = np.fft.irfft(cross, finer * size)
    peak = int(np.argmax(correlation))
    return 1000 * (peak if peak < finer * size // 2 else peak - finer * size) / (finer * rate)


def a10_codec_lag_and_length() -> list[Figure]:
    """Real speech at 16 kHz through every codec and mode and back; then odd lengths at odd rates."""
    speech, rate = soundfile.read(SPEECH)
    figures = []
    for name, (tolerance_ms, codecs) in PATHS.items():
        lags = [lag_ms(speech, codec.carry(speech), rate) for codec in codecs]
        figures.append(Figure(f"lag: {name}", 0.0, max(lags, key=abs), tolerance_ms, "ms"))
    excess = [
        replace(codec, sample_rate_hz=other).carry(speech[:samples]).size - samples
        for _, codecs in PATHS.values()
        for codec in codecs[-2:]
        for samples, other in ((1, 48000), (2, 16000), (161, 16000), (4801, 44100), (7999, 22050))
    ]
    figures.append(
        Figure("length: samples too many, two settings of each path", 0.0, float(max(excess, key=abs)), 0.0, "samples")
    )
    return figures


def g711_output(values: np.ndarray, law: str) -> np.ndarray:
    """What G.711 makes of 16-bit values, from the rule behind its tables 1 and 2.

    To either side eight segments of 16 steps, each segment twice as steep as the one before. In mu-law (14 bits, so
    16-bit values count by four) step m of segment s begins at (2m + 32) 2^s - 33 and stands for (2m + 33) 2^s - 33.
    In A-law (13 bits, counted by eight) it begins at (2m + 32) 2^(s - 1) and stands for (2m + 33) 2^(s - 1), and
    segment 0 has the steps of segment 1: it begins at 2m and stands for 2m + 1.
    """
    step, segment = np.tile(np.arange(16), 8), np.repeat(np.arange(8), 16)
    if law == "mu":
        begins, level = 4 * ((2 * step + 32) * 2**segment - 33), 4 * ((2 * step + 33) * 2**segment - 33)
    else:
        offset, steepness = np.where(segment == 0, 0, 32), 2 ** np.maximum(segment - 1, 0)
        begins, level = 8 * (2 * step + offset) * steepness, 8 * (2 * step + offset + 1) * steepness
    step_of = np.searchsorted(begins, np.abs(values), side="right") - 1
    return np.where(values < 0, -1, 1) * level[step_of]


def _g711(law: str) -> list[Figure]:
    values = np.arange(-32768, 32768)
    ours = link("g711", law=law).codec.run(values.astype(np.int16), NOTHING_LOST, 16000).astype(int)
    expected = g711_output(values, law)
    levels = np.unique(expected)
    steps = np.abs(np.searchsorted(levels, ours) - np.searchsorted(levels, expected))
    name = f"G.711 {law}-law against the closed form, 65536 inputs"
    return [
        Figure(f"{name}: outputs that are no level of it", 0.0, float(np.setdiff1d(ours, levels).size), 0.0),
        Figure(f"{name}: largest difference", 0.0, float(steps.max()), 1.0, "code steps"),
        Figure(f"{name}: share that differs", 0.0, 100 * float(np.mean(steps > 0)), 0.5, "%"),
    ]


def g722_input() -> np.ndarray:
    """Two seconds of a swept sawtooth that grows louder, in integers only."""
    n = np.arange(32000, dtype=np.int64)
    return (((n * n // 37) % 20011 - 10005) * (n % 8000) // 8000).astype(np.int16)


# Checksums (CRC-32) of each tenth of the bits and of the samples that the package G722 1.2.8 (the implementation of
# SpanDSP) makes of that signal at 64 kb/s.
G722_BITS = (
    275994986, 267413433, 2685718433, 359674084, 3515927080,
    2460720739, 2105828839, 3212544759, 687615741, 1112643722,
)  # fmt: skip
G722_SAMPLES = (
    3368402781, 3533481316, 2000568233, 3151229332, 2341603978,
    287190593, 1601270536, 2585778913, 3907011040, 1227468819,
)  # fmt: skip


def _g722() -> list[Figure]:
    sent = g722_input()
    bits = b"".join(pyav.encode("g722", sent, 16000, {})[0])
    heard = link("g722").codec.run(sent, NOTHING_LOST, 16000).astype("<i2").tobytes()
    wrong_bits = sum(zlib.crc32(bits[1600 * k : 1600 * (k + 1)]) != crc for k, crc in enumerate(G722_BITS))
    wrong = sum(zlib.crc32(heard[6400 * k : 6400 * (k + 1)]) != crc for k, crc in enumerate(G722_SAMPLES))
    return [
        Figure("G.722 against SpanDSP: tenths of the bit stream that differ", 0.0, float(wrong_bits), 0.0),
        Figure("G.722 against SpanDSP: tenths of the samples that differ", 0.0, float(wrong), 0.0),
        Figure("G.722: delay", 22.0, float(link("g722").delay_samples), 0.0, "samples"),
    ]


def _gsm() -> list[Figure]:
    speech, _ = soundfile.read(SPEECH, dtype="int16")
    sent = speech[: speech.size // 160 * 160]  # 16 kHz read as 8 kHz: slow speech is as good
    coded = libsndfile.write(sent, 8000, "RAW", "GSM610")
    frames = [coded[start : start + 33] for start in range(0, len(coded), 33)]
    ffmpeg = pyav.decode("gsm", frames, 8000, {})
    ours = link("gsm_fr").codec.run(sent, NOTHING_LOST, 16000)
    differ = float(np.count_nonzero(ours != ffmpeg)) if ours.size == ffmpeg.size else math.inf
    return [
        Figure("GSM full rate against FFmpeg's decoder: samples that differ", 0.0, differ, 0.0),
        Figure("GSM full rate: delay", 0.0, float(link("gsm_fr").delay_samples), 0.0, "samples"),
        Figure("GSM full rate: octets a frame", 33.0, len(coded) / (sent.size / 160), 0.0),
    ]


def a20_codec_exactness() -> list[Figure]:
    """G.711 against its own rule, G.722 and GSM full rate against other implementations."""
    return [*_g711("a"), *_g711("mu"), *_g722(), *_gsm()]


def gilbert_rate_deviation(packets: int, rate: float, begins: float, ends: float) -> float:
    """Standard deviation of the share of lost packets, for the two-state Markov chain.

    The chain's covariance at distance k is rate (1 - rate) r^k with r = 1 - begins - ends. Summed over all pairs:
    variance of the mean = rate (1 - rate) / n * [(1 + r) / (1 - r) - 2 r (1 - r^n) / (n (1 - r)^2)].
    """
    r = 1 - begins - ends
    pairs = (1 + r) / (1 - r) - 2 * r * (1 - r**packets) / (packets * (1 - r) ** 2)
    return math.sqrt(rate * (1 - rate) * pairs / packets)


def a21_packet_loss() -> list[Figure]:
    """Rate and mean burst of 100,000 packets; bursts are counted as runs of lost packets."""
    figures, packets = [], 100_000
    for number, (rate, burst) in enumerate(
        [(0.03, None), (0.05, 1.5), (0.1, None), (0.1, 3.0), (0.2, 1.0), (0.3, 5.0)]
    ):
        expected = 1 / (1 - rate) if burst is None else burst
        begins, ends = rate / (expected * (1 - rate)), 1 / expected
        lost = lost_packets(packets, np.random.default_rng(number), rate, burst)
        starts = np.count_nonzero(lost & ~np.concatenate([[False], lost[:-1]]))
        name = f"packet loss {100 * rate:g} % in bursts of {expected:.3g}"
        sigma = gilbert_rate_deviation(packets, rate, begins, ends)
        figures += [
            Figure(f"{name}: rate", 100 * rate, 100 * float(lost.mean()), 300 * sigma, "%"),
            Figure(f"{name}: mean burst", expected, float(lost.sum() / starts), 0.05 * expected, "packets"),
        ]
    return figures
