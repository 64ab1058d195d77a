"""How well field recordings are fitted: each on its first half, and judged by its second half.

Asked: third octaves (median) at most 1 dB further from the second half than the first half is; modulation (90th
percentile) at most 3 dB further; glimpses of speech within what halves of the recording differ by, for 8 of 11. Of
each fit 15 syntheses are judged, as long as the half, and their median counts.
Beyond that nothing may repeat: the autocorrelation of a minute of the synthesis without its tones, at lags of a second
and more, is told too (asked: below 0.1).

Run: ``python scripts/fit_recordings.py ../shared/dev_pack/noise``
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import scipy

import augment
from augment.acoustics import Signal
from augment.api import FittedProfile
from augment.fitting.fitted import drawn
from augment.fitting.goodness import Judgement
from augment.fitting.recorded import judged_by_other_half
from augment.report.text import table

SOUNDS = {".wav", ".flac", ".ogg", ".mp3"}
MINUTE_S = 60
DRAWS = 15
"""Of short halves single draws differ by several decibels."""
PLAIN_RATE_HZ = 16_000
SEED = 5
TONES = ("harmonics", "partials", "alarm", "pulses")
OCTAVES, SWINGS, GLIMPSES = "third octaves", "modulation, 90th percentile", "glimpses of speech"


def recordings(given: list[Path]) -> list[Path]:
    """Files, and the sounds in folders."""
    found = [path for one in given for path in (sorted(one.rglob("*")) if one.is_dir() else [one])]
    return [path for path in found if path.suffix.lower() in SOUNDS]


def repeats(found: FittedProfile) -> float:
    """Largest autocorrelation of what is noise in a synthesis, at lags of a second and more; 0 if nothing is."""
    parts = [one for one in found.profile.components if one.kind not in TONES]
    if not parts:
        return 0.0
    sound = drawn(
        found.profile.model_copy(update={"components": tuple(parts)}), MINUTE_S * PLAIN_RATE_HZ, PLAIN_RATE_HZ, 5
    )
    return _largest(sound, PLAIN_RATE_HZ)


def _largest(sound: Signal, lag: int) -> float:
    size = scipy.fft.next_fast_len(2 * sound.size, real=True)
    spectrum = scipy.fft.rfft(sound, size)
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: sound.size // 2]
    return float(np.max(np.abs(correlation[lag:])) / correlation[0])


def row(path: Path) -> tuple[list[str], dict[str, bool]]:
    """A recording's row, and which of what is asked it has."""
    began_s = time.process_time()
    found = augment.fit_profile(path)
    spent_s = time.process_time() - began_s
    goodness = judged_by_other_half(found.found.heard, found.found.half, DRAWS)
    by_name = {one.quantity.name: one for one in goodness.judgements}
    if not by_name:
        return [path.stem, "too short to judge", *[""] * 6], {}
    octaves, swings, glimpses = (by_name[name] for name in (OCTAVES, SWINGS, GLIMPSES))
    repeated = repeats(found)
    asked = {
        OCTAVES: octaves.synthesis <= octaves.halves + 1,
        SWINGS: swings.synthesis <= swings.halves + 3,
        GLIMPSES: glimpses.within,
        "no repetition": repeated < 0.1,
    }
    cells = [path.stem, *map(_cell, (octaves, swings, glimpses))]
    beyond = sum(not one.within for one in goodness.judgements)
    kinds = sorted({one.kind for one in found.profile.components})
    return [*cells, str(beyond), f"{repeated:.3f}", f"{spent_s:.1f}", ", ".join(kinds)], asked


def _cell(one: Judgement) -> str:
    return f"{one.halves:.1f} ({one.spread:.1f}) {one.synthesis:.1f}"


def main() -> None:
    """Print a row for each recording, and what they come to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("noise", type=Path, nargs="+", help="recordings, or folders of them")
    rows, counts = [], dict[str, int]()
    paths = recordings(parser.parse_args().noise)
    for path in paths:
        cells, asked = row(path)
        rows.append(cells)
        for name, met in asked.items():
            counts[name] = counts.get(name, 0) + met
        print(f"# {cells}", file=sys.stderr, flush=True)
    header = ["recording", OCTAVES, SWINGS, GLIMPSES, "beyond, of 7", "repeats", "CPU s", "told as"]
    print("halves apart (their spread), synthesis to the second half\n")
    print(table(header, rows))
    print("\n" + "; ".join(f"{name}: {met} of {len(paths)}" for name, met in counts.items()))


if __name__ == "__main__":
    main()
