"""What the planner deals to blocks: one file for each kind, with what a step asks for and what a block gets.

To add a kind, add a file with an :class:`Asked` and a :class:`Dealt`: plans then write and read it, rows and licences
name it, pseudonyms hide it, and the planner says what it ties together.
"""

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from augment.corpus.table import Corpus
from augment.corpus.unused import Leftover, Unused, unused_notes
from augment.errors import AcoustigridError, Fault, named
from augment.files.json_text import strict_json
from augment.notes import Note
from augment.plugins import modules
from augment.profiles.inspection import Inspects
from augment.profiles.library import Library, SourceKind

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class StepName:
    """A step of a recipe by its name, which identifies its random draws.

    Attributes:
        factor: The factor it belongs to.
        family: The setting's family.
        kind: The kind of its perturbation.
        number: 1 for the first step of its kind in the setting, 2 for the second, and so on.
    """

    factor: str
    family: str
    kind: str
    number: int

    @property
    def name(self) -> str:
        """The kind, numbered where a setting has it more than once."""
        return self.kind if self.number == 1 else f"{self.kind}-{self.number}"

    @property
    def path(self) -> str:
        """``factor/family/name``.

        Example:
            >>> StepName("noise", "bar", "babble", 2).path
            'noise/bar/babble-2'
        """
        return f"{self.factor}/{self.family}/{self.name}"


@dataclass(frozen=True)
class Dealt:
    """Base of everything that is dealt to a block. A plan writes its fields, whose names identify its kind."""

    def written(self) -> dict[str, Any]:
        """Its fields as a plan writes them: integers and texts only."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """What :meth:`written` gives."""
        return cls(**{field.name: values[field.name] for field in dataclasses.fields(cls)})

    def content(self) -> Any:
        """The part of it that decides samples, whatever it is called."""
        return self.written()

    def told(self) -> dict[str, Any]:
        """What a set under pseudonyms writes: the same fields, but None for what would lead to recordings of speech."""
        return self.written()

    def labels(self) -> dict[str, str]:
        """Names of what may recur in other blocks, by what it is: clusters for the statistics."""
        return {}

    def cells(self, sample_rate_hz: int) -> dict[str, Any]:
        """What rows say about a noise that it decides, by the column names of a first noise."""
        return {}

    def recordings(self) -> dict[str, str]:
        """Hashes of the noise files that are heard, by the names that rows give them."""
        return {}

    def speakers(self) -> set[str]:
        """Speakers of the corpus who are heard."""
        return set()


@dataclass(frozen=True)
class Stock:
    """What things are dealt from.

    Attributes:
        corpus: The corpus, whose voices may babble.
        chosen: Chosen utterances and their blocks.
        library: Holds recordings and impulse responses.
        seed: The recipe's seed.
        sample_rate_hz: Sample rate of the test set.
        segment_s: Grid on which recordings are cut.
    """

    corpus: Corpus
    chosen: "polars.DataFrame"
    library: Library
    seed: int
    sample_rate_hz: int
    segment_s: float


@dataclass(frozen=True)
class Table:
    """Where something is dealt.

    Attributes:
        step: The step that asks for it.
        blocks: Those that play it, in their order.
        stock: What it is dealt from.
        in_turns: Deals cards to the blocks, none a second time before all have come, and then evenly: takes the number
            of cards and the name of the random stream, and gives the card of each block.
        beside: What steps that are heard together with this one asked for, and were dealt before it, by block.
    """

    step: StepName
    blocks: Sequence[int]
    stock: Stock
    in_turns: Callable[[int, tuple[str | int, ...]], list[int]]
    beside: Callable[[int], "list[tuple[Asked, Dealt]]"]


@dataclass(frozen=True)
class Exposure:
    """What the blocks hear of one source in one setting.

    Attributes:
        path: ``factor/family/step`` of the step that plays it.
        source: As the recipe names it.
        dealt: What each block that plays it gets.
        available: How many segments, voices or positions there are.
        reuse: The largest number of blocks that share one of them.
        silent: How many more are not dealt because they are partly silent or cannot be used.
        left: Samples from the start of a block's segment to the end of its recording; None for what has no end.
        seconds: Length of all recordings, or of all voices that were dealt; None for what is not heard by itself.
        crossed: Whether repeats are dealt with regard to who has had them before.
        notes: What the user should know about the recordings.
    """

    path: str
    source: str
    dealt: Mapping[int, Dealt]
    available: int
    reuse: int
    silent: int = 0
    left: Mapping[int, int] | None = None
    seconds: float | None = None
    crossed: bool = False
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Asked(ABC):
    """Base of what a step may ask the planner for.

    Attributes:
        field: The field of the step that asks for it.
        tie: What about it depends on who is tested, so that adding a group can change it.
    """

    field: str
    tie: ClassVar[str] = ""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is dealt from, as the recipe spells it; together with the step's name it identifies what is dealt."""

    def check(self, library: Library) -> None:  # noqa: B027 - most are there whatever the library holds
        """Check that it is there, before anything is planned.

        Raises:
            ProfileError: It is not.
        """

    def prepare(self, library: Library, inspects: Inspects) -> None:  # noqa: B027 - most need no recordings
        """Have its recordings inspected, before anything is dealt.

        Raises:
            ProfileError: They cannot be used.
        """

    def unused(self, library: Library) -> list[Note]:
        """Notes on what lies beside its source and is not heard."""
        return []

    @abstractmethod
    def deal(self, table: Table) -> Exposure:
        """Deal it to blocks.

        Raises:
            ProfileError: Recordings or responses cannot be used.
            DesignError: The corpus has too little of it.
        """


