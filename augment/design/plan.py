"""The plan: every item of the test set, with everything that decides its bytes."""

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment.corpus.speech import Facts
from augment.corpus.table import Corpus, label_column
from augment.design.assignment import Schedule, size_bytes
from augment.design.conditions import Condition
from augment.design.dealing import content, written
from augment.design.exposure import Exposure
from augment.design.naming import file_stem
from augment.design.notes import notes_on
from augment.design.selection import Selection
from augment.errors import DesignError, Fault
from augment.perturb import Perturbation
from augment.profiles.library import DEALT
from augment.recipe.loader import LoadedRecipe
from augment.recipe.model import RESERVED, measured
from augment.scene import Dealt

if TYPE_CHECKING:
    import polars

BYTES_VERSION = 2
"""Raised whenever the bytes of an item change for the same inputs; the CHANGELOG says so under "bytes changed"."""


@dataclass(frozen=True)
class Plan:
    """What will be rendered.

    Attributes:
        loaded: The recipe.
        corpus: The corpus.
        schedule: Columns of the grid, and which block meets which.
        selection: Chosen utterances, rows of the grid.
        exposures: What is dealt to the blocks, by :attr:`ChainStep.plays`.
        items: One row for each file: where its speech comes from, its condition, group and block, what is
            ``dealt`` to it (JSON, by :attr:`ChainStep.plays`), its ``key`` and its ``audio_filepath``. Integers, texts
            and decimal strings only, so that a plan is the same on every machine.
        notes: What the user should know.
    """

    loaded: LoadedRecipe
    corpus: Corpus
    schedule: Schedule
    selection: Selection
    exposures: Mapping[str, Exposure]
    items: "polars.DataFrame"
    notes: tuple[str, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Columns of the grid."""
        return self.schedule.conditions

    def __repr__(self) -> str:
        groups, columns = len(self.selection.groups), len(self.conditions)
        return f"<Plan '{self.loaded.recipe.name}': {groups} groups x {columns} conditions, {self.items.height} items>"

    @property
    def seconds(self) -> float:
        """Length of all items together."""
        return int(self.items["samples"].sum()) / self.loaded.recipe.output.sample_rate_hz

    @property
    def estimated_bytes(self) -> int:
        """Size of all audio files: exact for WAV, an estimate for FLAC."""
        output = self.loaded.recipe.output
        rate = output.sample_rate_hz
        return round(size_bytes((self.items["samples"] / rate).to_list(), (output.format, rate)))


def make_plan(
    loaded: LoadedRecipe,
    corpus: Corpus,
    schedule: Schedule,
    selection: Selection,
    exposures: Mapping[str, Exposure],
    facts: Mapping[str, Facts],
    notes: tuple[str, ...] = (),
) -> Plan:
    """Join what was decided into one table of items.

    Raises:
        DesignError: Two utterances would have the same file name.
    """
    import polars

    stems = _stems(selection.frame["id"].to_list(), corpus)
    conditions = schedule.conditions
    chains = [_Chain(condition, loaded, exposures) for condition in conditions]
    recipe, labels = loaded.recipe, label_columns(corpus, loaded)
    rows: list[dict[str, Any]] = []
    for utterance in selection.frame.rows(named=True):
        own = _utterance_part(utterance, facts[utterance["id"]], labels)
        for condition, chain in ((conditions[c], chains[c]) for c in schedule.of_block(utterance["block"])):
            dealt = chain.dealt(utterance["block"])
            stem = stems[utterance["id"]]
            rows.append(
                {
                    "id": f"{stem}__{condition.name}",
                    "audio_filepath": f"audio/{condition.name}/{stem}.{recipe.output.format}",
                    "condition": condition.name,
                    **dict(condition.settings),
                    **own,
                    "dealt": chain.dealt_text(utterance["block"]),
                    "key": _key(own, chain, dealt, loaded),
                }
            )
    items = polars.DataFrame(rows, infer_schema_length=None)
    told = notes_on(selection, facts, items, exposures, conditions, loaded)
    all_notes = (*corpus.notes, *selection.notes, *notes, *told)
    return Plan(loaded, corpus, schedule, selection, exposures, items, all_notes)


def label_columns(corpus: Corpus, loaded: LoadedRecipe) -> dict[str, str]:
    """Column of the manifest for each label of the corpus: its own name, or ``label_...`` where that is taken."""
    taken = set(loaded.settings)
    columns: dict[str, str] = {}
    for label in corpus.labels:
        column = label
        while column in taken or column in RESERVED or measured(column) or column == "noise":
            column = f"label_{column}"
        taken.add(column)
        columns[label] = column
    return columns


def _utterance_part(utterance: Mapping[str, Any], facts: Facts, labels: Mapping[str, str]) -> dict[str, Any]:
    offset, duration = utterance["offset"], utterance["duration"]
    return {
        "utterance": utterance["id"],
        "text": utterance["text"],
        "speaker": utterance["speaker"],
        "group": utterance["group"],
        "block": utterance["block"],
        **{column: utterance[label_column(label)] for label, column in labels.items()},
        "source_audio": utterance["audio_filepath"],
        "source_offset": None if offset is None else repr(offset),
        "source_duration": None if offset is None or duration is None else repr(duration),
        "source_sha256": facts.sha256,
        "source_sample_rate": facts.source_rate_hz,
        "source_level_dbov": f"{facts.level_dbov:.2f}",
        "samples": facts.samples,
    }


def _stems(identities: list[str], corpus: Corpus) -> dict[str, str]:
    stems: dict[str, str] = {}
    owner: dict[str, str] = {}
    for identity in identities:
        stem = file_stem(identity)
        other = owner.setdefault(stem.casefold(), identity)
        if other != identity:
            message = f"the ids '{other}' and '{identity}' would have the same file name '{stem}'"
            raise DesignError(Fault(str(corpus.manifest), message, "change one of them"))
        stems[identity] = stem
    return stems


class _Chain:
    """What a condition adds to the identity of its items."""

    def __init__(self, condition: Condition, loaded: LoadedRecipe, exposures: Mapping[str, Exposure]) -> None:
        self.identity = [
            {
                "path": step.path if step.perturbation.draws else step.name,
                # A name stands in the recipe, what is behind it in "data" and "draw": however it is spelled.
                "step": step.perturbation.model_dump(mode="json", exclude=_spelled(step.perturbation)),
                "made_by": _version_of(step.perturbation.package()),
                "data": [loaded.library.digest(n) for n in step.perturbation.needs() if n.kind not in DEALT],
            }
            for step in condition.chain
        ]
        self.draws = any(step.perturbation.draws for step in condition.chain)
        self._texts: dict[int, str] = {}
        self.played = [(step.plays, exposures[step.plays]) for step in condition.chain if step.plays]

    def dealt(self, block: int) -> list[Dealt]:
        """What the planner dealt to a block for this condition."""
        return [exposure.dealt[block] for _, exposure in self.played]

    def dealt_text(self, block: int) -> str:
        """The same in the form that :func:`~augment.design.dealing.read_dealt` reads."""
        if block not in self._texts:
            found = {played: written(exposure.dealt[block]) for played, exposure in self.played}
            self._texts[block] = json.dumps(found, sort_keys=True)
        return self._texts[block]


def _spelled(perturbation: Perturbation) -> set[str]:
    """Fields whose name stands in the recipe only: not those that rows repeat."""
    return set() if perturbation.records else {need.field for need in perturbation.needs()}


def _version_of(package: str | None) -> str | None:
    """A package that makes bytes, with its version: another version may make others."""
    return None if package is None else f"{package} {importlib.metadata.version(package)}"


def _key(own: Mapping[str, Any], chain: _Chain, dealt: Sequence[Dealt], loaded: LoadedRecipe) -> str:
    """Hash of everything that decides an item's bytes, and of nothing else."""
    recipe, definition = loaded.recipe, loaded.recipe.snr_definition()
    heard = [content(part) for part in dealt]
    draw = [recipe.seed, own["block"], definition.band_hz, definition.a_weighted, heard]
    identity = {
        "bytes_version": BYTES_VERSION,
        "speech": [own["source_sha256"], own["source_offset"], own["source_duration"]],
        "level_dbov": recipe.speech.level_dbov,
        "output": [recipe.output.sample_rate_hz, recipe.output.format],
        "chain": chain.identity,
        "draw": draw if chain.draws else None,  # a control or a device alone draws nothing and meets no noise
    }
    if recipe.speech.loudness_dbspl() is not None:  # rows tell levels in dB SPL then, whatever the steps are
        identity["loudness"] = [recipe.speech.loudness_dbspl(), recipe.speech.talker_m, recipe.speech.effort]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
