"""Checking a finished test set from its files.

Every file is read again and held against the manifest; a sample of items is rendered again from the plan and compared
byte by byte, and its SNR is measured on the stems by code that the renderer does not use.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.levels import speech_level
from augment.acoustics.pcm import FULL_SCALE
from augment.corpus.speech import Progress
from augment.design.conditions import conditions
from augment.design.plan import BYTES_VERSION
from augment.errors import AcoustigridError, AudioError, Fault, TestSetError
from augment.files.audio import decode, encode, pcm_sha256
from augment.recipe.loader import LoadedRecipe, load_recipe
from augment.render import Failed, Rendered
from augment.scene import Scene
from augment.streams import rank
from augment.testset.finish import profile_digests
from augment.testset.folder import (
    FAILURES,
    IDENTITY,
    MANIFEST,
    PLAN,
    PROFILES,
    RECIPE,
    WHERE,
    read_identity,
    read_rows,
)
from augment.testset.shard import STATE, Job, render_utterance
from augment.testset.work import job_of, utterance_of

SNR_TOLERANCE_DB = 0.1


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        folder: The test set.
        files: Audio files that were read.
        rendered: Items that were rendered again.
        deviations: Everything that is not as it should be.
    """

    folder: Path
    files: int
    rendered: int
    deviations: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing deviates."""
        return not self.deviations


def verify(
    folder: str | Path, sample: int = 20, recipe_folder: str | Path | None = None, progress: Progress = iter
) -> Verdict:
    """Check a test set: every file against the manifest, and a sample of items against a new rendering.

    Args:
        folder: The test set.
        sample: How many items to render again; 0 for none, which needs no sources.
        recipe_folder: Where the recipe was, if it has moved since with its corpus and noise.
        progress: Wraps what is iterated over, to show how far it is.

    Raises:
        TestSetError: There is no test set in the folder, or its manifest or plan cannot be read.
    """
    path = Path(folder)
    identity = read_identity(path)
    rows = read_rows(path / MANIFEST)
    planned = _plan_rows(path)
    deviations = [*_side_files(path, identity), *_bookkeeping(path, identity, rows, planned)]
    whole = [row for row in rows if not _shape(path, row)]
    deviations += [fault for row in rows for fault in _shape(path, row)]
    for row in progress(whole):
        deviations += _file(path, row)
    deviations += _strangers(path, rows)
    chosen = sorted(whole, key=lambda row: rank("verify", row["id"]))[:sample]
    again = 0
    if chosen:
        found, again = _rendered_again(path, identity, chosen, planned, recipe_folder, progress)
        deviations += found
    return Verdict(path, len(whole), again, tuple(deviations))


def _side_files(path: Path, identity: dict[str, Any]) -> list[Fault]:
    faults = []
    for name in (MANIFEST, PLAN, RECIPE, PROFILES):
        if name not in identity["checksums"]:
            faults.append(Fault(str(path / IDENTITY), f"has no checksum of {name}"))
    for name, checksum in identity["checksums"].items():
        place = path / name
        if not place.is_file():
            faults.append(Fault(str(place), "the file is missing"))
        elif hashlib.sha256(place.read_bytes()).hexdigest() != checksum:
            faults.append(Fault(str(place), "the file is not the one that was written: its checksum differs"))
    return faults


def _plan_rows(path: Path) -> dict[str, dict[str, Any]]:
    import polars

    try:
        frame = polars.read_parquet(path / PLAN)
        columns = ("utterance", "condition", "segments", "key", "source_audio", "source_sha256", "block")
        frame.select(columns)
        return {row["audio_filepath"]: row for row in frame.rows(named=True)}
    except (OSError, KeyError, polars.exceptions.PolarsError) as error:
        raise TestSetError(Fault(str(path / PLAN), f"cannot be read: {error}")) from None


def _bookkeeping(
    path: Path, identity: dict[str, Any], rows: Sequence[dict[str, Any]], planned: dict[str, dict[str, Any]]
) -> list[Fault]:
    """Planned = made + failed, counted from the files; and every row has the same columns and the plan's key."""
    faults = []
    place = path / MANIFEST
    failed = _failures(path)
    names = Counter(row["audio_filepath"] for row in rows)
    for name in sorted(name for name, count in names.items() if count > 1):
        faults.append(Fault(str(place), f"'{name}' stands in more than one row"))
    for name in sorted(set(planned) - set(names) - set(failed)):
        faults.append(Fault(str(place), f"'{name}' was planned, and is neither made nor among the failures"))
    for name, reason in sorted(failed.items()):
        faults.append(Fault(str(path / FAILURES), f"'{name}' could not be made: {reason}"))
    counted = {"planned": len(planned), "made": len(rows), "failed": len(failed)}
    if identity["items"] != counted:
        faults.append(Fault(str(path / IDENTITY), f"items: found {counted}, it says {identity['items']}"))
    for number, row in enumerate(rows, start=1):
        if list(row) != list(rows[0]):
            faults.append(Fault(f"{place}:{number}", "the row has other columns than the first"))
        if row["audio_filepath"] not in planned:
            faults.append(Fault(f"{place}:{number}", f"'{row['audio_filepath']}' is not in the plan"))
            continue
        for name, value in planned.get(row["audio_filepath"], {}).items():
            if name in row and not _same(row[name], value):
                what = f"{name}: the plan says {value!r}, the manifest {row[name]!r}"
                faults.append(Fault(f"{place}:{number}", f"'{row['audio_filepath']}': {what}"))
    return faults