def unused_beside(source: str, kind: SourceKind, library: Library, more: Sequence[Unused] = ()) -> list[Note]:
    """Notes on files in a folder that are not audio, and on whatever else in it is not heard."""
    files = [Unused(Leftover.FILES, *found) for found in library.passed_over(kind, source).items()]
    return [Note(f"{source}: {note}", note.effect, f"{source}: {note}") for note in unused_notes([*files, *more])]


def kinds() -> tuple[type[Dealt], ...]:
    """Everything that can be dealt: what is in this folder, and what perturbations from elsewhere bring.

    Example:
        >>> sorted(kind.__name__ for kind in kinds() if kind.__module__.startswith("augment."))
        ['Babble', 'Segment', 'Spectrum', 'Standing']
    """
    modules(__name__)
    return tuple(_below(Dealt))


def _below(base: type[Dealt]) -> Iterator[type[Dealt]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _below(kind)


def by_fields(dealt: Iterable[type[Dealt]]) -> dict[frozenset[str], type[Dealt]]:
    """Kinds of what can be dealt, by the names of their fields.

    Raises:
        AcoustigridError: Plans could not tell two kinds from one another.
    """
    known: dict[frozenset[str], type[Dealt]] = {}
    faults = []
    for kind in dealt:
        fields = frozenset(field.name for field in dataclasses.fields(kind))
        other, where = known.setdefault(fields, kind), f"{kind.__module__}.{kind.__qualname__}"
        if not fields:
            faults.append(Fault(where, "what is dealt has no fields, by which plans know it", "give it one"))
        elif other is not kind:
            message = f"its fields have the names of those of {other.__module__}.{other.__qualname__}"
            faults.append(Fault(where, message, "rename one: plans know what is dealt by these names"))
    if faults:
        raise AcoustigridError(faults)
    return known


def read_dealt(text: str) -> dict[str, Dealt]:
    """What was dealt to an item, from the plan's column ``dealt``, by the step that plays it.

    Raises:
        ValueError: It is not what a plan writes.

    Example:
        >>> read_dealt('{"noise/street/n a.wav": {"recording": "a.wav", "sha256": "e3", "start": 160, "round": 0}}')
        {'noise/street/n a.wav': Segment(recording='a.wav', sha256='e3', start=160, round=0)}
    """
    known, read = by_fields(kinds()), dict[str, Dealt]()
    for played, values in strict_json(text).items():
        kind = known.get(frozenset(values))
        if kind is None:
            raise ValueError(f"{played}: nothing that can be dealt has just the fields {named(sorted(values))}")
        read[played] = kind.read(values)
    return read


def dealt_text(dealt: Mapping[str, Mapping[str, Any] | None]) -> str:
    """What was dealt to an item, as a plan writes it."""
    return json.dumps(dealt, sort_keys=True)
