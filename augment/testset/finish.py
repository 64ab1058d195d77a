"""The files beside the audio: manifest, plan, recipe, identity."""

import dataclasses
import hashlib
import importlib.metadata
import json
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from augment import __version__
from augment.acoustics.pcm import duration_s
from augment.design.conditions import ChainStep, Condition
from augment.design.dealing import read_dealt
from augment.design.detection import detection_of
from augment.design.plan import BYTES_VERSION, Plan, label_columns
from augment.files.json_text import json_lines, json_text
from augment.files.walk import STATE
from augment.measured import NOISE_FIELDS, noise_prefix
from augment.profiles.library import DEALT, Library
from augment.recipe.loader import LoadedRecipe
from augment.recipe.model import ROW_FIELDS
from augment.scene import Segment, Stage
from augment.scene.scene import numbered
from augment.testset.exports import drop_outdated
from augment.testset.folder import FAILURES, IDENTITY, MANIFEST, PLAN, PROFILES, RECIPE, Rows
from augment.testset.outgoing import kept_files, outgoing_failures, outgoing_items, outgoing_row, parquet_bytes
from augment.testset.resume import Folder
from augment.testset.softer import made_softer
from augment.testset.versions import SCHEMA_VERSION

PACKAGES = ("numpy", "scipy", "soxr", "soundfile", "polars", "audiomentations", "pyroomacoustics", "av")
LOMBARD = "No Lombard effect: the speech was read in quiet, and nobody raised their voice against this noise."
FREE_FIELD = "Without a room, speech and noise reach the microphone on one path each, and nothing echoes."


def limits(conditions: Sequence[Condition]) -> list[str]:
    """What a test set does not model."""
    told: dict[str, None] = {LOMBARD: None}
    if any(all(step.perturbation.stage != Stage.ROOM for step in condition.chain) for condition in conditions):
        told[FREE_FIELD] = None
    for step in (step for condition in conditions for step in condition.chain):
        told |= dict.fromkeys(step.perturbation.limits)
    return list(told)


def manifest_columns(labels: Iterable[str], factors: Iterable[str], conditions: Sequence[Condition]) -> list[str]:
    """Columns of the manifest, in order; every row has all of them.

    Args:
        labels: Columns of the labels that leave the corpus.
        factors: Of the recipe.
        conditions: Columns of the grid.

    Example: see ``manifest.jsonl`` of any test set.
    """
    first = ["id", "audio_filepath", "duration", "text", "speaker", *labels, "group", "condition", *factors]
    fixed = [name for name in ROW_FIELDS if name not in first and name != "key"]
    return [*first, *fixed, *step_columns(conditions), "key"]


def step_columns(conditions: Sequence[Condition]) -> list[str]:
    """Columns that the steps of conditions fill."""
    noises = max((len(_noises(condition)) for condition in conditions), default=0)
    noise = [f"{noise_prefix(n)}_{name}" for n in range(1, noises + 1) for name in NOISE_FIELDS]
    return [*_records(conditions), *noise]


def _noises(condition: Condition) -> list[ChainStep]:
    return [step for step in condition.chain if step.perturbation.is_noise()]


def _records(conditions: Iterable[Condition]) -> list[str]:
    """Columns that steps fill, in the order of the chain; numbered where a condition has two steps that fill it."""
    columns: dict[str, None] = {}
    for condition in conditions:
        seen: Counter[str] = Counter()
        for name in (name for step in condition.chain for name in step.perturbation.records):
            seen[name] += 1
            columns[numbered(name, seen[name])] = None
    return list(columns)


def manifest_rows(plan: Plan, finished: Rows) -> list[dict[str, Any]]:
    """Rows of the manifest for all finished items, in the plan's order."""
    labels = label_columns(plan.corpus, plan.loaded).values()
    columns = manifest_columns(labels, plan.loaded.settings, plan.conditions)
    cells = PlannedCells(plan.loaded, plan.conditions)
    rows = []
    for item in plan.items.rows(named=True):
        made = finished.get(item["audio_filepath"])
        if made is None:
            continue
        # What was measured is the file's; all else is the plan's, which may have other labels by now.
        complete = {**made, **cells.of(item)}
        rows.append(outgoing_row(plan, {name: complete.get(name) for name in columns}))
    return rows


