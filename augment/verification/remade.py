"""A set made again except for its audio: planned anew, described anew, and compared with its files."""

import json
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment import __version__
from augment.design.plan import Plan
from augment.errors import Fault, TestSetError
from augment.files.content import Content, Remade, pieces_of, sha256_of
from augment.files.json_rows import Rows
from augment.files.json_text import json_line, json_text
from augment.files.location import Location
from augment.progress import Progress
from augment.recipe.loader import LoadedRecipe
from augment.sequences import MadeSequence
from augment.testset.by_name import ByName
from augment.testset.completion import RowMaker, files_beside
from augment.testset.exports import export_again
from augment.testset.figures import read_figures
from augment.testset.folder import COVERAGE, CROISSANT, DATASHEET, EXPORTS, FIGURES, IDENTITY, MANIFEST, PAGE, PLAN
from augment.testset.outgoing import outgoing_slice
from augment.testset.planned import ItemRows
from augment.verification.books import read_failures
from augment.verification.comparing import Differences, differences_of_rows
from augment.verification.sources import SelfDescription

Row = Mapping[str, Any]
APART = ("versions", "made_by", "profiles")
"""Parts of ``testset.json`` that are examined elsewhere, since a set may be checked on a machine that did not make
it."""
WORDS = ("limits", "notes", "groups_differ_in", "conditions_in_words", COVERAGE, DATASHEET, PAGE, CROISSANT)
"""Parts of ``testset.json``, and files, that another version may word differently and mean the same."""


@dataclass(frozen=True)
class Made:
    """What deviates from a set that was made again.

    Attributes:
        faults: Deviations in data.
        words: Deviations in wording.
    """

    faults: tuple[Fault, ...]
    words: tuple[Fault, ...]

    @classmethod
    def of(cls, found: Iterable[tuple[bool, Fault]]) -> "Made":
        """Faults by whether they are in wording only."""
        every = list(found)
        data, words = ([fault for only_words, fault in every if only_words is worded] for worded in (False, True))
        return cls(tuple(data), tuple(words))


@dataclass(frozen=True)
class Makers:
    """The verbs that make a set, which the referee cannot import and is given.

    Attributes:
        plan: From a recipe to its plan.
        described: From a plan, rows of its manifest, failures and what reads a file of the set to ``testset.json`` and
            the files that are made from them.
        retold: From a set's own files, and the text of its data sheet, to the files that are made from these.
        exported: The files of a format, made again.
        version: What a set made by these says in ``made_by``.
    """

    plan: Callable[[LoadedRecipe, Progress], Plan]
    described: Callable[[Plan, Rows, Sequence[Row], Callable[[str], bytes]], tuple[dict[str, Any], dict[str, Content]]]
    retold: Callable[[SelfDescription, str], dict[str, Content]]
    exported: Callable[[Location, str], Iterator[tuple[str, Content]]]
    version: str = f"acoustigrid {__version__}"


def against_plan(told: SelfDescription, plan: Plan, makers: Makers) -> Made:
    """Compare everything in a set except its audio and measurements with today's plan.

    Args:
        told: The set.
        plan: The plan, made again.
        makers: How the rest is made from it.
    """
    disk, source = told.disk, "its recipe, corpus and noise"
    items = (item for some in plan.table.slices() for item in outgoing_slice(plan, some).iter_rows(named=True))
    faults, same_order = differences_of_rows(disk.place(PLAN), told.planned, _named(items), source)
    if not faults and not same_order:
        faults.append(Fault(disk.place(PLAN), f"its rows stand in another order than {source} gives them"))
    manifest, differences = MadeRows(plan, told.by_name), Differences(disk.place(MANIFEST), source)
    for name, made in _named(manifest):
        differences.compare(name, told.by_name[name], made)
    identity, beside = makers.described(plan, manifest, read_failures(disk), disk.read)
    said = _identity_faults(disk.place(IDENTITY), told.identity, json.loads(json_text(identity)))
    files = files_beside(plan, read_failures(disk), {MANIFEST: Remade(lambda: map(json_line, manifest)), **beside})
    del files[PLAN]  # its rows are compared: other versions of polars write other bytes
    written = _file_faults(told, files, "what its recipe, its corpus and what was measured give")
    return Made((*faults, *differences.faults, *said.faults, *written.faults), (*said.words, *written.words))


