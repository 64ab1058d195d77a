"""Rooms: what is reported of a response, against closed forms, geometry and computations of this module."""

import math
from pathlib import Path

import numpy as np

from acceptance import Figure
from augment.acoustics.room import direct_index, room_measures
from augment.dealt.standing import Standing
from augment.external.shoebox import shoebox_response
from augment.perturb import kinds
from augment.profiles.library import Library, bundled_names
from augment.scene import Block, Draw, Scene, Stem, Weighting

RATE = 16000


def _schroeder_s(response: np.ndarray, top_db: float = -5.0, bottom_db: float = -35.0) -> float:
    """T30 by the plain backward integral; for responses without noise."""
    left = np.cumsum(response[::-1] ** 2)[::-1]
    curve = 10 * np.log10(np.maximum(left / left[0], 1e-12))
    inside = np.flatnonzero((curve <= top_db) & (curve >= bottom_db))
    time = inside / RATE
    slope = np.cov(time, curve[inside])[0, 1] / np.var(time, ddof=1)
    return -60.0 / slope


def _clarity_db(response: np.ndarray, direct: int) -> float:
    border = direct + int(0.050 * RATE)
    return 10 * math.log10(sum(x * x for x in response[:border]) / sum(x * x for x in response[border:]))


def _drr_db(response: np.ndarray, direct: int) -> float:
    near = abs(np.arange(response.size) - direct) <= 0.0025 * RATE
    return 10 * math.log10(float(np.sum(response[near] ** 2) / np.sum(response[~near] ** 2)))


def _synthetic(t60_s: float, arrival: float, seed: int) -> np.ndarray:
    """A direct sound between two samples, and reverberation behind it that is louder than it at times."""
    rng = np.random.default_rng(seed)
    n = np.arange(int(arrival) + int(1.5 * t60_s * RATE) + 100)
    tail = rng.standard_normal(n.size) * 10 ** (-3 * (n - arrival) / (t60_s * RATE))
    direct = np.sinc(n - arrival) * np.hanning(81)[np.clip(n - int(arrival) + 40, 0, 80)]
    return direct + 0.3 * np.where(n > arrival + 30, tail, 0.0)


def _worst(pairs: list[tuple[float, float]], what: str, tolerance: float, unit: str, relative: bool = False) -> Figure:
    """The pair of reference and ours that is furthest apart."""
    reference, ours = max(pairs, key=lambda pair: abs(pair[1] / pair[0] - 1) if relative else abs(pair[1] - pair[0]))
    return Figure(what, reference, ours, tolerance * reference if relative else tolerance, unit)


def a17_room_measures() -> list[Figure]:
    import pyroomacoustics as pra

    known, outsider, direct, clarity, ratio = [], [], [], [], []
    for seed, t60_s in enumerate((0.1, 0.2, 0.35, 0.5, 0.8, 1.2, 2.0) * 3):
        arrival = 50 + 137.3 * seed % 900
        response = _synthetic(t60_s, arrival, seed)
        found = direct_index(response, RATE)
        direct.append((arrival, float(found)))
        measures = room_measures(response, found, RATE)
        late = _synthetic(t60_s, 0.0, seed)[40:]
        ours = room_measures(late, 0, RATE).t30_s
        known.append((t60_s, ours))
        outsider.append((float(pra.measure_rt60(late, RATE, decay_db=30)), ours))
        clarity.append((_clarity_db(response, found), measures.c50_db))
        ratio.append((_drr_db(response, found), measures.drr_db))
    return [
        _worst(known, "T30 of decaying noise, against its closed form", 0.05, "s", relative=True),
        _worst(outsider, "T30 of decaying noise, against pyroomacoustics", 0.05, "s", relative=True),
        _worst(direct, "direct index of a sound between two samples", 1.0, "samples"),
        _worst(clarity, "C50", 0.5, "dB"),
        _worst(ratio, "DRR", 0.5, "dB"),
    ]


def a17_noisy_measurement() -> list[Figure]:
    """A decay that sinks into the noise of its measurement 55 dB down."""
    pairs = []
    for seed, t60_s in enumerate((0.3, 0.6, 1.0) * 4):
        rng = np.random.default_rng(seed)
        n = np.arange(int(3 * t60_s * RATE))
        decaying = rng.standard_normal(n.size) * 10 ** (-3 * n / (t60_s * RATE))
        noisy = decaying + 10 ** (-55 / 20) * rng.standard_normal(n.size)
        pairs.append((t60_s, room_measures(noisy, 0, RATE).t30_s))
    return [_worst(pairs, "T30 of decaying noise in noise at -55 dB", 0.05, "s", relative=True)]


def a17_simulated_geometry() -> list[Figure]:
    """Level and place of the direct sound and of the reflection from the floor, from geometry alone."""
    size, microphone = (9.0, 7.0, 4.0), (4.0, 3.3, 1.0)
    level, floor = [], []
    for distance in (0.4, 0.75, 1.0, 1.7):
        talker = (4.0 + distance, 3.3, 1.0)
        taps = shoebox_response(size, 0.6, talker, microphone, RATE, (1, 2))
        level.append((-20 * math.log10(distance), 20 * math.log10(abs(taps[0]))))
        later = (math.hypot(distance, 2.0) - distance) / 343.0 * RATE
        around = np.arange(round(later) - 8, round(later) + 9)
        floor.append((later, float(around[np.argmax(taps[around])])))
    return [
        _worst(level, "level of the direct sound against 1/r", 0.2, "dB"),
        _worst(floor, "place of the floor's reflection", 1.0, "samples"),
    ]


def a17_target_t60() -> list[Figure]:
    """T60 of every bundled room: T30 by this module's integral, at the worst of four places."""
    library = Library(Path(), Path())
    figures = []
    for name in bundled_names("room"):
        room = library.room(name)
        step = kinds()["simulated_room"](kind="simulated_room", profile=name, distance_m=min(1.0, room.size_m[2] / 2))
        times = []
        for block in range(4):
            speech = Stem.of(np.eye(1, 4 * RATE)[0], RATE)
            draw = Draw(
                (1, f"block {block}", "room", name, "simulated_room"),
                library,
                Block(block, 4 * RATE),
                Standing(str(block + 1), block),
            )
            after = step.apply(Scene(speech, (), RATE, Weighting()), draw)
            times.append((room.t60_s, _schroeder_s(after.speech.samples[: int(1.5 * room.t60_s * RATE)])))
        figures.append(_worst(times, f"T60 of {name}", 0.2, "s", relative=True))
    return figures
