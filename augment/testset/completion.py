"""The files beside the audio: manifest, plan, recipe, identity."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from augment import __version__
from augment.acoustics.pcm import duration_s
from augment.columns import CELL, ITEM, KEY, SPEECH, Column, numbered
from augment.dealt import read_dealt
from augment.design.chains import BYTES_VERSION
from augment.design.conditions import Condition
from augment.design.plan import Plan, label_columns
from augment.design.wording import words_of
from augment.errors import Fault, TestSetError
from augment.files.content import Content, Hashed, sha256_of
from augment.files.json_rows import JsonRows, Row, write_json_rows
from augment.files.json_text import json_lines, json_text
from augment.files.store import Kind
from augment.files.walk import STATE
from augment.notes import Effect, by_gravity, texts
from augment.packages import versions_here
from augment.perturb.columns import filled_by
from augment.profiles.library import FOLDERS, Library
from augment.recipe.loader import LoadedRecipe
from augment.scene import Stage
from augment.testset.exports import drop_outdated
from augment.testset.folder import FAILURES, IDENTITY, MANIFEST, PLAN, PROFILES, RECIPE, SCRATCH
from augment.testset.outgoing import kept_files, outgoing_failures, outgoing_row, plan_pieces
from augment.testset.planned import ItemRows
from augment.testset.resume import Folder
from augment.testset.softer import Softer
from augment.testset.versions import SCHEMA_VERSION

UNNAMED = f"{SCRATCH}/{MANIFEST}"
"""The manifest until all else is known of the set."""
MOST_DEALT = 1024
"""Blocks, and cells of blocks, of which it is kept what they hear."""
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
    speech, cell, item, key = ([column.name for column in columns] for columns in (SPEECH, CELL, ITEM, KEY))
    steps = (column.name for column in step_columns(conditions))
    return [*speech, *labels, *cell, *factors, *item, *steps, *key]


def step_columns(conditions: Iterable[Condition]) -> list[Column]:
    """Columns that the steps of conditions fill, in the order of the chain; those of noises come last."""
    chains = ((step.perturbation for step in condition.chain) for condition in conditions)
    found = {column.name: column for chain in chains for column in filled_by(chain)}
    return sorted(found.values(), key=lambda column: column.name.startswith("noise"))


class RowMaker:
    """Makes rows of the manifest.

    Args:
        plan: What was planned.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan, self._cells = plan, PlannedCells(plan.loaded, plan.conditions)
        labels = label_columns(plan.corpus, plan.loaded).values()
        self._columns = manifest_columns(labels, plan.loaded.settings, plan.conditions)

    def row(self, item: Row, made: Row) -> Row:
        """The row of an item.

        What was measured is the file's; all else is the plan's, which may have other labels by now.

        Args:
            item: Row of the plan.
            made: What its shard wrote.
        """
        complete = {**made, **self._cells.of(item)}
        return outgoing_row(self._plan, {name: complete.get(name) for name in self._columns})