def _named(rows: Iterable[Row]) -> Iterator[tuple[str, Row]]:
    return ((row["audio_filepath"], row) for row in rows)


class MadeRows(MadeSequence[dict[str, Any]]):
    """Rows of a manifest made again while they are read, of a plan and what a set says was measured.

    Args:
        plan: The plan.
        found: Rows of the set.
    """

    def __init__(self, plan: Plan, found: ByName) -> None:
        self._items, self._found, self._maker = ItemRows(plan.table), found, RowMaker(plan)
        made = (number for number, (name, _) in enumerate(_named(self._items)) if name in found)
        self._numbers = array("i", made)

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        wanted = iter(self._numbers)
        number = next(wanted, None)
        for place, item in enumerate(self._items):
            if place == number:
                yield self._maker.row(item, self._found[item["audio_filepath"]])
                number = next(wanted, None)

    def at(self, number: int) -> dict[str, Any]:
        item = self._items[self._numbers[number]]
        return self._maker.row(item, self._found[item["audio_filepath"]])


def _identity_faults(place: str, found: Row, made: Row) -> Made:
    names = [name for name in {**made, **found} if name not in (*APART, "checksums")]
    return Made.of(
        (
            name in WORDS,
            Fault(
                place, f"{name}: the set made again says {_short(made.get(name))}, it says {_short(found.get(name))}"
            ),
        )
        for name in names
        if found.get(name) != made.get(name)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]} ..."


def against_rows(told: SelfDescription, makers: Makers) -> Made:
    """Compare files that are made from others in the set with these, without the corpus."""
    sheet = told.disk.read(DATASHEET).decode("utf-8", "replace")
    return _file_faults(told, makers.retold(told, sheet), "what the other files of the set give")


def _file_faults(told: SelfDescription, files: Mapping[str, Content], source: str) -> Made:
    faults = []
    for name, data in files.items():
        if not told.disk.has(name):
            continue  # reported where the side files are checked
        if told.disk.hash(name) != sha256_of(data):
            differs = _first_difference(told.disk.pieces(name), pieces_of(data))
            worded = name in WORDS or (
                name == FIGURES and _named_otherwise(told.disk.read(name), b"".join(pieces_of(data)))
            )
            faults.append((worded, Fault(told.disk.place(name), f"is not {source}: {differs}")))
    return Made.of(faults)


def _named_otherwise(found: bytes, made: bytes) -> bool:
    """Whether the same figures stand in two files, under other names."""
    try:
        said, wanted = (read_figures(data, FIGURES) for data in (found, made))
    except TestSetError:
        return False
    return said.unnamed() == wanted.unnamed()


def _first_difference(found: Iterable[bytes], made: Iterable[bytes]) -> str:
    """The first line in which a file differs, in words."""
    for number, (has, wants) in enumerate(zip(_lines(found), _lines(made), strict=False), start=1):
        if has != wants:
            at = next(
                (i for i, (a, b) in enumerate(zip(has, wants, strict=False)) if a != b), min(len(has), len(wants))
            )
            start = max(0, at - 30)
            return f"line {number} has {has[start : at + 60]!r} for {wants[start : at + 60]!r}"
    return f"it has {_size(found):,} bytes for {_size(made):,}"


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines without their ends; what stands behind the last end is one more."""
    left = b""
    for piece in pieces:
        *lines, left = (left + piece).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in lines)
    yield left.decode("utf-8", "replace")


def _size(pieces: Iterable[bytes]) -> int:
    return sum(map(len, pieces))


def against_exports(told: SelfDescription, name: str, listed: Collection[str], makers: Makers) -> list[Fault]:
    """Compare an export made again from the set with what is in its folder.

    Args:
        told: The set.
        name: Name of the format.
        listed: Its files, as ``exports.json`` names them.
        makers: How it is made.

    Raises:
        AcoustigridError: It cannot be made here.
    """
    remedy, faults, made = export_again(told.disk.folder, name), [], set()
    for file, data in makers.exported(told.disk.folder, name):
        made.add(file)
        path = f"{name}/{file}"
        if told.disk.has(path) and told.disk.hash(path) != sha256_of(data):
            faults.append(Fault(told.disk.place(path), "is not what the set gives", remedy))
    for file in sorted(made ^ set(listed)):
        said = f"{EXPORTS} does not list it" if file in made else "the format has no such file"
        faults.append(Fault(told.disk.place(f"{name}/{file}"), said, remedy))
    return faults
