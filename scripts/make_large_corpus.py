"""A large corpus with the faults of real ones, to measure and test what a million rows cost.

Rows are segments of a pool of long recordings, which hold the demo's synthetic utterances in a seeded order; every
segment begins where an utterance begins, so that all have speech in them. The labels have the skew of crowd-sourced
corpora: one accent has most rows, half of the rows have no accent, a few spellings are not the usual one, some
speakers have thousands of utterances and most have one to three, and gender, age and device go with the accent. The
voices that are heard have nothing to do with the labels, and the texts are made of words that do not exist: the corpus
says nothing about speech.

The same arguments give the same bytes.

Run: ``python scripts/make_large_corpus.py FOLDER [--rows 1000000] [--seed 1] [--files 60]``
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

DEMO = Path(__file__).resolve().parents[1] / "recipes" / "demo"
RATE = 16000
MANIFEST = "corpus.jsonl"
ACCENTS = (
    "United States", "England", "India", "Australia", "Canada", "Scotland", "Ireland", "Southern Africa",
    "New Zealand", "Philippines", "Hong Kong", "Singapore", "Wales", "Malaysia",
)  # fmt: skip
MOST_COMMON_SHARE = 0.6
SPELLINGS = {
    "United States": "US English", "England": "england", "India": "Indian", "Scotland": "scottish", "Wales": "WALES",
}  # fmt: skip
"""How some people spell their accent."""
USUAL: dict[str, str | None] = {odd: usual for usual, odd in SPELLINGS.items()}
"""The usual spelling of each other one, as a recipe is told it."""
MISSPELT_SHARE = 0.02
UNLABELLED_SHARE = 0.5
GENDERS, AGES = ("male", "female", "other"), ("teens", "twenties", "thirties", "forties", "fifties", "sixties")
DEVICES = ("phone", "laptop", "headset", "tablet")
MISSING = {"gender": 0.25, "age_band": 0.3, "device": 0.1}
SYLLABLES = [c + v for c in ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z") for v in "aeiou"]
WORDS = 4000


def zipf(count: int) -> NDArray[np.float64]:
    """Shares by rank: the second has half of the first's."""
    shares = 1 / np.arange(1, count + 1)
    return shares / np.sum(shares)


def accent_shares() -> NDArray[np.float64]:
    """Share of each accent."""
    return np.concatenate([[MOST_COMMON_SHARE], (1 - MOST_COMMON_SHARE) * zipf(len(ACCENTS) - 1)])


def make_pool(folder: Path, files: int, rng: np.random.Generator) -> list[tuple[str, NDArray[np.float64], float]]:
    """Long recordings.

    Returns:
        Of each its path in the corpus, the times at which utterances begin, and its length, in s.
    """
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    utterances = [soundfile.read(path, dtype="int16")[0] for path in sorted((DEMO / "audio").glob("*.flac"))]
    pool = []
    for number in range(files):
        chosen = [utterances[place] for place in rng.permutation(len(utterances))]
        ends = np.cumsum([part.size for part in chosen])
        name = f"audio/pool_{number:03d}.flac"
        soundfile.write(folder / name, np.concatenate(chosen), RATE, subtype="PCM_16")
        pool.append((name, np.concatenate([[0], ends[:-1]]) / RATE, float(ends[-1]) / RATE))
    return pool


