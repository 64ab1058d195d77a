"""The plan: every item of the test set, with everything that decides its bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from augment.corpus.speech import Facts
from augment.corpus.table import Corpus, label_column
from augment.dealt import Exposure
from augment.design.assignment import Schedule, size_bytes
from augment.design.chains import REMEMBERED, Chain
from augment.design.conditions import Condition
from augment.design.identifying import identifying_notes
from augment.design.items import Items
from augment.design.naming import file_stem
from augment.design.notes import notes_on
from augment.design.provenance import Provenance
from augment.design.selection import Selection
from augment.design.selection.grouping import UNKNOWN_SPEAKER
from augment.design.tally import Crossing, crossing_notes, crossings_of
from augment.design.voices import Detection, detection_of
from augment.errors import DesignError, Fault, counted, nearest
from augment.notes import Note
from augment.perturb.columns import taken
from augment.recipe.loader import LoadedRecipe
from augment.showing import Picture, Player, Presented, picture_of, player_of

if TYPE_CHECKING:
    import polars

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
        table: Every item, made where a part of it is asked for.
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
    table: Items
    provenance: Provenance
    crossings: tuple[Crossing, ...]
    notes: tuple[Note, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The columns of the grid."""
        return self.schedule.conditions

    @property
    def items(self) -> "polars.DataFrame":
        """One row for each file, all of them in memory.

        A row says where its speech comes from, its condition, group and block, what is ``dealt`` to it (JSON, by
        :attr:`ChainStep.plays`), its ``key`` and its ``audio_filepath``. It holds integers, texts and decimal strings
        only, so that a plan is the same on every machine.
        """
        return self.table.frame

    @property
    def utterances(self) -> "polars.DataFrame":
        """One row for each chosen utterance: what its items have in common."""
        return self.table.utterances

    @cached_property
    def detection(self) -> Detection:
        """What can be shown with its items, under the recipe's assumptions."""
        return detection_of(self.table.voices, self.loaded.recipe.statistics)

    def __repr__(self) -> str:
        size = f"{counted(len(self.selection.groups), 'group')} x {counted(len(self.conditions), 'condition')}"
        items = f"{counted(self.table.height, 'item')}, {self.seconds / 3600:.2f} h"
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
        return self.table.samples / self.loaded.recipe.output.sample_rate_hz

    @property
    def estimated_bytes(self) -> int:
        """Size of all audio files: exact for WAV, an estimate for FLAC."""
        output = self.loaded.recipe.output
        rate = output.sample_rate_hz
        once = size_bytes((self.utterances["samples"] / rate).to_list(), (output.format, rate))
        return round(once * self.schedule.each)


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
    labels, provenance = label_columns(corpus, loaded), Provenance(loaded, corpus, exposures, schedule.conditions)
    utterances = _utterances(selection, corpus, facts, labels)
    provenance.count(utterances, schedule)
    provenance.check()
    if corpus.pseudonyms is not None:
        _refuse_own_noise(exposures, {found.sha256 for found in facts.values()}, corpus)
    remembered = max(1, REMEMBERED // len(schedule.conditions))
    chains = [Chain(condition, loaded, exposures, remembered) for condition in schedule.conditions]
    columns = plan_columns(loaded.settings, labels.values())
    item_key = str if corpus.pseudonyms is None else corpus.pseudonyms.item_key
    table = Items(utterances, schedule, chains, provenance, columns, item_key)
    told = notes_on(selection, facts, utterances, exposures, schedule.conditions, loaded)
    told += identifying_notes(corpus, selection.frame, [*labels])
    crossings = crossings_of(table.utterances, schedule, exposures)
    all_notes = (*corpus.notes, *selection.notes, *notes, *crossing_notes(crossings), *told, *provenance.notes())
    return Plan(loaded, corpus, schedule, selection, exposures, table, provenance, crossings, all_notes)


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


def _utterances(
    selection: Selection, corpus: Corpus, facts: Mapping[str, Facts], labels: Mapping[str, str]
) -> "polars.DataFrame":
    """What the items of each chosen utterance have in common, and what makes their names and licences."""
    import polars

    chosen = selection.frame
    found = [facts[identity] for identity in chosen["id"]]
    col, text = polars.col, polars.String

    def written(values: Iterable[float | None]) -> list[str | None]:
        return [None if value is None else repr(value) for value in values]

    starts = chosen["offset"].to_list()
    lengths = chosen["duration"].to_list()
    own = chosen.select(
        col("id").alias("utterance"), "text", col("speaker").replace(UNKNOWN_SPEAKER, None), "group", "block",
        *(col(label_column(label)).alias(column) for label, column in labels.items()),
        col("audio_filepath").alias("source_audio"), col("audio_channel").alias("source_channel"),
        col("licence").alias("spoken_licence"), col("credit").alias("spoken_credit"),
    )  # fmt: skip
    return own.with_columns(
        polars.Series("source_offset", written(starts), dtype=text),
        polars.Series("source_duration", written(
            length if start is not None else None for start, length in zip(starts, lengths, strict=True)
        ), dtype=text),
        polars.Series("source_sha256", [one.sha256 for one in found], dtype=text),
        polars.Series("source_sample_rate", [one.source_rate_hz for one in found], dtype=polars.Int64),
        polars.Series("source_level_dbov", [f"{one.level_dbov:.2f}" for one in found], dtype=text),
        polars.Series("samples", [one.samples for one in found], dtype=polars.Int64),
        polars.Series("stem", _stems(chosen["id"].to_list(), corpus), dtype=text),
    )  # fmt: skip


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