def _same(found: Any, planned: Any) -> bool:
    """Whether a value of the manifest is the plan's, which spells fractions as text."""
    return found == planned or (isinstance(found, float) and str(planned) == f"{found:.2f}") or repr(found) == planned


def _failures(path: Path) -> dict[str, str]:
    if not (path / FAILURES).is_file():
        return {}
    try:
        lines = (path / FAILURES).read_text(encoding="utf-8").split("\n")
        rows = [json.loads(line) for line in lines if line]
        return {str(row["audio_filepath"]): str(row["reason"]) for row in rows}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TestSetError(Fault(str(path / FAILURES), f"is damaged: {error!r}")) from None


NUMBERS = ("duration", "sample_rate", "samples", "clipped_samples", "speech_level_dbov", "gain_db", "headroom_gain_db")
TEXTS = ("id", "condition", "utterance", "pcm_sha256")


def _shape(path: Path, row: dict[str, Any]) -> list[Fault]:
    """What a row lacks that is needed to check its file."""
    place = path / MANIFEST
    faults = [name for name in NUMBERS if isinstance(row.get(name), bool) or not isinstance(row.get(name), int | float)]
    faults += [name for name in TEXTS if not isinstance(row.get(name), str)]
    faults += [name for name in ("peak_dbfs", "snr_db", "snr_requested_db") if name not in row]
    return [Fault(str(place), f"'{row['audio_filepath']}': '{name}' is missing or damaged") for name in faults]


def _file(path: Path, row: dict[str, Any]) -> list[Fault]:
    """One audio file against its row."""
    place = path / row["audio_filepath"]
    if place.is_symlink() or not place.is_file():
        return [Fault(str(place), "is a link" if place.is_symlink() else "the file is missing")]
    data = place.read_bytes()
    faults = []
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        faults.append(Fault(str(place), "its checksum is not the manifest's"))
    try:
        audio = decode(data, str(place))
    except AudioError as error:
        return [*faults, *error.faults]
    pcm = np.rint(audio.samples * FULL_SCALE).astype(np.int64)
    peak = int(np.abs(pcm).max(initial=0))
    peak_dbfs = 20 * math.log10(peak / FULL_SCALE) if peak else None
    found = {
        "samples": pcm.size,
        "sample_rate": audio.sample_rate_hz,
        "duration": round(pcm.size / audio.sample_rate_hz, 6),
        "peak_dbfs": None if peak_dbfs is None else round(peak_dbfs, 3) + 0.0,
        "pcm_sha256": pcm_sha256(np.clip(pcm, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)),
    }
    for name, value in found.items():
        if row[name] != value:
            faults.append(Fault(str(place), f"{name}: found {value}, the manifest says {row[name]}"))
    at_limit = int(np.count_nonzero((pcm <= -FULL_SCALE) | (pcm >= FULL_SCALE - 1)))
    if row["clipped_samples"] == 0 and at_limit > 1:
        faults.append(Fault(str(place), f"{at_limit} samples stand at full scale, the manifest says none is clipped"))
    return faults


def _strangers(path: Path, rows: Sequence[dict[str, Any]]) -> list[Fault]:
    known = {row["audio_filepath"] for row in rows}
    found = (path / "audio").rglob("*")
    present = (p.relative_to(path).as_posix() for p in found if p.is_symlink() or not p.is_dir())
    return [Fault(str(path / name), "the file is not in the manifest") for name in sorted(set(present) - known)]


