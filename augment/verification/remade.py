"""A set made again except for its audio: planned anew, described anew, and compared with its files."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment import __version__
from augment.design.plan import Plan
from augment.errors import Fault, TestSetError
from augment.files.json_text import json_text
from augment.files.location import Location
from augment.progress import Progress
from augment.recipe.loader import LoadedRecipe
from augment.testset.completion import files_beside
from augment.testset.exports import export_again
from augment.testset.figures import read_figures
from augment.testset.folder import COVERAGE, CROISSANT, DATASHEET, EXPORTS, FIGURES, IDENTITY, MANIFEST, PAGE, PLAN
from augment.testset.outgoing import outgoing_items
from augment.verification.books import read_failures
from augment.verification.sources import SelfDescription

Row = Mapping[str, Any]
Rows = Mapping[str, Row]
MOST_NAMED = 3
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
        described: From a plan, rows, failures and what reads a file of the set to manifest, ``testset.json`` and the
            files that are made from them.
        retold: From a set's own files, and the text of its data sheet, to the files that are made from these.
        exported: The files of a format, made again.
        version: What a set made by these says in ``made_by``.
    """

    plan: Callable[[LoadedRecipe, Progress], Plan]
    described: Callable[
        [Plan, Any, Sequence[Row], Callable[[str], bytes]],
        tuple[list[dict[str, Any]], dict[str, Any], dict[str, bytes]],
    ]
    retold: Callable[[SelfDescription, str], dict[str, bytes]]
    exported: Callable[[Location, str], Iterator[tuple[str, bytes]]]
    version: str = f"acoustigrid {__version__}"


def differences_of_rows(place: str, found: Rows, made: Rows, source: str) -> list[Fault]:
    """Differences between rows and the same rows made again; one fault for each column.

    Args:
        place: The file that holds them.
        found: Rows by name.
        made: The same made again, with columns that both must have.
        source: What they were made from.

    Example:
        >>> made = {"a": {"text": "yes"}, "b": {"text": "no"}}
        >>> for fault in differences_of_rows("m", {"a": {"text": "yeah"}}, made, "the corpus"):
        ...     print(fault)
        m: 1 of the items that the corpus gives are missing: 'b'
        m: text: 1 rows are not what the corpus gives: 'a' has 'yeah' for 'yes'
    """
    faults = []
    for names, what in (
        (sorted(set(made) - set(found)), f"of the items that {source} gives are missing"),
        (sorted(set(found) - set(made)), f"items are not among those that {source} gives"),
    ):
        if names:
            shown = ", ".join(f"'{name}'" for name in names[:MOST_NAMED])
            faults.append(Fault(place, f"{len(names)} {what}: {shown}"))
    wrong: dict[str, list[str]] = {}
    for name in (name for name in found if name in made):
        for column, value in made[name].items():
            has = found[name].get(column)
            if has != value or type(has) is not type(value):
                wrong.setdefault(column, []).append(f"'{name}' has {has!r} for {value!r}")
    faults += [
        Fault(place, f"{column}: {len(told)} rows are not what {source} gives: {'; '.join(told[:MOST_NAMED])}")
        for column, told in wrong.items()
    ]
    return faults


def against_plan(told: SelfDescription, plan: Plan, makers: Makers) -> Made:
    """Compare everything in a set except its audio and measurements with today's plan.

    Args:
        told: The set.
        plan: The plan, made again.
        makers: How the rest is made from it.
    """
    disk, source = told.disk, "its recipe, corpus and noise"
    items = {row["audio_filepath"]: row for row in outgoing_items(plan).rows(named=True)}
    faults = differences_of_rows(disk.place(PLAN), told.planned, items, source)
    if list(told.planned) != list(items) and set(told.planned) == set(items):
        faults.append(Fault(disk.place(PLAN), f"its rows stand in another order than {source} gives them"))
    rows = {row["audio_filepath"]: row for row in told.rows}
    manifest, identity, beside = makers.described(plan, rows, read_failures(disk), disk.read)
    made = {row["audio_filepath"]: row for row in manifest}
    faults += differences_of_rows(disk.place(MANIFEST), {n: r for n, r in rows.items() if n in made}, made, source)
    said = _identity_faults(disk.place(IDENTITY), told.identity, json.loads(json_text(identity)))
    files = files_beside(plan, manifest, read_failures(disk), beside)
    del files[PLAN]  # its rows are compared: other versions of polars write other bytes
    written = _file_faults(told, files, "what its recipe, its corpus and what was measured give")
    return Made((*faults, *said.faults, *written.faults), (*said.words, *written.words))


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


def _file_faults(told: SelfDescription, files: Mapping[str, bytes], source: str) -> Made:
    faults = []
    for name, data in files.items():
        if not told.disk.has(name):
            continue  # reported where the side files are checked
        if told.disk.hash(name) != hashlib.sha256(data).hexdigest():
            differs = _first_difference(told.disk.read(name), data)
            worded = name in WORDS or (name == FIGURES and _named_otherwise(told.disk.read(name), data))
            faults.append((worded, Fault(told.disk.place(name), f"is not {source}: {differs}")))
    return Made.of(faults)


def _named_otherwise(found: bytes, made: bytes) -> bool:
    """Whether the same figures stand in two files, under other names."""
    try:
        said, wanted = (read_figures(data, FIGURES) for data in (found, made))
    except TestSetError:
        return False
    return said.unnamed() == wanted.unnamed()


def _first_difference(found: bytes, made: bytes) -> str:
    """The first line in which a file differs, in words."""
    pairs = zip(_lines(found), _lines(made), strict=False)
    for number, (has, wants) in enumerate(pairs, start=1):
        if has != wants:
            at = next(
                (i for i, (a, b) in enumerate(zip(has, wants, strict=False)) if a != b), min(len(has), len(wants))
            )
            start = max(0, at - 30)
            return f"line {number} has {has[start : at + 60]!r} for {wants[start : at + 60]!r}"
    return f"it has {len(found):,} bytes for {len(made):,}"


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").split("\n")


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
        if told.disk.has(path) and told.disk.read(path) != data:
            faults.append(Fault(told.disk.place(path), "is not what the set gives", remedy))
    for file in sorted(made ^ set(listed)):
        said = f"{EXPORTS} does not list it" if file in made else "the format has no such file"
        faults.append(Fault(told.disk.place(f"{name}/{file}"), said, remedy))
    return faults
