"""Items rendered again: from the plan, with the sources and profiles of today."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.levels import speech_level
from augment.corpus.source import folder_of
from augment.corpus.speech import Progress
from augment.design.conditions import Condition, condition_of
from augment.design.plan import BYTES_VERSION
from augment.errors import AcoustigridError, Fault, TestSetError
from augment.files.audio import encode, pcm_sha256
from augment.files.walk import STATE
from augment.recipe.loader import LoadedRecipe, load_recipe
from augment.recipe.model import measured
from augment.render import Failed, Rendered
from augment.scene import Scene
from augment.testset.finish import described, snr_columns
from augment.testset.folder import IDENTITY, PLAN, PROFILES, RECIPE, WHERE
from augment.testset.outgoing import WITHHELD, outgoing_part
from augment.testset.shard import Job, render_utterance
from augment.testset.work import job_of, utterance_of
from augment.verification.books import read_plan

SNR_TOLERANCE_DB = 0.1


def rendered_again(
    path: Path,
    identity: dict[str, Any],
    chosen: Sequence[dict[str, Any]],
    planned: dict[str, dict[str, Any]],
    recipe_folder: str | Path | None,
    progress: Progress,
) -> tuple[list[Fault], int]:
    """Render chosen items again.

    Args:
        path: The test set.
        identity: Its ``testset.json``.
        chosen: Rows of its manifest.
        planned: Rows of its plan.
        recipe_folder: Where the recipe was, if it has moved.
        progress: Shows how far it is.

    Returns:
        What deviates, and how many items were rendered.
    """
    if identity["bytes_version"] != BYTES_VERSION:
        message = f"made by a version that gives other bytes ({identity['bytes_version']}, here {BYTES_VERSION})"
        return [Fault(str(path), message, "check the files only with --sample 0, or build the test set again")], 0
    try:
        base = Path(recipe_folder) if recipe_folder else _recipe_folder(path)
        loaded = load_recipe(path / RECIPE, base)
        root = folder_of(base / loaded.recipe.corpus.path)
        if not root.is_dir():
            raise TestSetError(Fault(str(root), "the folder of the corpus is not there"))
        if identity.get("pseudonyms") is not None:
            planned = _with_recordings(path, planned)
        columns = _conditions(loaded, planned, identity)
        faults = _identity_faults(path, identity, loaded, columns)
    except _WithheldError as error:
        return list(error.faults), 0
    except AcoustigridError as error:
        remedy = "say where the recipe was with --recipe-folder, or check the files only with --sample 0"
        return [Fault(str(path), f"no item could be rendered again: {error}", remedy)], 0
    job, count = job_of(loaded, columns), 0
    for row in progress([row for row in chosen if row["audio_filepath"] in planned]):
        place = str(path / row["audio_filepath"])
        count += 1
        try:
            outcome = next(iter(render_utterance(job, utterance_of([planned[row["audio_filepath"]]], root))))
            if isinstance(outcome, Failed):
                raise TestSetError(outcome.reason)
            faults += [Fault(place, message) for message in _compare(path, row, outcome, job, loaded)]
        except (AcoustigridError, KeyError, ValueError, TypeError, AttributeError) as error:
            faults.append(Fault(place, f"could not be rendered again: {error}"))
    return faults, count


def _recipe_folder(path: Path) -> Path:
    try:
        return Path(json.loads((path / STATE / WHERE).read_text(encoding="utf-8"))["recipe_folder"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TestSetError(Fault(str(path / STATE / WHERE), f"cannot be read: {error!r}")) from None


class _WithheldError(TestSetError):
    """A set under pseudonyms that has left the place where it was made."""


def _with_recordings(path: Path, planned: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows of the plan with the recordings that a set under pseudonyms does not tell: the same rows but for these."""
    place = path / STATE
    if not (place / PLAN).is_file():
        message = "no item could be rendered again: recordings behind pseudonyms are known where the set was made only"
        raise _WithheldError(Fault(str(place / PLAN), message, "check the files only with --sample 0"))
    kept = read_plan(place)
    for name, row in planned.items():
        told = {column: value for column, value in row.items() if column not in WITHHELD}
        try:
            same = told == outgoing_part(kept.get(name, {}))
        except (ValueError, TypeError, AttributeError):
            same = False
        if not same:
            raise TestSetError(Fault(str(place / PLAN), f"it is not the plan of this test set: see '{name}'"))
    return kept


def _conditions(loaded: LoadedRecipe, planned: dict[str, dict[str, Any]], identity: dict[str, Any]) -> list[Condition]:
    """The conditions of the plan; not made anew, since another version may make another covering array."""
    try:
        choices = dict.fromkeys(tuple(str(row[factor]) for factor in loaded.settings) for row in planned.values())
    except KeyError as error:
        raise TestSetError(Fault("", f"the plan has no column for the factor {error}")) from None
    found = {condition.name: condition for condition in (condition_of(choice, loaded) for choice in choices)}
    order = [name for name in identity.get("conditions", []) if name in found]
    return [found[name] for name in dict.fromkeys([*order, *sorted(found)])]


def _identity_faults(
    path: Path, identity: dict[str, Any], loaded: LoadedRecipe, columns: Sequence[Condition]
) -> list[Fault]:
    """What ``testset.json`` says against the recipe, and the profiles of today against those of the build."""
    expected = described(loaded, columns)
    today = expected.pop("profiles")
    if identity.get("made_by") != expected.pop("made_by"):
        del expected["limits"]  # another version, whose bytes are the same, may word them otherwise
    found = [
        Fault(str(path / IDENTITY), f"{name}: the recipe says {value!r}, it says {identity.get(name)!r}")
        for name, value in expected.items()
        if identity.get(name) != value
    ]
    for name in sorted({*identity["profiles"], *today}):
        if today.get(name) != identity["profiles"].get(name):
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
    for name, value in {**again.measured, **snr_columns(loaded)}.items():
        if row.get(name) != value:
            found.append(f"{name}: measured again {value!r}, the manifest says {row.get(name)!r}")
    found += [
        f"{name}: nothing of this item fills it, the manifest says {value!r}"
        for name, value in row.items()
        if measured(name) and name not in again.measured and value is not None
    ]
    level = speech_level(again.delivered.speech.signal(), job.spec.sample_rate_hz).active_level_dbov
    if abs(level - row["speech_level_dbov"]) > SNR_TOLERANCE_DB:
        found.append(f"its speech has {level:.2f} dBov; the manifest says {row['speech_level_dbov']}")
    return [*found, *_snr_faults(row, again, loaded)]


def _snr_faults(row: dict[str, Any], again: Rendered, loaded: LoadedRecipe) -> list[str]:
    """The SNR of the stems, by a meter of its own, against the row."""
    snr, found = _snr_db(again.at_microphone, loaded), []
    for name in ("snr_db", "snr_requested_db") if snr is not None else ():
        if row[name] is None and again.measured[name] is None:
            continue  # a noise with a level in dB(A): its SNR was not asked for, it fell out
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