def _rendered_again(
    path: Path,
    identity: dict[str, Any],
    chosen: Sequence[dict[str, Any]],
    planned: dict[str, dict[str, Any]],
    recipe_folder: str | Path | None,
    progress: Progress,
) -> tuple[list[Fault], int]:
    if identity["bytes_version"] != BYTES_VERSION:
        message = f"made by a version that gives other bytes ({identity['bytes_version']}, here {BYTES_VERSION})"
        return [Fault(str(path), message, "check the files only with --sample 0, or build the test set again")], 0
    try:
        base = Path(recipe_folder) if recipe_folder else _recipe_folder(path)
        loaded = load_recipe(path / RECIPE, base)
        root = (base / loaded.recipe.corpus.path).parent
        if not root.is_dir():
            raise TestSetError(Fault(str(root), "the folder of the corpus is not there"))
        faults = _identity_faults(path, identity, loaded)
    except AcoustigridError as error:
        remedy = "say where the recipe was with --recipe-folder, or check the files only with --sample 0"
        return [Fault(str(path), f"no item could be rendered again: {error}", remedy)], 0
    job, count = job_of(loaded, path), 0
    for row in progress([row for row in chosen if row["audio_filepath"] in planned]):
        place = str(path / row["audio_filepath"])
        count += 1
        try:
            outcome = next(iter(render_utterance(job, utterance_of([planned[row["audio_filepath"]]], root))))
            if isinstance(outcome, Failed):
                raise TestSetError(outcome.reason)
            faults += [Fault(place, message) for message in _compare(path, row, outcome, job, loaded)]
        except (AcoustigridError, KeyError, ValueError, TypeError) as error:
            faults.append(Fault(place, f"could not be rendered again: {error}"))
    return faults, count


def _recipe_folder(path: Path) -> Path:
    try:
        return Path(json.loads((path / STATE / WHERE).read_text(encoding="utf-8"))["recipe_folder"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TestSetError(Fault(str(path / STATE / WHERE), f"cannot be read: {error!r}")) from None


def _identity_faults(path: Path, identity: dict[str, Any], loaded: LoadedRecipe) -> list[Fault]:
    """What ``testset.json`` says against the recipe, and the profiles of today against those of the build."""
    columns = conditions(loaded)
    today = profile_digests(columns, loaded.library)
    expected = {
        "name": loaded.recipe.name,
        "seed": loaded.recipe.seed,
        "conditions": [condition.name for condition in columns],
        "speech_level_dbov": loaded.recipe.speech.level_dbov,
    }
    found = [
        Fault(str(path / IDENTITY), f"{name}: the recipe says {value!r}, it says {identity.get(name)!r}")
        for name, value in expected.items()
        if identity.get(name) != value
    ]
    for name, digest in identity["profiles"].items():
        if today.get(name) != digest:
            remedy = f"its figures at that time are in {PROFILES}"
            found.append(Fault(str(path), f"the profile '{name}' has changed since the test set was built", remedy))
    return found


def _compare(path: Path, row: dict[str, Any], again: Rendered, job: Job, loaded: LoadedRecipe) -> list[str]:
    """A file and its row against a new rendering."""
    found = []
    data = encode(again.pcm, job.spec.sample_rate_hz, job.audio_format)
    place = path / row["audio_filepath"]
    if pcm_sha256(again.pcm) != row["pcm_sha256"]:
        found.append("rendered again, it has other samples")
    elif place.is_file() and data != place.read_bytes():
        found.append("rendered again, it has other bytes, though the same samples: another version of libsndfile?")
    for name, value in again.measured.items():
        if row.get(name) != value:
            found.append(f"{name}: measured again {value!r}, the manifest says {row.get(name)!r}")
    level = speech_level(again.delivered.speech.signal(), job.spec.sample_rate_hz).active_level_dbov
    if abs(level - row["speech_level_dbov"]) > SNR_TOLERANCE_DB:
        found.append(f"its speech has {level:.2f} dBov; the manifest says {row['speech_level_dbov']}")
    snr = _snr_db(again.at_microphone, loaded)
    for name in ("snr_db", "snr_requested_db") if snr is not None else ():
        if not isinstance(row[name], int | float) or abs(snr - row[name]) > SNR_TOLERANCE_DB:
            found.append(f"its stems have an SNR of {snr:.2f} dB; the manifest says {name}: {row[name]}")
    return found


def _snr_db(scene: Scene, loaded: LoadedRecipe) -> float | None:
    """SNR of stems: band powers by numpy's FFT over the whole signal, no code of the renderer but the P.56 meter."""
    if not scene.noises:
        return None
    definition = loaded.recipe.snr_definition()
    low, high = definition.band_hz or (0.0, scene.sample_rate_hz / 2)

    def seen(signal: Signal) -> Signal:
        spectrum = np.fft.rfft(signal)
        frequency = np.fft.rfftfreq(signal.size, 1 / scene.sample_rate_hz)
        if definition.a_weighted:
            f2 = np.maximum(frequency, 1e-9) ** 2
            poles = (f2 + 20.598997**2) * np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2)) * (f2 + 12194.217**2)
            spectrum = spectrum * (12194.217**2 * f2**2 / poles * 10 ** (1.99966 / 20))
        spectrum[(frequency < low) | (frequency > high)] = 0
        return np.asarray(np.fft.irfft(spectrum, signal.size), dtype=np.float64)

    noise = 0.0
    for stem in scene.noises:
        heard = seen(stem.signal())
        noise += float(np.mean(np.square(heard if stem.active is None else heard[stem.active])))
    return speech_level(seen(scene.speech.signal()), scene.sample_rate_hz).active_level_dbov - 10 * math.log10(noise)
