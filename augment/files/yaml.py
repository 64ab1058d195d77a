"""YAML files as plain data, with the place of every value for error messages.

YAML 1.2 (so that ``no`` is a word and ``1e1`` a number), without duplicate keys, bounded in size and depth.
"""

import datetime
import itertools
import json
import numbers
import os
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from augment.bounds import DEEPEST_YAML, LARGEST_YAML_BYTES, MOST_YAML_ALIASES, MOST_YAML_VALUES
from augment.errors import AcoustigridError, Fault
from augment.files.location import Location as Place
from augment.files.misfits import Location, misfits
from augment.files.regular import read_record

ALIAS = re.compile(r"(?:^|[\s:,\[{-])\*\w")
Spec = TypeVar("Spec", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """The content of a YAML file.

    Attributes:
        data: Mappings, lists and scalars of plain Python types.
        path: Path of the file.
        text: Its text.
        marks: Line and column (from 1) of the value or key at a location.
    """

    data: Any
    path: Place
    text: str
    marks: Mapping[Location, tuple[int, int]] = field(repr=False)

    def known(self, location: Location) -> Location:
        """A location without the parts of it that are not in the file."""
        found: Location = ()
        for part in location:
            if (*found, part) in self.marks:
                found = (*found, part)
        return found

    def place(self, location: Location) -> str:
        """``file:line:column`` of a location, as far as it is in the file."""
        line, column = self.marks.get(self.known(location), (1, 1))
        return f"{self.path}:{line}:{column}"

    def order(self, place: str) -> list[int]:
        """What to sort places by, so that faults are told from the top to the bottom.

        All are in one file, so that numbers in its name are equal: only line and column matter.
        """
        return [int(number) for number in re.findall("[0-9]+", place)]

    def fault(self, location: Location, message: str, remedy: str = "") -> Fault:
        """A fault of what is at a location."""
        path = ".".join(str(part) for part in location)
        return Fault(self.place(location), f"{path}: {message}" if path else message, remedy)


def load_yaml(path: Place, error: type[AcoustigridError]) -> Document:
    """Read a YAML file whose top level is a mapping.

    Args:
        path: The file.
        error: The type of error to raise.

    Raises:
        AcoustigridError: Of the given type: there is no such file, it is not UTF-8 or not YAML, has a key twice, or is
            too large or too deeply nested.
    """
    raw = read_record(path, error, LARGEST_YAML_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error(Fault(str(path), "the file is not UTF-8 text", "save it as UTF-8")) from None
    return read_text(path, text, error)


def read_text(path: Place, text: str, error: type[AcoustigridError]) -> Document:
    """Read a text as :func:`load_yaml` reads a file; arguments and errors as there."""
    found = _read(path, text, error)  # type: ignore[arg-type]  # mypy takes classes for unhashable
    return replace(found, data=deepcopy(found.data))  # whoever writes into it writes into a copy


@lru_cache(maxsize=32)  # planning, building and verifying a set loads the same recipe and profiles several times
def _read(path: Place, text: str, error: type[AcoustigridError]) -> Document:
    _refuse_long(path, text, error)
    tree = _tree(path, text, error)
    marks: dict[Location, tuple[int, int]] = {}
    try:
        data = plain(tree, (), marks)
    except OddError as problem:
        place = Document(None, path, text, marks).place(problem.location)
        raise error(Fault(place, str(problem))) from None
    except (TypeError, AttributeError, KeyError, RecursionError):
        place = _tag_place(path, text)
        raise error(Fault(place, "holds a YAML construct that is not supported (a tag, or a merge?)")) from None
    if not isinstance(data, dict):
        raise error(Fault(f"{path}:1:1", "expected a mapping of fields, such as 'name: ...'"))
    return Document(data, path, text, marks)


def _refuse_long(path: Place, text: str, error: type[AcoustigridError]) -> None:
    """Refuse what would take long to read, by counting the characters that separate values and mark aliases."""
    values, aliases = sum(map(text.count, ",\n[{")), len(ALIAS.findall(text))
    for found, most, what in ((values, MOST_YAML_VALUES, "values"), (aliases, MOST_YAML_ALIASES, "aliases (*name)")):
        if found > most:
            raise error(Fault(str(path), f"the file has about {found:,} {what}; at most {most:,} are read"))
    opened = itertools.accumulate(1 if mark in "[{" else -1 for mark in re.findall(r"[\[\]{}]", text))
    if max(opened, default=0) > DEEPEST_YAML:  # on which ruamel takes seconds to fail
        raise error(Fault(str(path), f"values are nested too deeply: more than {DEEPEST_YAML} brackets are open"))


def _tree(path: Place, text: str, error: type[AcoustigridError]) -> Any:
    """A text as ruamel's tree."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        if ALIAS.search(text):
            _refuse_circles(path, text, error)
        return YAML(typ="rt").load(text)
    except RecursionError:
        raise error(Fault(str(path), "values are nested too deeply")) from None
    except MarkedYAMLError as problem:
        raise error(_misspelled(path, text, problem.problem_mark, str(problem.problem))) from None
    except ReaderError as problem:
        place = f"{path}:{text.count(chr(10), 0, problem.position) + 1}"
        raise error(Fault(place, f"cannot be read as YAML: {problem.reason}")) from None
    except AcoustigridError:
        raise
    except Exception as problem:  # ruamel lets through whatever its tags raise, such as a KeyError for '!!bool maybe'
        said = f"{type(problem).__name__}: {problem}" if isinstance(problem, LookupError) else str(problem)
        raise error(Fault(_tag_place(path, text), f"cannot be read as YAML: {said}", "leave the tag out")) from None


def _misspelled(path: Place, text: str, mark: Any, said: str) -> Fault:
    """What is no YAML, at its place: a tab by its name, since nobody sees it."""
    if mark is not None and "\t" in text.split("\n")[mark.line][: mark.column + 1]:
        return Fault(_at(path, mark), "a tab stands where YAML wants spaces", "use spaces: two for each step inwards")
    return Fault(_at(path, mark) if mark else str(path), said.strip().replace("\n", " "))


def _refuse_circles(path: Place, text: str, error: type[AcoustigridError]) -> None:
    """Refuse an alias within what it stands for."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

    inside: list[str | None] = []
    for event in YAML(typ="rt").parse(text):
        if isinstance(event, CollectionStartEvent):
            inside.append(event.anchor)
        elif isinstance(event, CollectionEndEvent):
            inside.pop()
        elif isinstance(event, AliasEvent) and event.anchor in inside:
            message = f"the alias *{event.anchor} occurs within what it stands for"
            raise error(Fault(_at(path, event.start_mark), message, "write the values out"))


def _tag_place(path: Place, text: str) -> str:
    """The place of the first tag from which no value can be made; the file if there is none."""
    from ruamel.yaml import YAML

    for event in YAML(typ="rt").parse(text):
        tag = getattr(event, "tag", None)
        if tag is None:
            continue
        try:
            YAML(typ="rt").load(f"!<{tag}> {json.dumps(event.value)}")
        except Exception:  # as above; and for nodes without a single value
            return _at(path, event.start_mark)
    return str(path)


def _at(path: Place, mark: Any) -> str:
    return f"{path}:{mark.line + 1}:{mark.column + 1}"


def _mark(node: Any, key: Any) -> tuple[int, int]:
    """Line and column of a key or an entry, from 1; of the mapping itself for a key that a merge (``<<``) brought in.

    Data that come from no text have neither: all of them are at the beginning.
    """
    at: Any = getattr(node, "lc", None)
    try:
        line, column = at.key(key) if isinstance(node, Mapping) else at.item(key)
    except (KeyError, AttributeError):
        line, column = getattr(at, "line", 0) or 0, getattr(at, "col", 0) or 0
    return line + 1, column + 1


class OddError(ValueError):
    """A value that cannot become plain data, and its location."""

    def __init__(self, location: Location, message: str) -> None:
        super().__init__(message)
        self.location = location


def plain(node: Any, location: Location, marks: dict[Location, tuple[int, int]]) -> Any:
    """Plain data from ruamel's tree, or from data of Python, and the marks of everything in it.

    Args:
        node: Mappings, lists or tuples, and scalars.
        location: Where it is.
        marks: Gets those of everything in it.

    Raises:
        OddError: Something in it cannot become plain data.
    """
    if len(marks) > MOST_YAML_VALUES or len(location) > DEEPEST_YAML:
        bounds = f"more than {MOST_YAML_VALUES:,} values or {DEEPEST_YAML} levels"
        raise OddError(location, f"{bounds} (are there aliases that multiply?)")
    if isinstance(node, Mapping):
        out = {}
        for key, value in node.items():
            if not isinstance(key, str | int | float) or str(key) in out:
                raise OddError(location, f"the key '{str(key)[:40]}' is not text, or appears twice")
            marks[(*location, str(key))] = _mark(node, key)
            out[str(key)] = plain(value, (*location, str(key)), marks)
        return out
    if isinstance(node, list | tuple):
        marks |= {(*location, index): _mark(node, index) for index in range(len(node))}
        return [plain(value, (*location, index), marks) for index, value in enumerate(node)]
    try:
        return _scalar(node)
    except ValueError as problem:
        raise OddError(location, str(problem)) from None


def _scalar(node: Any) -> Any:
    if isinstance(node, int) and abs(node) >= 2**63:
        raise ValueError("a number is too large")
    if isinstance(node, str) and not node.isascii():
        try:
            node.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(f"the text {ascii(node)[:40]} is not valid Unicode") from None
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    if node is None or isinstance(node, datetime.date):  # which includes datetime
        return node if node is None else str(node)
    if isinstance(node, numbers.Real):  # numpy's own
        return int(node) if isinstance(node, numbers.Integral) else float(node)
    if isinstance(node, os.PathLike):
        return str(node)
    raise ValueError(
        f"a value of an unknown kind ({getattr(node, 'tag', None) or type(node).__name__}): leave the tag out"
    )


def validate(model: type[Spec], document: Document, error: type[AcoustigridError]) -> Spec:
    """Check a document against a pydantic model.

    Raises:
        AcoustigridError: Of the given type, with one fault for each thing that is wrong.
    """
    try:
        # From JSON, strict mode still allows a list to become a tuple and a key to become a number.
        return model.model_validate_json(json.dumps(document.data))
    except ValidationError as problem:
        found = misfits(problem, model, document.data)
        raise error(document.fault(at.location, at.message, at.remedy) for at in found) from None
