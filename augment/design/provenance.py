"""Where the sound of every item comes from, under which licences, and whether they go together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from augment.corpus.table import Corpus
from augment.dealt import Dealt, Exposure
from augment.design.assignment import Schedule
from augment.design.conditions import Condition
from augment.errors import FEW_NAMED, DesignError, Fault, named
from augment.licences import UNSTATED, asks_for_credit, mixture, spdx
from augment.notes import Effect, Note
from augment.recipe.loader import LoadedRecipe

if TYPE_CHECKING:
    import polars

REMEMBERED = 65_536
"""Pairs of condition and block of which it is remembered what is heard there."""


@dataclass(frozen=True, order=True)
class SoundSource:
    """Something that can be heard in an item.

    Attributes:
        kind: ``speech``, or the kind of thing that a step needs.
        name: As the recipe, or the corpus, names it.
        licence: SPDX identifier; ``NOASSERTION`` where nobody says it.
        credit: Whom to credit; may be empty.
    """

    kind: str
    name: str
    licence: str
    credit: str


Sources = tuple[SoundSource, ...]


class Provenance:
    """Sources and licences of the items of a plan.

    Args:
        loaded: The recipe.
        corpus: The corpus: babble may come from any row of it.
        exposures: What is dealt to blocks.
        conditions: All of them.
    """

    def __init__(
        self,
        loaded: LoadedRecipe,
        corpus: Corpus,
        exposures: Mapping[str, Exposure],
        conditions: Sequence[Condition],
    ) -> None:
        self.loaded, self.exposures = loaded, exposures
        self.conditions = {condition.name: condition for condition in conditions}
        spoken = corpus.frame.select("licence", "credit").unique().rows()
        self.talkers = tuple(sorted({speech_source(*pair) for pair in spoken}))
        self.conflicts: Counter[tuple[str, str]] = Counter()
        self.counts: Counter[SoundSource] = Counter()
        self.licences: Counter[str] = Counter()
        self._mixed = cache(self._mix)
        self._dealt_to = {c.name: [step.plays for step in c.chain if step.asked] for c in conditions}
        self._hear_block = lru_cache(REMEMBERED)(self._hear)

    def columns(self, condition: str, block: int, speech: SoundSource) -> tuple[str, str]:
        """Licence and credits of an item.

        Args:
            condition: Name of its condition.
            block: Block of its utterance.
            speech: Source of its speech.
        """
        _, licence, _, credit = self._mixed(self._heard(condition, block), speech)
        return licence, credit

    def _heard(self, condition: str, block: int) -> Sources:
        """What a block hears in a condition: the same as all others, where nothing is dealt to blocks."""
        return self._hear_block(condition, block if self._dealt_to[condition] else None)

    def count(self, utterances: "polars.DataFrame", schedule: Schedule) -> None:
        """Count the sources of all items, their licences, and mixtures that are forbidden.

        Args:
            utterances: Columns ``block``, ``spoken_licence`` and ``spoken_credit``.
            schedule: Which block meets which conditions.
        """
        import polars

        turn, said = polars.col("block") % schedule.period, ("spoken_licence", "spoken_credit")
        spoken = utterances.select("block", *said, turn=turn).group_by("turn", *said, "block").len("n")
        for condition, turns in schedule.frame.group_by("condition").agg("turn").rows():
            own = spoken.filter(polars.col("turn").is_in(turns))
            where = polars.col("block") if self._dealt_to[condition] else polars.lit(0).alias("block")
            for block, licence, credit, number in own.group_by(where, *said).agg(polars.col("n").sum()).rows():
                heard = self._heard(condition, block)
                sources, licence_of_item, conflict, _ = self._mixed(heard, speech_source(licence, credit))
                for source in sources:
                    self.counts[source] += number
                self.licences[licence_of_item] += number
                if conflict:
                    self.conflicts[condition, conflict] += number

    def _hear(self, name: str, block: int | None) -> Sources:
        condition = self.conditions[name]
        dealt = {} if block is None else {p: self.exposures[p].dealt[block] for p in self._dealt_to[name]}
        return heard_in(condition, dealt, self.loaded, self.talkers)

    def _mix(self, heard: Sources, speech: SoundSource) -> tuple[Sources, str, str, str]:
        licence, conflict, credit = of_mixture(speech, heard)
        return tuple(dict.fromkeys((speech, *heard))), licence, conflict, credit

    def check(self) -> None:
        """Refuse mixtures that licences forbid, unless the recipe says who allowed them.

        Raises:
            DesignError: Some are forbidden, and nobody allowed them.
        """
        if self.loaded.recipe.licences.allow is not None or not self.conflicts:
            return
        reasons: dict[str, list[str]] = {}
        for condition, reason in sorted(self.conflicts):
            reasons.setdefault(reason, []).append(condition)
        faults = [Fault("licences", f"{reason}: {named(at, FEW_NAMED)}") for reason, at in reasons.items()]
        remedy = "use other sources, or say who allows it: licences: {allow: 'who, when, why'}"
        raise DesignError([*faults, Fault("licences", "these items may not be passed on", remedy)])

    def identity(self) -> dict[str, Any]:
        """What ``testset.json`` says about licences: of the set, of its items, and of every source."""
        whole = mixture(name for licence in self.licences for name in licence.split(" AND "))
        together = whole.licence if not whole.conflict else " AND ".join(sorted(self.licences))
        listed = [{**asdict(source), "items": self.counts[source]} for source in sorted(self.counts)]
        return {
            "licence": together,
            "licences_of_items": dict(sorted(self.licences.items())),
            "forbidden_mixtures": sorted({reason for _, reason in self.conflicts}),
            "forbidden_mixtures_allowed_by": self.loaded.recipe.licences.allow if self.conflicts else None,
            "sources": listed,
        }

    def notes(self) -> list[Note]:
        """What the user should know before passing the set on."""
        bare = [source for source in self.counts if source.licence == UNSTATED]
        notes = []
        if bare:
            kinds = named(sorted({s.name or s.kind for s in bare}), FEW_NAMED)
            told = (
                f"nobody says under which licence these sources are: {kinds}; say it before you pass the set on "
                "(corpus: {licence: ...}, licences: {sources: {...}})"
            )
            notes.append(Note(told, Effect.LICENCE, f"nobody says under which licence these are: {kinds}", 1.0))
        nameless = sorted({s.licence for s in self.counts if not s.credit and asks_for_credit(s.licence)})
        if nameless:
            told = (
                f"nobody says whom to name for sources under {' and '.join(nameless)}, which asks for it; say it "
                "before you pass the set on (corpus: {credit: ...}, a column credit, licences: {sources: {...}})"
            )
            notes.append(Note(told, Effect.LICENCE, f"nobody says whom to credit under {' and '.join(nameless)}"))
        unused = [
            place
            for place in self.loaded.recipe.licences.sources
            if not any(s.name == place or s.name.startswith(f"{place.rstrip('/')}/") for s in self.counts)
        ]
        idle = (f"licences.sources names '{place}', which no item uses" for place in unused)
        notes += [Note(text, Effect.HOUSEKEEPING) for text in idle]
        return notes


def of_mixture(speech: SoundSource, heard: Iterable[SoundSource]) -> tuple[str, str, str]:
    """Licence of an item, why it is forbidden if it is, and whom it credits.

    Args:
        speech: Source of its speech.
        heard: What else is heard in it.
    """
    sources = dict.fromkeys((speech, *heard))
    found = mixture(source.licence for source in sources)
    credits = dict.fromkeys(source.credit for source in sources if source.credit)
    return found.licence, found.conflict, "; ".join(credits)


def heard_in(
    condition: Condition, dealt: Mapping[str, Dealt], loaded: LoadedRecipe, talkers: Iterable[SoundSource]
) -> tuple[SoundSource, ...]:
    """Sources that the steps of a condition add to the speech, or send it through.

    Args:
        condition: Condition of the item.
        dealt: What was dealt to its block, by :attr:`ChainStep.plays`.
        loaded: The recipe.
        talkers: Sources of all speech that babble is made of.
    """
    found: list[SoundSource] = []
    for step in condition.chain:
        for need in step.perturbation.needs():
            if not loaded.library.is_bundled(need.kind, need.name):
                found.append(_stated(need.kind, need.name, "", loaded))
        if step.asked:
            part = dealt[step.plays]
            found += talkers if part.speakers() else ()
            found += [_stated("recording", step.asked.name, name, loaded) for name in part.recordings()]
    return tuple(found)


def _stated(kind: str, place: str, name: str, loaded: LoadedRecipe) -> SoundSource:
    """The source at a place; what the recipe says about the file itself overrides what it says about its folder."""
    path = f"{place.rstrip('/')}/{name}" if name and not place.endswith(name) else place
    said = loaded.recipe.licences.sources
    fits = [known for known in said if path == known or path.startswith(f"{known.rstrip('/')}/")]
    if not fits:
        return SoundSource(kind, path, UNSTATED, "")
    best = said[max(fits, key=len)]
    return SoundSource(kind, path, best.licence, best.credit)


def speech_source(licence: str | None, credit: str | None) -> SoundSource:
    """The source of a row's speech; a licence that is not known here counts as not stated."""
    return SoundSource("speech", "speech of the corpus", (spdx(licence) if licence else None) or UNSTATED, credit or "")
