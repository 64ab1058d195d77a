"""The plan: every item of the test set, with everything that decides its bytes."""

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment.corpus.speech import Facts
from augment.corpus.table import Corpus, label_column
from augment.dealt import Exposure, dealt_text
from augment.design.assignment import Schedule, size_bytes
from augment.design.conditions import Condition
from augment.design.identifying import identifying_notes
from augment.design.naming import file_stem
from augment.design.notes import notes_on
from augment.design.provenance import Provenance, speech_source
from augment.design.selection import Selection
from augment.design.selection.grouping import UNKNOWN_SPEAKER
from augment.design.tally import Crossing, crossing_notes, crossings_of
from augment.errors import DesignError, Fault, counted, nearest
from augment.notes import Note
from augment.perturb import Perturbation
from augment.perturb.columns import taken
from augment.recipe.loader import LoadedRecipe
from augment.showing import Picture, Player, Presented, picture_of, player_of

if TYPE_CHECKING:
    import polars

BYTES_VERSION = 5
"""Incremented whenever the bytes of an item change for the same inputs; see "bytes changed" in the CHANGELOG."""

ITEM_COLUMNS = ("dealt", "licence", "credit", "key")
"""Columns of a plan that depend on utterance and condition together."""


@dataclass(frozen=True)
class Plan(Presented):
    """What will be rendered.

    Attributes:
        loaded: The recipe.
        corpus: The corpus.
        schedule: The columns of the grid, and which block meets which of them.
        selection: The chosen utterances, which are the rows of the grid.
        exposures: What is dealt to the blocks, by :attr:`ChainStep.plays`.
        items: One row for each file: where its speech comes from, its condition, group and block, what is ``dealt`` to
            it (JSON, by :attr:`ChainStep.plays`), its ``key`` and its ``audio_filepath``. It holds integers, texts and
            decimal strings only, so that a plan is the same on every machine.
        provenance: Where the items' sound comes from.
        crossings: How evenly speakers, texts, conditions and what is dealt are crossed.
        notes: What the user should know.

    Example:
        >>> import augment
        >>> planned = augment.plan("demo")
        >>> planned
        <Plan 'demo': 4 groups x 8 conditions, 384 items, 0.30 h>
        >>> planned.items["speaker"].n_unique()
        12
    """

    loaded: LoadedRecipe
    corpus: Corpus
    schedule: Schedule
    selection: Selection
    exposures: Mapping[str, Exposure]
    items: "polars.DataFrame"
    provenance: Provenance
    crossings: tuple[Crossing, ...]
    notes: tuple[Note, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The columns of the grid."""
        return self.schedule.conditions

    def __repr__(self) -> str:
        size = f"{counted(len(self.selection.groups), 'group')} x {counted(len(self.conditions), 'condition')}"
        items = f"{counted(self.items.height, 'item')}, {self.seconds / 3600:.2f} h"
        return f"<Plan '{self.loaded.recipe.name}': {size}, {items}>"

    def plot(self) -> Picture:
        """How many files each cell of the grid will have."""
        return picture_of(self)

    def play(self, utterance: str | None = None, condition: str | None = None) -> Player:
        """Items as they will sound, rendered now; nothing is written.

        Args:
            utterance: Only the one with this id; if not given, one of each group, which can be compared.
            condition: Only this one, beside the clean control; if not given, as many as fit.

        Raises:
            AcoustigridError: There is nothing of that name in the plan, or nothing can be rendered.
        """
        return player_of(self, utterance=utterance, condition=condition)

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
    notes: tuple[Note, ...] = (),
) -> Plan:
    """Join what was decided into one table of items.

    Raises:
        DesignError: Two utterances would have the same file name, or licences forbid a mixture.
    """
    labels, provenance = label_columns(corpus, loaded), Provenance(loaded, corpus, exposures)
    owns = [_utterance_part(row, facts[row["id"]], labels) for row in selection.frame.rows(named=True)]
    pairs = [(u, c) for u, own in enumerate(owns) for c in schedule.of_block(own["block"])]
    spoken = [speech_source(*row) for row in selection.frame.select("licence", "credit").rows()]
    stated = [provenance.columns(schedule.conditions[c], owns[u]["block"], spoken[u]) for u, c in pairs]
    stems = _stems(selection.frame["id"].to_list(), corpus)
    provenance.check()
    if corpus.pseudonyms is not None:
        _refuse_own_noise(exposures, {found.sha256 for found in facts.values()}, corpus)
    chains = [_Chain(condition, loaded, exposures) for condition in schedule.conditions]
    items = _items(pairs, owns, chains, stated, stems, str if corpus.pseudonyms is None else corpus.pseudonyms.item_key)
    items = items.select(plan_columns(loaded.settings, labels.values()))
    told = notes_on(selection, facts, items, exposures, schedule.conditions, loaded)
    told += identifying_notes(corpus, selection.frame, [*labels])
    crossings = crossings_of(items)
    all_notes = (*corpus.notes, *selection.notes, *notes, *crossing_notes(crossings), *told, *provenance.notes())
    return Plan(loaded, corpus, schedule, selection, exposures, items, provenance, crossings, all_notes)


def _items(
    pairs: Sequence[tuple[int, int]],
    owns: Sequence[Mapping[str, Any]],
    chains: Sequence["_Chain"],
    stated: Sequence[tuple[str, str]],
    stems: Sequence[str],
    item_key: Callable[[str], str],
) -> "polars.DataFrame":
    """Items for pairs of utterance and condition; what either says for all its items is computed once and repeated."""
    import polars

    speech = [json.dumps(_speech_identity(own)) for own in owns]
    of_condition = polars.DataFrame([{"condition": c.name, **dict(c.settings)} for c in (n.condition for n in chains)])
    of_utterance = polars.DataFrame(owns, infer_schema_length=None)
    parts = [of_condition[[c for _, c in pairs]], of_utterance[[u for u, _ in pairs]]]
    names, suffix = [chain.condition.name for chain in chains], chains[0].loaded.recipe.output.format
    return polars.concat(parts, how="horizontal").with_columns(
        polars.Series("id", [f"{stems[u]}__{names[c]}" for u, c in pairs]),
        polars.Series("audio_filepath", [f"audio/{names[c]}/{stems[u]}.{suffix}" for u, c in pairs]),
        polars.Series("dealt", [chains[c].dealt_text(owns[u]["block"]) for u, c in pairs]),
        polars.Series("licence", [licence for licence, _ in stated]),
        polars.Series("credit", [credit for _, credit in stated]),
        polars.Series("key", [item_key(chains[c].key(owns[u]["block"], speech[u])) for u, c in pairs]),
    )


def plan_columns(factors: Iterable[str], labels: Iterable[str]) -> list[str]:
    """Columns of a plan, in order.

    Args:
        factors: The recipe's factors.
        labels: Columns of the labels that leave the corpus.
    """
    return ["id", "audio_filepath", "condition", *factors, *utterance_columns(labels), *ITEM_COLUMNS]


def utterance_columns(labels: Iterable[str]) -> list[str]:
    """Columns of a plan that are the same for all items of an utterance."""
    return [
        "utterance", "text", "speaker", "group", "block", *labels, "source_audio", "source_channel", "source_offset",
        "source_duration", "source_sha256", "source_sample_rate", "source_level_dbov", "samples",
    ]  # fmt: skip


def _refuse_own_noise(exposures: Mapping[str, Exposure], speech: set[str], corpus: Corpus) -> None:
    """Refuse noise that is speech of the corpus: rows name their noise, and would reveal whose recording it is.

    Raises:
        DesignError: A recording of chosen speech is among the noise.
    """
    for path, exposure in exposures.items():
        if any(not speech.isdisjoint(dealt.recordings().values()) for dealt in exposure.dealt.values()):
            message = f"step {path} takes chosen speech of the corpus for noise, and rows would tell its names"
            raise DesignError(Fault(str(corpus.manifest), message, "use {kind: babble} for other speakers' voices"))


def label_columns(corpus: Corpus, loaded: LoadedRecipe) -> dict[str, str]:
    """Column of the manifest for each label that leaves the corpus: its own name, or ``label_...`` where that is taken.

    Raises:
        DesignError: The recipe names labels that the corpus does not have.
    """
    asked = loaded.recipe.output.labels
    absent = [label for label in asked if label not in corpus.labels] if isinstance(asked, tuple) else []
    if absent:
        known = nearest(absent[0], corpus.labels)
        message = f"output.labels names '{absent[0]}', a label that the corpus does not have"
        raise DesignError(Fault(str(corpus.manifest), message, known))
    used = set(loaded.settings)
    columns: dict[str, str] = {}
    for label in loaded.recipe.outgoing(corpus.labels):
        column = label
        while column in used or taken(column) or column == "noise":
            column = f"label_{column}"
        used.add(column)
        columns[label] = column
    return columns


def _speech_identity(own: Mapping[str, Any]) -> list[str | None]:
    """The part of an utterance's cells that decides samples."""
    place = [own["source_sha256"], own["source_offset"], own["source_duration"]]
    return place if own["source_channel"] is None else [*place, own["source_channel"]]


def _utterance_part(utterance: Mapping[str, Any], facts: Facts, labels: Mapping[str, str]) -> dict[str, Any]:
    offset, duration = utterance["offset"], utterance["duration"]
    return {
        "utterance": utterance["id"],
        "text": utterance["text"],
        "speaker": None if utterance["speaker"] == UNKNOWN_SPEAKER else utterance["speaker"],
        "group": utterance["group"],
        "block": utterance["block"],
        **{column: utterance[label_column(label)] for label, column in labels.items()},
        "source_audio": utterance["audio_filepath"],
        "source_channel": utterance["audio_channel"],
        "source_offset": None if offset is None else repr(offset),
        "source_duration": None if offset is None or duration is None else repr(duration),
        "source_sha256": facts.sha256,
        "source_sample_rate": facts.source_rate_hz,
        "source_level_dbov": f"{facts.level_dbov:.2f}",
        "samples": facts.samples,
    }


def _stems(identities: list[str], corpus: Corpus) -> list[str]:
    stems: list[str] = []
    owner: dict[str, str] = {}
    for identity in identities:
        stem = file_stem(identity)
        other = owner.setdefault(stem.casefold(), identity)
        if other != identity:
            message = f"the ids '{other}' and '{identity}' would have the same file name '{stem}'"
            raise DesignError(Fault(str(corpus.manifest), message, "change one of them"))
        stems.append(stem)
    return stems


class _Chain:
    """What a condition contributes to the identity of its items."""

    def __init__(self, condition: Condition, loaded: LoadedRecipe, exposures: Mapping[str, Exposure]) -> None:
        self.condition, self.loaded = condition, loaded
        self.identity = [
            {
                "path": step.path if step.perturbation.draws else step.name,
                # Names are left to the recipe: "data" and "draw" hold what is behind them, however they are spelled.
                "step": step.perturbation.model_dump(mode="json", exclude=_spelled(step.perturbation)),
                "made_by": _version_of(step.perturbation.package()),
                "data": [loaded.library.digest(n) for n in step.perturbation.needs()],
            }
            for step in condition.chain
        ]
        self.draws = any(step.perturbation.draws for step in condition.chain)
        self.played = [(step.plays, exposures[step.plays]) for step in condition.chain if step.plays]
        self._texts: dict[int, str] = {}
        self._begun: dict[int, Any] = {}

    def dealt_text(self, block: int) -> str:
        """What the planner dealt to a block, as :func:`~augment.dealt.read_dealt` reads it."""
        if block not in self._texts:
            self._texts[block] = dealt_text({played: own.dealt[block].written() for played, own in self.played})
        return self._texts[block]

    def key(self, block: int, speech: str) -> str:
        """Hash of everything that decides an item's bytes, and of nothing else: JSON with sorted keys.

        Args:
            block: Block of the item.
            speech: Hash, offset and duration of its speech, as JSON: ``"speech"`` is the last of the keys, so that
                everything before it is hashed only once a block.
        """
        if block not in self._begun:
            text = json.dumps({**self._identity(block), "speech": None}, sort_keys=True)
            assert text.endswith('"speech": null}')
            self._begun[block] = hashlib.sha256(text.removesuffix("null}").encode())
        whole = self._begun[block].copy()
        whole.update(f"{speech}}}".encode())
        return str(whole.hexdigest())

    def _identity(self, block: int) -> dict[str, Any]:
        recipe, definition = self.loaded.recipe, self.loaded.recipe.snr_definition()
        heard = [exposure.dealt[block].content() for _, exposure in self.played]
        draw = [recipe.seed, block, definition.band_hz, definition.a_weighted, heard]
        identity = {
            "bytes_version": BYTES_VERSION,
            "level_dbov": recipe.speech.level_dbov,
            "output": [recipe.output.sample_rate_hz, recipe.output.format],
            "chain": self.identity,
            "draw": draw if self.draws else None,  # a control, or a device alone, draws nothing and meets no noise
        }
        if recipe.speech.loudness_dbspl() is not None:  # rows then give levels in dB SPL, whatever the steps are
            identity["loudness"] = [recipe.speech.loudness_dbspl(), recipe.speech.talker_m, recipe.speech.effort]
        return identity


def _spelled(perturbation: Perturbation) -> set[str]:
    """Fields that decide no samples: names, except those that rows repeat, and what only the planner heeds."""
    if perturbation.records:
        return set(perturbation.planned)
    asked = perturbation.asks()
    return {need.field for need in perturbation.needs()} | perturbation.planned | ({asked.field} if asked else set())


def _version_of(package: str | None) -> str | None:
    """A package that makes bytes, with its version, since another version may make other bytes."""
    return None if package is None else f"{package} {importlib.metadata.version(package)}"
