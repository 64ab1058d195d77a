"""What a user should know of a plan before believing a difference between its cells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.auditing.differences import (
    difference_notes,
    measures,
    rate_notes,
    request_notes,
    shared_text_notes,
)
from augment.auditing.label_differences import label_notes
from augment.auditing.texts import pace_notes, text_measures
from augment.corpus.speech import Facts
from augment.dealt import Exposure
from augment.design.conditions import Condition, requested_snrs_db
from augment.design.selection import Selection
from augment.design.selection.balance import joint_notes
from augment.design.selection.grouping import with_named_speakers
from augment.notes import Effect, Note
from augment.perturb import Perturbation
from augment.profiles.library import Library
from augment.recipe.loader import LoadedRecipe
from augment.scene import Weighting

if TYPE_CHECKING:
    import polars


def notes_on(
    selection: Selection,
    facts: Mapping[str, Facts],
    utterances: "polars.DataFrame",
    exposures: Mapping[str, Exposure],
    conditions: Iterable[Condition],
    loaded: LoadedRecipe,
) -> list[Note]:
    """All notes on a plan, from what was decided for it."""
    return [
        *_recording_notes(selection, facts, loaded),
        *_twin_notes(utterances),
        *_exposure_notes(utterances, exposures, loaded),
        *dict.fromkeys(note for exposure in exposures.values() for note in exposure.notes),
        *_source_notes(conditions, loaded),
    ]


@dataclass(frozen=True)
class Remarking:
    """Asks steps what they have to say about the data behind them; some listen to those for seconds.

    Attributes:
        library: The data.
        sample_rate_hz: Of the test set.
        snr: Under which its SNR is defined.
    """

    library: Library
    sample_rate_hz: int
    snr: Weighting

    @classmethod
    def of(cls, loaded: LoadedRecipe) -> "Remarking":
        """For the steps of a recipe."""
        return cls(loaded.library, loaded.recipe.output.sample_rate_hz, loaded.recipe.snr_definition())

    def __call__(self, step: Perturbation) -> tuple[str, ...]:
        """What a step has to say."""
        return step.remarks(self.library, self.sample_rate_hz, self.snr)


def distinct_steps(conditions: Iterable[Condition]) -> dict[str, Perturbation]:
    """The steps of conditions by how they are spelled, which is what many conditions of a grid share."""
    return {step.perturbation.model_dump_json(): step.perturbation for one in conditions for step in one.chain}


def remarks_on(conditions: Iterable[Condition], loaded: LoadedRecipe, known: Mapping[str, Sequence[str]]) -> list[Note]:
    """What steps have to say about the data behind them, each remark once.

    Args:
        conditions: The conditions.
        loaded: Their recipe.
        known: What some steps, by how they are spelled, are known to say.
    """
    job, told = Remarking.of(loaded), dict[str, None]()
    for name, step in distinct_steps(conditions).items():
        told |= dict.fromkeys(known[name] if name in known else job(step))
    return [Note(text, Effect.LABEL) for text in told]


def _recording_notes(selection: Selection, facts: Mapping[str, Facts], loaded: LoadedRecipe) -> list[Note]:
    """How the recordings of groups differ, in ways that have nothing to do with accent."""
    import polars

    chosen, rate = with_named_speakers(selection.frame), loaded.recipe.output.sample_rate_hz
    table = measures(chosen, facts)
    lengths = polars.Series("length_s", [facts[identity].samples / rate for identity in chosen["id"]])
    said = text_measures(chosen.with_columns(lengths))
    notes = [*rate_notes(table), *difference_notes(table), *request_notes(table, requested_snrs_db(loaded))]
    notes += [*difference_notes(said), *shared_text_notes(said), *pace_notes(said)]
    # Of what is equally far apart, what can be heard and is said comes before what is written beside it.
    return [*joint_notes(selection.balance, loaded.recipe.balance), *notes, *_label_notes(chosen, loaded)]


def _label_notes(chosen: "polars.DataFrame", loaded: LoadedRecipe) -> list[Note]:
    """Labels that are not matched; a set tells the values of those only that leave the corpus."""
    balance = loaded.recipe.balance
    labels = [name.removeprefix("label:") for name in chosen.columns if name.startswith("label:")]
    free = [label for label in labels if label not in (*balance.by, *balance.labels)]
    return label_notes(chosen, free, told=loaded.recipe.outgoing(free))


def _twin_notes(utterances: "polars.DataFrame") -> list[Note]:
    """The same audio under two ids is one observation, not two."""
    heard = utterances.select("source_sha256", "source_channel", "source_offset", "source_duration")
    twins = heard.height - heard.unique().height
    return [Note(f"{twins} chosen utterances have the very audio of another one", Effect.LABEL)] if twins else []


def _exposure_notes(
    utterances: "polars.DataFrame", exposures: Mapping[str, Exposure], loaded: LoadedRecipe
) -> list[Note]:
    import polars

    longest_of = utterances.group_by("block").agg(polars.col("samples").max()).rows()
    spliced = {
        block
        for exposure in exposures.values()
        for block, samples in longest_of
        if exposure.left is not None and exposure.left.get(block, samples) < samples
    }
    notes = []
    if spliced:
        ends = "a recording ends before an utterance does and is continued by a cross-fade"
        notes.append(Note(f"in {len(spliced)} blocks {ends}", Effect.HOUSEKEEPING))
    longest = max(utterances["samples"].to_list()) / loaded.recipe.output.sample_rate_hz
    grid = loaded.recipe.noise.segment_s
    if longest > grid and any(exposure.left is not None for exposure in exposures.values()):
        told = f"the longest utterance lasts {longest:.1f} s, more than noise.segment_s: {grid:g}"
        notes.append(Note(f"{told}: what it hears overlaps the next segment", Effect.HOUSEKEEPING))
    return notes


def _source_notes(conditions: Iterable[Condition], loaded: LoadedRecipe) -> list[Note]:
    """Files in the folders of impulse responses and noises that are not heard."""
    asked = {step.asked for condition in conditions for step in condition.chain if step.asked}
    return list(dict.fromkeys(note for one in sorted(asked, key=repr) for note in one.unused(loaded.library)))