class PlannedCells:
    """What rows of the manifest say that was not measured.

    Args:
        loaded: The recipe.
        conditions: Of the plan.
    """

    def __init__(self, loaded: LoadedRecipe, conditions: Iterable[Condition]) -> None:
        self._rate_hz = loaded.recipe.output.sample_rate_hz
        self._same = {"sample_rate": self._rate_hz, **snr_columns(loaded)}
        self._conditions = {condition.name: condition for condition in conditions}
        self._noises: dict[tuple[str, str], dict[str, Any]] = {}

    def of(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Of a row of the plan."""
        heard = (item["condition"], item["dealt"])
        if heard not in self._noises:  # a block's items, and often those of many blocks
            self._noises[heard] = _noise_names(self._conditions[heard[0]], heard[1], self._rate_hz)
        offset = item["source_offset"]
        return {
            **item,
            **self._noises[heard],
            **self._same,
            "duration": duration_s(item["samples"], self._rate_hz),
            "source_offset": None if offset is None else float(offset),
            "source_level_dbov": float(item["source_level_dbov"]),
        }


def snr_columns(loaded: LoadedRecipe) -> dict[str, str]:
    """What SNR means in a test set, as columns of its manifest."""
    band = loaded.recipe.snr_definition().band_hz
    said = "full" if band is None else f"{band[0]:g}-{band[1]:g}"
    return {"snr_band_hz": said, "snr_weighting": loaded.recipe.snr.weighting}


def _noise_names(condition: Condition, text: str, sample_rate_hz: int) -> dict[str, Any]:
    """What the noises of an item are called now: a file that was kept may have been made under another name."""
    dealt = read_dealt(text)
    names: dict[str, Any] = {}
    for number, step in enumerate(_noises(condition), start=1):
        needs, segment = step.perturbation.needs(), dealt.get(step.plays or "")
        if isinstance(segment, Segment):
            start_s = round(segment.start / sample_rate_hz, 3)
            said = {"step": step.path, "source": segment.name, "start_s": start_s, "segment": segment.label}
        else:
            said = {"step": step.path, **({"source": needs[0].name} if needs and segment is None else {})}
        names |= {f"{noise_prefix(number)}_{name}": value for name, value in said.items()}
    return names


def write_rest(
    folder: Folder,
    plan: Plan,
    rows: Sequence[dict[str, Any]],
    failures: Sequence[dict[str, Any]],
    identity: dict[str, Any],
    extra: dict[str, bytes],
) -> tuple[str, ...]:
    """Write everything but the audio; the identity, which says that the set is complete, comes last.

    Args:
        folder: Of the test set.
        plan: What was planned.
        rows: Of the manifest.
        failures: Items that could not be made, and why.
        identity: As of :func:`identity_of`.
        extra: More files by name, such as exports.

    Returns:
        Formats whose exports were of another state, and are gone.

    Raises:
        TestSetError: The audio files on the disk are not those of the manifest: then there is no identity.
    """
    files = files_beside(plan, rows, failures, extra)
    kept = {f"{STATE}/{name}": data for name, data in kept_files(plan, failures).items()}
    written = {**kept, **files}
    for name in {PLAN, FAILURES, f"{STATE}/{PLAN}", f"{STATE}/{FAILURES}"} - set(written):
        folder.sealed.unlink(name)
    for name, data in written.items():
        folder.sealed.replace(name, data)
    checksums = {name: _sha256(data) for name, data in files.items()}
    outdated = drop_outdated(folder.sealed, checksums)
    folder.refuse_miscount([row["audio_filepath"] for row in rows], plan.items.height - len(failures))
    folder.sealed.replace(IDENTITY, json_text({**identity, "checksums": checksums}))
    return outdated


def files_beside(
    plan: Plan, rows: Sequence[dict[str, Any]], failures: Sequence[dict[str, Any]], extra: dict[str, bytes]
) -> dict[str, bytes]:
    """Every file of a test set beside its audio but ``testset.json``, by name; arguments as of :func:`write_rest`."""
    files = {
        RECIPE: plan.loaded.text.encode(),
        PLAN: plan_bytes(plan),
        PROFILES: _profile_figures(plan),
        MANIFEST: json_lines(rows),
        **extra,
    }
    return {**files, FAILURES: json_lines(outgoing_failures(plan, failures))} if failures else files


def plan_bytes(plan: Plan) -> bytes:
    """The items of a plan as a Parquet file, as they leave the machine."""
    return parquet_bytes(outgoing_items(plan))


def _profile_figures(plan: Plan) -> bytes:
    """The figures behind every profile of the recipe, so that a test set can be understood without its profiles."""
    library = plan.loaded.library
    figures: dict[str, Any] = {}
    for need in (n for c in plan.conditions for step in c.chain for n in step.perturbation.needs()):
        if need.kind == "noise_profile":
            figures[need.name] = library.noise_profile(need.name).model_dump(mode="json")
        elif need.kind == "microphone":
            figures[need.name] = library.microphone(need.name).model_dump(mode="json")
        elif need.kind == "room":
            figures[need.name] = library.room(need.name).model_dump(mode="json")
    return (json.dumps(figures, indent=1, sort_keys=True) + "\n").encode()


def _detection(plan: Plan) -> dict[str, Any]:
    """What the set can show in one cell, and under which assumptions."""
    statistics = plan.loaded.recipe.statistics
    found = detection_of(plan.items, statistics)
    return {
        "assumed": statistics.model_dump(),
        "weakest_cells": {group: dataclasses.asdict(cell) for group, cell in found.cells.items()},
        "worst_pair": found.pair,
        "worst_condition": found.condition,
        "difference": found.difference,
        "best_difference": found.best,
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def described(loaded: LoadedRecipe, conditions: Sequence[Condition]) -> dict[str, Any]:
    """What ``testset.json`` says that follows from the recipe alone."""
    recipe, definition = loaded.recipe, loaded.recipe.snr_definition()
    return {
        "name": recipe.name,
        "about": recipe.about,
        "made_by": f"acoustigrid {__version__}",
        "schema_version": SCHEMA_VERSION,
        "bytes_version": BYTES_VERSION,
        "seed": recipe.seed,
        "conditions": [condition.name for condition in conditions],
        "factors": list(loaded.settings),
        "speech_level_dbov": recipe.speech.level_dbov,
        "snr": {
            "speech": "active speech level, ITU-T P.56",
            "noise": "RMS level over its active part",
            "at": "input of the microphone",
            "band_hz": None if definition.band_hz is None else list(definition.band_hz),
            "weighting": recipe.snr.weighting,
        },
        "limits": limits(conditions),
    }


def profile_digests(conditions: Iterable[Condition], library: Library) -> dict[str, str]:
    """Hash of the figures of every profile that a test set uses, by its name in the recipe."""
    steps = (step.perturbation for condition in conditions for step in condition.chain)
    needs = {need for step in steps for need in step.needs() if need.kind not in DEALT}
    return {need.name: library.digest(need) for need in sorted(needs, key=lambda need: need.name)}


def identity_of(plan: Plan, rows: Sequence[dict[str, Any]], failed: int) -> dict[str, Any]:
    """What ``testset.json`` says, without the checksums of the files beside it.

    Args:
        plan: What was planned.
        rows: Of the manifest.
        failed: Items that could not be made.
    """
    return {
        **described(plan.loaded, plan.conditions),
        "profiles": profile_digests(plan.conditions, plan.loaded.library),
        "labels": list(label_columns(plan.corpus, plan.loaded).values()),
        "pseudonyms": None if plan.corpus.pseudonyms is None else plan.corpus.pseudonyms.fingerprint,
        "groups": list(plan.selection.groups),
        "utterances_per_group": plan.selection.per_group,
        "left_out": dict(sorted(plan.selection.left_out.items())),
        "conditions_per_utterance": plan.schedule.each,
        "balance": [dataclasses.asdict(difference) for difference in plan.selection.balance.differences],
        "largest_speaker_share": plan.selection.balance.largest_share,
        "crossing": [dataclasses.asdict(crossing) for crossing in plan.crossings],
        "detection": _detection(plan),
        **plan.provenance.identity(),
        "notes": list(plan.notes),
        "items": {"planned": plan.items.height, "made": len(rows), "failed": failed},
        "made_softer_against_clipping": made_softer(rows).as_identity(),
        "versions": versions_here(),
    }


def versions_here() -> dict[str, str]:
    """Versions of what makes sound on this machine."""
    return {
        "python": platform.python_version(),
        **{name: version for name in PACKAGES if (version := _version(name)) is not None},
        "libsndfile": _libsndfile(),
    }


@cache  # each is looked for in all that is installed
def _version(package: str) -> str | None:
    """Version of a package; None for an extra that is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _libsndfile() -> str:
    import soundfile

    return str(soundfile.__libsndfile_version__)
