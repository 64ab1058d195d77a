"""How evenly a plan crosses what it deals with speakers, texts and conditions: counted from its items alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.dealt import Exposure
from augment.design.assignment import Schedule
from augment.notes import Effect, Note

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Crossing:
    """How evenly two things are crossed.

    Attributes:
        pair: ``texts x conditions``, ``positions x speakers``.
        difference: Largest difference between two counts within one text, condition or speaker; 1 or less is as even
            as possible.
        where: The text, condition or speaker with that difference, and the step for which things are dealt.
    """

    pair: str
    difference: int
    where: str


@dataclass(frozen=True)
class _Met:
    """Things that meet: how often ``n`` each ``thing`` is met by each ``of``; things are counted by ``of``."""

    pair: str
    step: str
    rows: "polars.DataFrame"

    def crossing(self) -> Crossing | None:
        """Where it is most uneven; None if there is only one thing."""
        import polars

        counted = self.rows.drop_nulls().group_by("of", "thing").agg(polars.col("n").cast(polars.Int64).sum())
        number = counted["thing"].n_unique()
        if number < 2:
            return None
        fewest = polars.when(polars.len() < number).then(0).otherwise(polars.col("n").min())
        spread = counted.group_by("of").agg(difference=polars.col("n").max() - fewest)
        of, difference = spread.sort("difference", "of", descending=[True, False]).row(0)
        return Crossing(self.pair, int(difference), f"{of} ({self.step})" if self.step else str(of))


def crossings_of(
    utterances: "polars.DataFrame", schedule: Schedule, exposures: Mapping[str, Exposure]
) -> tuple[Crossing, ...]:
    """Every pair of things that a plan crosses, each where it is most uneven.

    Utterances are counted by condition, unless all of them meet all; blocks by what was dealt to them, since all of a
    block's utterances share it. Texts and what is dealt are counted within each group, since groups share blocks.

    Args:
        utterances: Of a plan: columns ``block``, ``group``, ``speaker`` and ``text``.
        schedule: Which block meets which conditions.
        exposures: What is dealt to blocks, by :attr:`ChainStep.plays`.

    Example:
        >>> import polars
        >>> from augment.design.assignment import Schedule
        >>> from augment.design.conditions import Condition
        >>> turns = Schedule((Condition("x", (), ()), Condition("y", (), ())), 1, (0, 1))
        >>> said = {"block": [0, 1, 2], "group": "g", "speaker": "s", "text": ["t", "u", "t"]}
        >>> [(c.pair, c.difference, c.where) for c in crossings_of(polars.DataFrame(said), turns, {})]
        [('speakers x conditions', 1, 's'), ('texts x conditions', 2, 't')]
    """
    import polars

    found: dict[str, Crossing] = {}
    people = utterances.with_columns(turn=polars.col("block") % schedule.period)
    for met in (*_turns(people, schedule), *_dealt(people, schedule, exposures)):
        crossing = met.crossing()
        before = found.get(met.pair)
        if crossing is not None and (before is None or crossing.difference > before.difference):
            found[met.pair] = crossing
    return tuple(found.values())


def _turns(people: "polars.DataFrame", schedule: Schedule) -> Iterator[_Met]:
    """Conditions by speaker and text, where utterances meet only some of them."""
    import polars

    if not schedule.crossed:
        for who in ("speaker", "text"):
            met = people.group_by("turn", of=who).agg(n=polars.len()).join(schedule.frame, on="turn")
            yield _Met(f"{who}s x conditions", "", met.select("of", "n", thing="condition"))


def _dealt(people: "polars.DataFrame", schedule: Schedule, exposures: Mapping[str, Exposure]) -> Iterator[_Met]:
    """What was dealt to blocks, by condition, speaker and text."""
    import polars

    within = polars.concat_str(polars.col("text"), polars.lit(" of "), polars.col("group")).alias("text")
    who_is_where = people.select("block", "speaker", within).unique()
    blocks = people.select("block", "turn").unique()
    for played, meets in _played(people["turn"].unique(maintain_order=True), schedule).items():
        labels = [
            (block, things, label)
            for block, what in exposures[played].dealt.items()
            for things, label in what.labels().items()
        ]
        named = polars.DataFrame(labels, {"block": blocks["block"].dtype, "things": str, "thing": str}, orient="row")
        heard = schedule.frame.filter(polars.col("condition").is_in(meets))
        for things in named["things"].unique(maintain_order=True):
            dealt = named.filter(things=things).join(blocks, on="block")
            met = dealt.group_by("turn", "thing").agg(n=polars.len()).join(heard, on="turn")
            yield _Met(f"{things} x conditions", played, met.select("thing", "n", of="condition"))
            by_people = who_is_where.join(dealt.select("block", "thing"), on="block")
            for who in ("speaker", "text"):
                own = by_people.select("block", "thing", of=who).unique()
                yield _Met(f"{things} x {who}s", played, own.select("thing", "of", n=1))


def _played(turns: Iterable[int], schedule: Schedule) -> dict[str, list[str]]:
    """Conditions in which each thing that is dealt is met, by :attr:`ChainStep.plays`, in the order of the items."""
    found: dict[str, dict[str, None]] = {}
    for condition in (schedule.conditions[c] for turn in turns for c in schedule.of_block(turn)):
        for played in sorted({step.plays for step in condition.chain if step.plays}):
            found.setdefault(played, {})[condition.name] = None
    return {played: list(names) for played, names in found.items()}


def crossing_notes(crossings: tuple[Crossing, ...]) -> list[Note]:
    """Notes on what is not crossed to within one, and why not."""
    why = (
        "and not by one at most; groups share blocks, and where their speakers, texts and conditions contradict one "
        "another nothing more even was found"
    )
    counts = [(f"{c.pair}: counts differ by {c.difference} ({c.where})", c) for c in crossings if c.difference > 1]
    return [
        Note(f"{told} {why}", Effect.CONFOUNDED, f"{c.pair} are not evenly crossed: counts differ by {c.difference}")
        for told, c in counts
    ]
