"""Components, brought to the third octaves of a recording: what is too loud is made softer, and what lacks is added."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from augment.fitting.described import NOISES, SOFTEST_DB, Described

MOST_STEP_DB = 6.0
KNOCKS = ("pulses", "knocks")
SLACK = 0.12
MOST_SHARE, EXCESS = 0.4, 1.5
"""Bursts are made softer where they have that share of what is there, and there is so much more than asked for."""
OWN_SHARE = 0.3
"""A resonance is set right if knocks have that much of what is heard in its third octave."""
Levels = Mapping[float, float]
"""Powers of third octaves by nominal centre."""


def brought(components: Sequence[Described], wanted: Levels, made: Sequence[Levels]) -> tuple[Described, ...]:
    """Components after one step towards the wanted third octaves.

    Args:
        components: The components.
        wanted: Third octaves of the recording.
        made: Those of each component alone.
    """
    whole = {centre: sum(one[centre] for one in made) for centre in wanted if all(centre in one for one in made)}
    bed = next((one for one in reversed(components) if one.is_bed()), None)
    found = []
    for one, own in zip(components, made, strict=True):
        if one is bed:
            found.append(_noise(one, wanted, whole, own))
        elif one.figures["kind"] in KNOCKS:
            found.append(_knocks(one, wanted, whole, own))
        elif one.figures["kind"] in NOISES:
            found.append(_bursts(one, wanted, whole, own))
        else:
            found.append(one)
    return tuple(found)


def _noise(one: Described, wanted: Levels, whole: Levels, own: Levels) -> Described:
    """The bed: it gets all that lacks, and gives what is too much as far as that is its own."""
    before = dict(one.figures["third_octave_levels_db"])
    levels = dict(before)
    for centre, level in before.items():
        if centre in whole:
            mine = max(own[centre], 1e-16)
            # A tone that is told half a decibel too soft must not be made good by noise under it.
            gap, slack = wanted[centre] - whole[centre], SLACK * max(whole[centre] - mine, 0.0)
            right = max(mine + math.copysign(max(abs(gap) - slack, 0.0), gap), 0.05 * mine)
            step = float(np.clip(10 * math.log10(right / mine), -MOST_STEP_DB, MOST_STEP_DB))
            levels[centre] = max(round(level + step, 1), SOFTEST_DB)
    known = [centre for centre in levels if centre in whole]
    if known:  # the last band, of which only a part is heard, goes with the one under it
        moved = levels[known[-1]] - before[known[-1]]
        levels = {c: round(level + moved, 1) if c > known[-1] else level for c, level in levels.items()}
    return replace(one, figures={**one.figures, "third_octave_levels_db": levels})


def _bursts(one: Described, wanted: Levels, whole: Levels, own: Levels) -> Described:
    """Bursts, softer where there is too much and most of it is theirs: knocks at the same times were taken for them."""
    levels = dict(one.figures["third_octave_levels_db"])
    for centre, level in levels.items():
        if centre in whole and own[centre] > MOST_SHARE * whole[centre] > MOST_SHARE * EXCESS * wanted[centre]:
            right = max(own[centre] + wanted[centre] - whole[centre], 0.05 * own[centre])
            step = max(10 * math.log10(right / own[centre]), -MOST_STEP_DB)
            levels[centre] = max(round(level + step, 1), SOFTEST_DB)
    return replace(one, figures={**one.figures, "third_octave_levels_db": levels})


def _knocks(one: Described, wanted: Levels, whole: Levels, own: Levels) -> Described:
    """Knocks as loud in each third octave or octave as is asked for, where it is they that are heard there."""
    sounds = one.figures.get("sounds") or [{"resonances": one.figures["resonances"]}]
    before = after = 0.0
    changed = []
    for sound in sounds:
        part = "resonances" if "resonances" in sound else "bands"
        entries, was, becomes = [], 0.0, 0.0
        for entry in sound[part]:
            step_db = _step_db(entry, wanted, whole, own)
            # The energy of what decays is its power at the beginning times its length, but for a constant.
            energy = 10 ** (entry["level_db"] / 10) * entry["decay_s"]
            was, becomes = was + energy, becomes + energy * 10 ** (step_db / 10)
            entries.append({**entry, "level_db": round(entry["level_db"] + step_db, 1)})
        weight = sound.get("share", 1.0) * 10 ** (sound.get("level_db", 0.0) / 10)
        before, after = before + weight, after + weight * becomes / was
        louder = (
            {"level_db": round(sound["level_db"] + 10 * math.log10(becomes / was), 1)} if "level_db" in sound else {}
        )
        changed.append({**sound, **louder, part: entries})
    figures: dict[str, Any] = dict(one.figures)
    figures["level_db"] = round(figures["level_db"] + 10 * math.log10(after / before), 1)
    if "sounds" in figures:
        figures["sounds"] = changed
    else:
        figures["resonances"] = changed[0]["resonances"]
    return replace(one, figures=figures)


def _step_db(entry: Mapping[str, float], wanted: Levels, whole: Levels, own: Levels) -> float:
    """By how much a resonance or an octave of knocks is to be louder, in dB; 0 where others are heard more."""
    if not whole:
        return 0.0
    if "centre_hz" in entry:
        near = [one for one in whole if abs(math.log2(one / entry["centre_hz"])) < 0.5]
    else:
        near = [min(whole, key=lambda one: abs(math.log(one / entry["frequency_hz"])))]
    mine, all_, asked = (sum(levels[one] for one in near) for levels in (own, whole, wanted))
    if mine <= OWN_SHARE * all_:
        return 0.0
    right = max(mine + asked - all_, 0.05 * mine)
    return float(np.clip(10 * math.log10(right / max(mine, 1e-16)), -MOST_STEP_DB, MOST_STEP_DB))
