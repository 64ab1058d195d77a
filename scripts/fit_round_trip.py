"""Round trip of the fit: bundled profiles are rendered, fitted, and what was found is held against what they say.

Every bundled equipment profile is rendered, brought to a peak of 0.5, quantised to 16 bits, and fitted as recordings
are. Of truth and fit are compared:

- lines: harmonics, partials, and partials of alarms, by the nearest tone of the fit; their frequency within 0.1 % or
  twice what the drift moves its mean in that time, and their RMS level while they are on;
- trains of knocks, by the nearest rate: rate and level; bursts and patterns of alarms: period, share of "on" (between
  points at half of the amplitude), bands of noise that comes and goes; modulations: rate;
- third octaves of a fresh synthesis, four times as long as the recording, against the recording without speech.

What is not found has no level and no share either, and counts as missed in both. What is "not to be told" does not
count: lines below 40 Hz (recordings lose them before they are fitted; third octaves there are counted apart), 13 dB
under the noise within a third octave, or 26 dB under the tones and knocks there; rhythms of what is under all the
rest in every third octave, or has fewer than three periods; swings of tones at the rate of their own fundamental, and
tones where a swing of theirs makes sidebands, which are two ways of writing the same sound; bands of bursts 6 dB under
the rest. Tones of the fit
that could be told and are not in the truth count as invented, unless they are sidebands of a line or multiples of a
train's rate. Clocks and gates are resolved into rates, bursts and shares; noise that lives, and what knocks sound
like, are judged by third octaves only. Knocks at random times have no target: several sources of them cannot be told
apart.

With speech, or from less than 30 s, tolerances are twice as wide. Exits with 1 if a target is missed.

Run: ``python scripts/fit_round_trip.py [--rates 16000 48000] [--speech manifest.jsonl] [--seconds 10] [--jobs 2]``
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import scipy
from round_trip_recording import Trial, recording
from round_trip_truth import Figures, Line, Masks, Noise, Rhythm, figures_of, octave_db

from augment.acoustics import Signal
from augment.acoustics.filters import AUDIBLE_HZ
from augment.acoustics.levels import db
from augment.acoustics.portrait import band_centres_hz, nominal_hz
from augment.acoustics.spectrum import THIRD_OCTAVE_EDGE
from augment.errors import ProfileError
from augment.fitting.fitted import Fitted, drawn, fitted
from augment.fitting.heard import heard
from augment.fitting.recorded import usable_of
from augment.profiles.library import Library, bundled_names
from augment.report.text import table

SYNTHESIS_LENGTHS, SYNTHESIS_SEED = 4, 777
SAME_RHYTHM = 0.06
"""Rhythms that differ by more are not the same one found badly: there is nothing to compare."""
TARGETS = {
    "lines": 0.95,
    "levels": 0.9,
    "periods": 0.9,
    "on shares": 0.9,
    "third octaves": 0.9,
    "third octaves under 40 Hz": None,
    "rates of random knocks": None,
}


@dataclass(frozen=True)
class Check:
    """One figure of a profile: what it is, what it was told to be, and whether that is near enough."""

    quantity: str
    what: str
    truth: str
    fit: str
    held: bool


@dataclass(frozen=True)
class Outcome:
    """What came of one profile at one rate."""

    name: str
    rate: int
    checks: list[Check]
    untold: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    sidebands: int = 0
    seconds: float = 0.0
    refused: str = ""

    def line(self) -> str:
        """It, in one line."""
        shares = [f"{quantity} {got} of {of}" for quantity, got, of in counted([self]) if of]
        odd = f"invented {len(self.invented)}, sidebands {self.sidebands}, not to be told {len(self.untold)}"
        return f"{self.name} at {self.rate} Hz in {self.seconds:.1f} s: {', '.join(shares)}; {odd}"


def judged(name: str, rate: int, trial: Trial) -> Outcome:
    """Render one profile, fit it, and compare."""
    profile = Library(Path()).noise_profile(name)
    samples, noise, offset_db = recording(profile, name, rate, trial)
    truth, masks = figures_of(profile, offset_db, trial.seconds), Masks(profile, rate, offset_db)
    began, refused = time.process_time(), ""
    try:
        fit: Fitted | None = fitted(usable_of(heard(samples, rate, name=name)))
    except (ProfileError, ValueError) as error:  # a figure that no profile may have is a fault of the fit
        fit, refused = None, " ".join(str(error).split())[:300]
    seconds = time.process_time() - began
    found = Figures() if fit is None else figures_of(fit.profile, 0.0, trial.seconds)
    lines, untold = masks.split(truth.lines, truth.rhythms)
    rhythms, slow = masks.heard_rhythms(truth.rhythms, lines, trial.seconds)
    noises = [one for one in truth.noises if one.bursts is not None]
    bands, faint = masks.heard_bands(noises)
    checks = [
        *chain.from_iterable(of_line(one, found.lines, trial.wider) for one in lines),
        *chain.from_iterable(of_rhythm(one, found.rhythms, trial) for one in rhythms),
        *(of_band(one, centre, found.noises, trial) for one, centre in bands),
        *of_knocks(truth.knocks_hz, found.knocks_hz, trial.seconds),
        *of_third_octaves(noise, rate, fit, trial.wider),
    ]
    strange = [one for one in masks.split(found.lines)[0] if not any(near(one, line) for line in truth.lines)]
    invented = [f"{one.hz:.6g} Hz at {one.level_db:.1f} dBov" for one in strange if not masks.explained(one, truth)]
    sidebands = len(strange) - len(invented)
    return Outcome(name, rate, checks, [*untold, *slow, *faint], invented, sidebands, seconds, refused)


def near(one: Line, other: Line) -> bool:
    """Whether a tone of the fit may be taken for a line of the truth, well found or not."""
    return abs(one.hz - other.hz) < max(0.005 * other.hz, 3 * other.spread_hz, 0.5)


def of_line(one: Line, found: Sequence[Line], wider: float) -> Iterator[Check]:
    """Frequency and level of a line."""
    nearest = min(found, key=lambda other: abs(other.hz - one.hz), default=None)
    tolerance_hz = wider * max(1e-3 * one.hz, 2 * one.spread_hz)
    seen = nearest is not None and abs(nearest.hz - one.hz) < tolerance_hz
    told = "none" if nearest is None else f"{nearest.hz:.6g} Hz (+-{tolerance_hz:.2g})"
    yield Check("lines", one.what, f"{one.hz:.6g} Hz", told, seen)
    at_hand = nearest if nearest is not None and near(nearest, one) else None
    yield _level(f"{one.hz:.6g} Hz, {one.what}", one.level_db, None if at_hand is None else at_hand.level_db, wider)


def _level(what: str, truth_db: float, fit_db: float | None, wider: float) -> Check:
    told = "none" if fit_db is None else f"{fit_db:.1f} dBov"
    return Check("levels", what, f"{truth_db:.1f} dBov", told, fit_db is not None and abs(fit_db - truth_db) < wider)


def of_rhythm(one: Rhythm, found: Sequence[Rhythm], trial: Trial) -> Iterator[Check]:
    """Period, share of "on" and level of a rhythm."""
    alike = [other for other in found if other.kind == one.kind]
    nearest = min(alike, key=lambda other: abs(math.log(other.period_s / one.period_s)), default=None)
    what, tolerance = f"{one.kind}, {one.what}", _tolerance(one, trial)
    off = math.inf if nearest is None else abs(nearest.period_s / one.period_s - 1)
    told = "none" if nearest is None else f"{nearest.period_s:.5g} s (+-{100 * tolerance:.2g} %)"
    yield Check("periods", what, f"{one.period_s:.5g} s", told, off < tolerance)
    same = nearest if off < max(SAME_RHYTHM, 2 * tolerance) else None
    if one.on_share is not None:
        share = None if same is None else same.on_share
        held = share is not None and abs(share - one.on_share) < 0.05 * trial.wider
        yield Check("on shares", what, f"{one.on_share:.3f}", "none" if share is None else f"{share:.3f}", held)
    if one.level_db is not None:
        yield _level(what, one.level_db, None if same is None else same.level_db, trial.wider)


def of_band(one: Noise, centre_hz: float, found: Sequence[Noise], trial: Trial) -> Check:
    """Level of an octave of noise that comes and goes."""
    bursts = one.bursts
    assert bursts is not None
    near_enough = max(SAME_RHYTHM, 2 * _tolerance(bursts, trial))
    alike = [n for n in found if n.bursts is not None and abs(n.bursts.period_s / bursts.period_s - 1) < near_enough]
    fit_db = octave_db(alike[0].levels_db, centre_hz) if alike else None
    what = f"{centre_hz:g} Hz band of bursts, {one.what}"
    return _level(what, octave_db(one.levels_db, centre_hz), fit_db, trial.wider)


def _tolerance(one: Rhythm, trial: Trial) -> float:
    """By how much its period may be off, as a share: 0.5 %, or twice the standard error that its jitter leaves."""
    return trial.wider * max(5e-3, 2 * one.deviation / math.sqrt(trial.seconds / one.period_s))


def of_knocks(truth_hz: float, fit_hz: float, seconds: float) -> Iterator[Check]:
    """Rate of all knocks at random times together, within twice its own standard error."""
    if truth_hz:
        held = abs(fit_hz - truth_hz) < 2 * math.sqrt(truth_hz / seconds)
        told = f"{fit_hz:.3g}" if fit_hz else "none"
        yield Check("rates of random knocks", "all of them", f"{truth_hz:.3g} a second", told, held)


def of_third_octaves(noise: Signal, rate: int, fit: Fitted | None, wider: float) -> Iterator[Check]:
    """Third octaves of a synthesis, where they are within 30 dB of the loudest."""
    wanted = _third_octaves(noise, rate)
    made = {}
    if fit is not None:
        made = _third_octaves(drawn(fit.profile, SYNTHESIS_LENGTHS * noise.size, rate, SYNTHESIS_SEED), rate)
    for centre, level in wanted.items():
        if level > max(wanted.values()) - 30:
            off = made.get(centre, -math.inf) - level
            told = f"{off:+.1f} dB" if math.isfinite(off) else "none"
            quantity = "third octaves" if centre >= AUDIBLE_HZ else "third octaves under 40 Hz"
            yield Check(quantity, f"{centre:g} Hz", f"{level:.1f} dBov", told, abs(off) < 1.5 * wider)


def _third_octaves(samples: Signal, rate: int) -> dict[float, float]:
    """Levels in dB by nominal centre, from SciPy's spectrum and not from the one that fits are made with."""
    frequency, density = scipy.signal.welch(samples, rate, "hann", nperseg=rate)
    centres = band_centres_hz(rate)
    bands = [density[(frequency >= one / THIRD_OCTAVE_EDGE) & (frequency < one * THIRD_OCTAVE_EDGE)] for one in centres]
    powers = [float(np.sum(band)) * float(frequency[1]) for band in bands]
    return {nominal_hz(one): db(max(power, 1e-16)) for one, power in zip(centres, powers, strict=True)}


