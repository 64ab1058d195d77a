"""Label timestamps: short sounds at known times through every chain of every bundled recipe."""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.signal import chirp

from acceptance import Figure
from augment.acoustics.levels import speech_gain
from augment.dealt.standing import Standing
from augment.design.conditions import Condition, conditions
from augment.recipe.loader import bundled_recipes, load_recipe
from augment.render import render
from augment.scene import Block
from augment.testset.portions import job_of

RATE = 16000
EVERY_S = 0.25


@cache
def probe() -> np.ndarray:
    """Chirps of 40 ms from 400 to 3000 Hz, four a second, for 5 s."""
    time = np.arange(round(0.04 * RATE)) / RATE
    sound = chirp(time, 400, 0.04, 3000) * np.hanning(time.size)
    out = np.zeros(5 * RATE)
    for start in range(RATE // 8, out.size - RATE // 8, round(EVERY_S * RATE)):
        out[start : start + sound.size] = sound
    return out * speech_gain(out, RATE, -26.0)


def shifts_s(after: np.ndarray) -> list[float]:
    """By how much each chirp comes later: cross-correlation with partly whitened spectrum around its place."""
    before, found = probe(), []
    window = round(EVERY_S * RATE)
    for start in range(0, before.size - window, window):
        size = 4 * window
        cross = np.conj(np.fft.rfft(before[start : start + window], size)) * np.fft.rfft(
            after[start : start + window], size
        )
        frequency = np.fft.rfftfreq(size, 1 / RATE)
        cross[(frequency < 400) | (frequency > 3000)] = 0
        cross *= np.maximum(np.abs(cross), 1e-12) ** -0.7
        correlation = np.fft.irfft(cross, 8 * size)
        reach = 8 * RATE // 20
        near = np.concatenate([correlation[-reach:], correlation[:reach]])
        found.append((int(np.argmax(near)) - reach) / 8 / RATE)
    return found


def without_noise(condition: Condition) -> Condition:
    """The chain of a condition, less its noises and its lost packets."""
    kept = [step for step in condition.chain if not step.perturbation.is_noise()]
    loss = [(step, {"loss_percent": 0.0} if hasattr(step.perturbation, "loss_percent") else {}) for step in kept]
    chain = tuple(replace(step, perturbation=step.perturbation.model_copy(update=change)) for step, change in loss)
    return replace(condition, chain=chain)


def a24_label_timestamps() -> list[Figure]:
    figures = []
    for name in sorted(bundled_recipes()):
        loaded = load_recipe(name)
        columns = conditions(loaded)
        job = job_of(loaded, columns)
        chains = {str(c.chain): c for c in map(without_noise, columns)}.values()
        worst = [0.0]
        first = {step.plays: Standing("1", 0) for chain in chains for step in chain.chain if step.plays}
        for item in render(probe(), list(chains), job.spec, Block(0, probe().size), first):
            assert not hasattr(item, "reason"), item
            worst += shifts_s(item.pcm / 32768)
        figures.append(
            Figure(f"{name}: shift of a sound, {len(chains)} chains", 0, 1000 * max(worst, key=abs), 1, "ms")
        )
    return figures