def speakers_of(rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Speaker of each row: log-normal numbers of utterances (median 3, a few in the thousands), rows shuffled.

    Nobody has more than a twentieth of the rows.
    """
    counts: list[int] = []
    while sum(counts) < rows:
        counts += [
            min(max(1, round(n)), max(1, rows // 20))
            for n in rng.lognormal(np.log(3), 1.8, max(64, rows // 16)).tolist()
        ]
    # Cut off where there are enough: the last speaker has fewer.
    return rng.permutation(np.repeat(np.arange(len(counts)), counts)[:rows])


def speaker_labels(speaker: NDArray[np.int64], rng: np.random.Generator) -> dict[str, list[str | None]]:
    """Labels of every speaker; gender, age and device depend on the accent, labelled or not.

    Speakers are dealt to accents by their rows, not by their number: a few of them have a good part of all rows.
    """
    ends = np.cumsum(np.bincount(speaker))
    count = ends.size
    before = np.concatenate([[0], ends[:-1]]) / ends[-1]
    accent = np.searchsorted(np.cumsum(accent_shares())[:-1], before, side="right")
    lean = np.linspace(0.2, 0.5, len(ACCENTS))[accent]  # share of women by accent
    gender = np.where(rng.random(count) < 0.02, 2, (rng.random(count) < lean).astype(int))
    age = np.clip(np.round(rng.normal(1.5 + 2 * accent / len(ACCENTS), 1.2)), 0, len(AGES) - 1).astype(int)
    device = (rng.choice(len(DEVICES), count, p=zipf(len(DEVICES))) + accent % 2) % len(DEVICES)
    labels: dict[str, list[str | None]] = {}
    labels["accent"] = named(accent, ACCENTS, rng.random(count) < UNLABELLED_SHARE)
    for label, places, names in (("gender", gender, GENDERS), ("age_band", age, AGES), ("device", device, DEVICES)):
        labels[label] = named(places, names, rng.random(count) < MISSING[label])
    return labels


def named(places: NDArray[np.int64], names: tuple[str, ...], missing: NDArray[np.bool_]) -> list[str | None]:
    """Names by place; None where missing."""
    return [None if gone else names[place] for place, gone in zip(places.tolist(), missing.tolist(), strict=True)]


def texts(count: int, rng: np.random.Generator) -> list[str]:
    """Sentences of words that do not exist, common ones more often; their lengths are log-normal (median 9 words)."""
    parts = rng.integers(1, 4, WORDS)
    words = ["".join(SYLLABLES[place] for place in rng.integers(0, len(SYLLABLES), n)) for n in parts.tolist()]
    lengths = np.clip(np.round(rng.lognormal(np.log(9), 0.5, count)), 2, 40).astype(int)
    drawn = rng.choice(WORDS, int(lengths.sum()), p=zipf(WORDS)).tolist()
    ends = np.cumsum(lengths).tolist()
    starts = [0, *ends[:-1]]
    return [" ".join([words[place] for place in drawn[a:b]]) for a, b in zip(starts, ends, strict=True)]


def rows_of(
    count: int, pool: list[tuple[str, NDArray[np.float64], float]], rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """Rows of the manifest."""
    speaker = speakers_of(count, rng)
    labels = speaker_labels(speaker, rng)
    prompts = texts(max(50, count // 3), rng)  # three people read each on average
    prompt = rng.integers(0, len(prompts), count)
    spoken = np.array([text.count(" ") + 1 for text in prompts])[prompt]
    duration = np.round(np.clip(0.4 + 0.33 * spoken * rng.lognormal(0, 0.2, count), 1.5, 20), 2)
    file = rng.integers(0, len(pool), count)
    where = rng.random(count)
    misspelt = rng.random(count) < MISSPELT_SHARE
    columns = (speaker, prompt, duration, file, where, misspelt)
    for number, values in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        who, what, length_s, recording, share, odd = values
        name, starts, end_s = pool[recording]
        room = int(np.searchsorted(starts, end_s - length_s, side="right"))  # starts that leave room for the segment
        own = {label: of_all[who] for label, of_all in labels.items()}
        if odd and own["accent"]:
            own["accent"] = SPELLINGS.get(own["accent"], own["accent"])
        yield {
            "id": f"utt_{number:07d}",
            "audio_filepath": name,
            "offset": float(starts[int(share * room)]),
            "duration": length_s,
            "text": prompts[what],
            "speaker": f"speaker_{who:06d}",
            **own,
        }


def make_corpus(folder: Path, rows: int, seed: int = 1, files: int = 60) -> Path:
    """Write recordings and manifest; returns the manifest's path."""
    rng = np.random.default_rng(seed)
    pool = make_pool(folder, files, rng)
    manifest = folder / MANIFEST
    with manifest.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows_of(rows, pool, rng))
    return manifest


def main() -> None:
    """Make a corpus and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=60, help="recordings in the pool")
    given = parser.parse_args()
    manifest = make_corpus(given.folder, given.rows, given.seed, given.files)
    print(f"{manifest}: {given.rows:,} rows, {manifest.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
