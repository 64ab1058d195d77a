"""Data of Python in place of a YAML file: checked as the file would be, with a place for every value."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from augment.errors import AcoustigridError, Fault
from augment.files.misfits import Location
from augment.files.yaml import Document, OddError, plain, read_text

LONGEST_LINE = 4096
"""Beyond which a text is broken; readers join its lines again."""


@dataclass(frozen=True)
class GivenDocument(Document):
    """The content of a mapping; as its text, the YAML file that holds the same."""

    def place(self, location: Location) -> str:
        """A location as one would write it in Python, such as ``recipe['factors']['noise']``."""
        return f"{self.path}{''.join(f'[{part!r}]' for part in self.known(location))}"

    def order(self, place: str) -> list[int]:
        return [self._turns.get(place, -1)]

    @cached_property
    def _turns(self) -> dict[str, int]:
        return {self.place(location): turn for turn, location in enumerate(self.marks)}

    def fault(self, location: Location, message: str, remedy: str = "") -> Fault:
        """A fault of what is at a location: its place names it whole."""
        return Fault(self.place(location), message, remedy)


def given_document(data: Mapping[str, Any], name: str, error: type[AcoustigridError]) -> GivenDocument:
    """A mapping as a document.

    Args:
        data: Mappings, lists or tuples, numbers, texts, paths, dates and None; keys are in the order that they have.
        name: What to call it in places.
        error: The type of error to raise.

    Raises:
        AcoustigridError: Of the given type: there is something else in it, or too much.

    Example:
        >>> from augment.errors import RecipeError
        >>> found = given_document({"name": "a", "seed": 3, "keep": ("x", "1e1")}, "recipe", RecipeError)
        >>> print(found.text, found.place(("keep", 1)))
        name: a
        seed: 3
        keep:
        - x
        - '1e1'
         recipe['keep'][1]
    """
    marks: dict[Location, tuple[int, int]] = {}
    nothing = GivenDocument(None, Path(name), "", marks)
    try:
        held = plain(data, (), marks)
    except OddError as problem:
        raise error(Fault(nothing.place(problem.location), str(problem))) from None
    text = yaml_text(held)
    read = read_text(Path(name), text, error)
    if repr(read.data) != repr(held):  # in which NaN is NaN
        message = "holds a text that YAML cannot hold"
        raise error(Fault(name, message, "leave control characters out")) from None
    return GivenDocument(held, Path(name), text, read.marks)


def yaml_text(data: Mapping[str, Any]) -> str:
    """Plain data as the text of a YAML file, with keys in their order.

    Example:
        >>> print(yaml_text({"b": [1, {"c": None}], "a": "no: 1"}), end="")
        b:
        - 1
        - c:
        a: 'no: 1'
    """
    from ruamel.yaml import YAML

    writer, text = YAML(), io.StringIO()
    writer.width = LONGEST_LINE
    writer.dump(data, text)
    return text.getvalue()