def counted(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, int, int]]:
    """Each quantity, how many of its figures held, and how many there are."""
    for quantity in TARGETS:
        held = [check.held for one in outcomes for check in one.checks if check.quantity == quantity]
        yield quantity, sum(held), len(held)


def told(outcomes: Sequence[Outcome]) -> bool:
    """Print what came of all, and whether every target is met."""
    rows, met = [], True
    for quantity, got, of in counted(outcomes):
        target = TARGETS[quantity]
        missed = target is not None and of > 0 and got < target * of
        met &= not missed
        share = f"{100 * got / of:.1f} %" if of else "none"
        asked = "no target" if target is None else f"{100 * target:.0f} %"
        rows.append([quantity, asked, share, f"{got} of {of}", "MISSED" if missed else ""])
    rows.append(["invented", "listed", "", str(sum(len(one.invented) for one in outcomes)), ""])
    rows.append(["not to be told", "listed", "", str(sum(len(one.untold) for one in outcomes)), ""])
    print(f"\n{table(['quantity', 'asked', 'got', 'figures', ''], rows)}\n")
    for one in outcomes:
        place = f"{one.name} at {one.rate} Hz"
        if one.refused:
            print(f"refused: {place}: {one.refused}")
        for check in one.checks:
            if not check.held:
                print(f"missed: {place}: {check.quantity}: {check.what}: {check.truth}, fit: {check.fit}")
        for text in one.invented:
            print(f"invented: {place}: {text}")
        if one.untold:
            print(f"not to be told: {place}: {'; '.join(one.untold)}")
    return met


def main() -> None:
    """Print a line for each profile, then what came of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", nargs="+", metavar="NAME", help="bundled profiles; all equipment by default")
    parser.add_argument("--rates", type=int, nargs="+", default=[16_000, 48_000], help="in Hz")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the recordings")
    parser.add_argument("--seed", default="nobody tuned on this", help="any text")
    parser.add_argument("--speech", type=Path, help="manifest or folder of speech, laid over a third of the time")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    given = parser.parse_args()
    trial = Trial(given.seconds, given.seed, given.speech)
    equipment = [name for name, path in bundled_names("noise_profile").items() if path.parent.name == "equipment"]
    cases = [(name, rate) for rate in given.rates for name in given.profiles or equipment]
    work = partial(judged, trial=trial)
    outcomes = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for one in pool.map(work, *zip(*cases, strict=True)):
            outcomes.append(one)
            print(one.line(), flush=True)
    sys.exit(0 if told(outcomes) else 1)


if __name__ == "__main__":
    main()
