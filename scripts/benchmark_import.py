"""How long the import of a large table of Common Voice takes, and how much memory.

The table has the columns and the skew of a release: half of its rows without an accent, some speakers with thousands of
clips, quotation marks in sentences. Its words do not exist, and there is no audio: an import reads none.

Run: ``python scripts/benchmark_import.py [--rows 100000]``
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from _shared import bytes_held

import augment

COLUMNS = (
    "client_id", "path", "sentence_id", "sentence", "sentence_domain", "up_votes", "down_votes", "age", "gender",
    "accents", "variant", "locale", "segment",
)  # fmt: skip
ACCENTS = ("", "", "United States English", "England English", "India and South Asia (India, Pakistan, Sri Lanka)")
AGES, GENDERS = ("", "twenties", "thirties", "fifties"), ("", "male_masculine", "female_feminine")


def write_table(path: Path, rows: int) -> None:
    """Write the table; the same number of rows gives the same bytes."""
    random = np.random.default_rng(1)
    speakers = (random.pareto(1.2, rows) * 40).astype(int) % 20_000
    lengths = random.integers(1500, 10_000, rows)
    told = "".join(f"common_voice_en_{number:08d}.mp3\t{length}\n" for number, length in enumerate(lengths))
    path.with_name("clip_durations.tsv").write_text(f"clip\tduration[ms]\n{told}", encoding="utf-8")
    with path.open("w", encoding="utf-8") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for number in range(rows):
            word = "".join(chr(97 + (number * k) % 26) for k in (3, 5, 7, 11))
            said = f'The {word} said "no" to {number % 977} others.'
            cells = (
                f"{speakers[number]:064x}", f"common_voice_en_{number:08d}.mp3", f"{number:064x}", said, "", "2", "0",
                AGES[number % 4], GENDERS[number % 3], ACCENTS[number % 5], "", "en", "",
            )  # fmt: skip
            file.write("\t".join(cells) + "\n")


def main() -> None:
    """Make a table, import it, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "validated.tsv", rows)
        start = time.perf_counter()
        corpus = augment.import_corpus("common_voice", folder, folder / "corpus.jsonl")
        seconds = time.perf_counter() - start
        peak = bytes_held() / 2**20
        speakers = corpus.frame["speaker"].n_unique()
        print(
            f"{corpus.frame.height:,} rows, {speakers:,} speakers: imported in {seconds:.1f} s, {peak:.0f} MB at most"
        )


if __name__ == "__main__":
    main()
