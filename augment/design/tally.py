"""How evenly a plan crosses what it deals with speakers, texts and conditions: counted from its items alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.dealt import read_dealt
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
    """Things that meet: a row of columns ``of`` and ``thing`` for each time they do; things are counted by ``of``."""

    pair: str
    step: str
    rows: "polars.DataFrame"

    def crossing(self) -> Crossing | None:
        """Where it is most uneven; None if there is only one thing."""
        import polars

        counted = self.rows.drop_nulls().group_by("of", "thing").len()
        number = counted["thing"].n_unique()
        if number < 2:
            return None
        fewest = polars.when(polars.len() < number).then(0).otherwise(polars.col("len").min().cast(polars.Int64))
        spread = counted.group_by("of").agg(difference=polars.col("len").max().cast(polars.Int64) - fewest)
        of, difference = spread.sort("difference", "of", descending=[True, False]).row(0)
        return Crossing(self.pair, int(difference), f"{of} ({self.step})" if self.step else str(of))


def crossings_of(items: "polars.DataFrame") -> tuple[Crossing, ...]:
    """Every pair of things that a plan crosses, each where it is most uneven.

    Utterances are counted by condition, unless all of them meet all; blocks by what was dealt to them, since all of a
    block's utterances share it. Texts and what is dealt are counted within each group, since groups share blocks.

    Args:
        items: Items of a plan: columns ``utterance``, ``block``, ``condition``, ``group``, ``speaker``, ``text`` and
            ``dealt``.

    Example:
        >>> import polars
        >>> columns = {"utterance": ["a", "b", "c"], "block": [0, 1, 2], "condition": ["x", "y", "x"]}
        >>> items = polars.DataFrame({**columns, "group": "g", "speaker": "s", "text": ["t", "u", "t"], "dealt": "{}"})
        >>> [(found.pair, found.difference, found.where) for found in crossings_of(items)]
        [('speakers x conditions', 1, 's'), ('texts x conditions', 2, 't')]
    """
    found: dict[str, Crossing] = {}
    for met in (*_turns(items), *_dealt(items)):
        crossing = met.crossing()
        before = found.get(met.pair)
        if crossing is not None and (before is None or crossing.difference > before.difference):
            found[met.pair] = crossing
    return tuple(found.values())


def _turns(items: "polars.DataFrame") -> Iterator[_Met]:
    """Conditions by speaker and text, where utterances meet only some of them."""
    if items.height < items["utterance"].n_unique() * items["condition"].n_unique():
        for people in ("speaker", "text"):
            yield _Met(f"{people}s x conditions", "", items.select(of=people, thing="condition"))


def _dealt(items: "polars.DataFrame") -> Iterator[_Met]:
    """What was dealt to blocks, by condition, speaker and text."""
    import polars

    rows: dict[tuple[str, str], list[tuple[str, int, str]]] = {}
    unique = items.select("condition", "block", "dealt").unique(maintain_order=True)
    labels = {
        text: [(*label, played) for played, what in read_dealt(text).items() for label in what.labels().items()]
        for text in unique["dealt"].unique().to_list()
    }
    for condition, block, text in unique.rows():
        for things, label, played in labels[text]:
            rows.setdefault((things, played), []).append((condition, block, label))
    within = polars.concat_str(polars.col("text"), polars.lit(" of "), polars.col("group")).alias("text")
    people = items.select("block", "speaker", within).unique()
    for (things, played), met in rows.items():
        frame = polars.DataFrame(met, schema=["condition", "block", "thing"], orient="row")
        yield _Met(f"{things} x conditions", played, frame.select("thing", of="condition"))
        heard = people.join(frame.select("block", "thing").unique(), on="block")
        for who in ("speaker", "text"):
            own = heard.select("block", "thing", of=who).unique()
            yield _Met(f"{things} x {who}s", played, own.select("thing", "of"))


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