def write_manifest(folder: Folder, plan: Plan) -> JsonRows:
    """Write the manifest of what is finished, while its rows are made; :func:`write_rest` gives it its name.

    Args:
        folder: Of the test set.
        plan: What was planned.

    Raises:
        TestSetError: The row of an item is not what its shard wrote.
    """
    finished, maker = folder.finished, RowMaker(plan)

    def rows() -> Iterator[Row]:
        for number, item in enumerate(ItemRows(plan.table)):
            if number in finished:
                made = finished.row(number)
                if (made["audio_filepath"], made["key"]) != (item["audio_filepath"], item["key"]):
                    message = f"the row of '{item['audio_filepath']}' is not where its shard wrote it"
                    raise TestSetError(Fault(str(folder.sealed.path), message, "build again"))
                yield maker.row(item, made)

    return write_json_rows(folder.sealed, UNNAMED, rows())


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
        columns = [column.name for column in step_columns(self._conditions.values())]
        filled = {name: {column.name for column in step_columns([one])} for name, one in self._conditions.items()}
        self._empty = {name: dict.fromkeys(c for c in columns if c not in own) for name, own in filled.items()}
        # Rows of a block follow one another: they hear the same, and so do those of many blocks.
        self._dealt = lru_cache(MOST_DEALT)(read_dealt)
        self._steps = lru_cache(MOST_DEALT)(self._of_steps)

    def of(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Of a row of the plan."""
        offset = item["source_offset"]
        return {
            **item,
            **self._steps(item["condition"], item["dealt"]),
            **self._same,
            "duration": duration_s(item["samples"], self._rate_hz),
            "source_offset": None if offset is None else float(offset),
            "source_level_dbov": float(item["source_level_dbov"]),
        }

    def _of_steps(self, name: str, text: str) -> dict[str, Any]:
        """What the noises of an item are called now, and nothing where no step of it fills a column.

        A file that was kept may have been made under another name.
        """
        dealt, cells = self._dealt(text), dict[str, Any](self._empty[name])
        noises = [step for step in self._conditions[name].chain if step.perturbation.is_noise()]
        for number, step in enumerate(noises, start=1):
            needs, played = step.perturbation.needs(), dealt.get(step.plays)
            said = played.cells(self._rate_hz) if played else {"noise_source": needs[0].name} if needs else {}
            cells |= {numbered(name, number): value for name, value in {"noise_step": step.path, **said}.items()}
        return cells


def snr_columns(loaded: LoadedRecipe) -> dict[str, str]:
    """What SNR means in a test set, as columns of its manifest."""
    band = loaded.recipe.snr_definition().band_hz
    said = "full" if band is None else f"{band[0]:g}-{band[1]:g}"
    return {"snr_band_hz": said, "snr_weighting": loaded.recipe.snr.weighting}


def write_rest(
    folder: Folder,
    plan: Plan,
    rows: JsonRows,
    failures: Sequence[dict[str, Any]],
    identity: dict[str, Any],
    extra: Mapping[str, Content],
) -> tuple[str, ...]:
    """Write everything but audio and manifest; the identity, which says that the set is complete, comes last.

    Args:
        folder: Of the test set.
        plan: What was planned.
        rows: Of the manifest that was written.
        failures: Items that could not be made, and why.
        identity: As of :func:`identity_of`.
        extra: More files by name, such as exports.

    Returns:
        Formats whose exports were of another state, and are gone.

    Raises:
        TestSetError: The audio files on the disk are not those of the manifest, or the folder's lock was taken away:
            then there is no identity.
    """
    files = files_beside(plan, failures, extra)
    kept = {f"{STATE}/{name}": data for name, data in kept_files(plan, failures).items()}
    for name in {PLAN, FAILURES, f"{STATE}/{PLAN}", f"{STATE}/{FAILURES}"} - {*kept, *files}:
        folder.sealed.unlink(name)
    for name, told in kept.items():
        folder.sealed.replace(name, told)
    folder.sealed.rename(UNNAMED, MANIFEST)
    checksums = dict.fromkeys((RECIPE, PLAN, PROFILES), "") | {MANIFEST: rows.sha256}
    for name, data in files.items():
        passing = Hashed(data)
        folder.sealed.replace(name, passing)
        checksums[name] = passing.sha256
    outdated = drop_outdated(folder.sealed, checksums)
    folder.refuse_miscount(rows, plan.table.height - len(failures))
    folder.sealed.refuse_lost_locks()
    folder.sealed.replace(IDENTITY, json_text({**identity, "checksums": checksums}))
    return outdated


def stands(folder: Folder, plan: Plan) -> bool:
    """Whether the folder holds the finished set of this very recipe and plan, with all of its audio."""
    sealed = folder.sealed
    if len(folder.finished) < plan.table.height or folder.stale or sealed.kind(IDENTITY) is not Kind.FILE:
        return False
    expected: dict[str, Content] = {RECIPE: plan.loaded.text.encode(), PLAN: plan_pieces(plan)}
    there = all(sealed.kind(name) is Kind.FILE for name in expected)
    return there and all(sealed.sha256(name) == sha256_of(content) for name, content in expected.items())


def files_beside(plan: Plan, failures: Sequence[dict[str, Any]], extra: Mapping[str, Content]) -> dict[str, Content]:
    """Every file of a test set beside audio and manifest but ``testset.json``; arguments as of :func:`write_rest`."""
    files: dict[str, Content] = {
        RECIPE: plan.loaded.text.encode(),
        PLAN: plan_pieces(plan),
        PROFILES: _profile_figures(plan),
        **extra,
    }
    return {**files, FAILURES: json_lines(outgoing_failures(plan, failures))} if failures else files


def _profile_figures(plan: Plan) -> bytes:
    """The figures behind every profile of the recipe, so that a test set can be understood without its profiles."""
    steps = (step.perturbation for condition in plan.conditions for step in condition.chain)
    needs = {need.name: need.kind for step in steps for need in step.needs() if need.kind in FOLDERS}
    figures = {n: plan.loaded.library.profile(kind, n).model_dump(mode="json") for n, kind in needs.items()}
    return (json.dumps(figures, indent=1, sort_keys=True) + "\n").encode()


def _detection(plan: Plan) -> dict[str, Any]:
    """What the set can show in one cell, and under which assumptions."""
    statistics, found = plan.loaded.recipe.statistics, plan.detection
    return {
        "assumed": statistics.model_dump(),
        "weakest_cells": {group: dataclasses.asdict(cell) for group, cell in found.cells.items()},
        "worst_pair": found.pair,
        "worst_condition": found.condition,
        "difference": found.difference,
        "best_difference": found.best,
    }


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
    needs = {need for step in steps for need in step.needs()}
    return {need.name: library.digest(need) for need in sorted(needs, key=lambda need: need.name)}


def identity_of(plan: Plan, made: int, failed: int, softer: Softer) -> dict[str, Any]:
    """What ``testset.json`` says, without the checksums of the files beside it.

    Args:
        plan: What was planned.
        made: Items in the manifest.
        failed: Items that could not be made.
        softer: What of them was made softer against clipping.
    """
    return {
        **described(plan.loaded, plan.conditions),
        "conditions_in_words": words_of(plan),
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
        "notes": texts(plan.notes),
        "groups_differ_in": [note.headline for note in by_gravity(plan.notes) if note.effect is Effect.CONFOUNDED],
        "items": {"planned": plan.table.height, "made": made, "failed": failed},
        "made_softer_against_clipping": softer.as_identity(),
        "versions": versions_here(),
    }
