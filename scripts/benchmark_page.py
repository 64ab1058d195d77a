"""How long the data sheet's page takes, and how large it is, for sets of any size.

    python scripts/benchmark_page.py [--items 100000]

The rows are made up, and so is the sound of the few cells that the page shows: what is timed is choosing, counting and
drawing. Targets: under 60 s and under 3 MB for 100,000 items.
"""

import argparse
import sys
import time
from typing import Any

import numpy as np
from _shared import bytes_held

from augment.design.conditions import Condition
from augment.recipe.loader import load_recipe
from augment.report.datasheet_page import datasheet_page
from augment.report.listening.of_set import SetSounds
from augment.report.pictures.of_set import SetPictures
from augment.report.told import ToldByRows
from augment.streams import generator

CONDITIONS, GROUPS = 100, 8
RATE_HZ, LENGTH_S = 16_000, 4
MOST_S, MOST_MB = 60.0, 3.0


def made_up(items: int) -> list[dict[str, Any]]:
    """Rows of a manifest, with the columns that the page looks at."""
    rows = []
    for number in range(items):
        block, rest = divmod(number, CONDITIONS * GROUPS)
        group, condition = divmod(rest, CONDITIONS)
        snr_db = None if condition == 0 else float(20 - 5 * (condition % 5))
        name = f"g{group}_u{block}"
        rows.append({
            "id": f"{name}__c{condition}", "utterance": name, "group": f"group {group}", "block": block,
            "condition": f"c{condition}", "audio_filepath": f"audio/c{condition}/{name}.flac",
            "text": "The patient slept well.", "samples": LENGTH_S * RATE_HZ, "sample_rate": RATE_HZ,
            "snr_requested_db": snr_db, "snr_db": snr_db, "snr_delivered_db": snr_db, "speech_level_dbov": -26.0,
            "headroom_gain_db": 0.0,
            "noise_segment": None,
        })  # fmt: skip
    return rows


def main() -> None:
    """Make the page, print its figures, and exit with 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000, help="rows of the manifest (%(default)s)")
    rows = made_up(parser.parse_args().items)
    conditions = [Condition(f"c{number}", (("noise", f"c{number}"),), ()) for number in range(CONDITIONS)]
    sound = generator("benchmark", "page").standard_normal(LENGTH_S * RATE_HZ) / 20
    began = time.monotonic()
    told = ToldByRows.of(rows, conditions, load_recipe("demo"))
    sounds = SetSounds(told.shown, {}, lambda name: np.asarray(sound))
    pictures = SetPictures(told.cells, told.exposure)
    page = datasheet_page("# Data sheet: made up\n\nabout\n\n## Rest\n\nend\n", sounds, pictures)
    seconds, megabytes = time.monotonic() - began, len(page) / 1e6
    held_mb = bytes_held() / 2**20
    print(f"{len(rows):,} items: page of {megabytes:.2f} MB in {seconds:.1f} s; {held_mb:.0f} MB held")
    sys.exit(0 if seconds < MOST_S and megabytes < MOST_MB else 1)


if __name__ == "__main__":
    main()
