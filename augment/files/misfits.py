"""What does not fit a model, in the user's words: pydantic's errors told as what was found and what was expected."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from augment.errors import nearest

Location = tuple[str | int, ...]
"""Where something is in data: keys and indices from the top."""
OF_YAML = {
    "a valid array": "a list, [...]",
    "an object": "a mapping, {...}",
    "a valid string": "text",
    "a valid boolean": "true or false",
    "a valid integer": "a whole number",
    "a valid number": "a number",
}
"""Pydantic's names for things, which come from JSON, in the user's words."""


@dataclass(frozen=True)
class Misfit:
    """A value that does not fit its model.

    Attributes:
        kind: Pydantic's name for what is wrong with it.
        location: Where it is in the data.
        message: What was found and what was expected, in the user's words.
        remedy: What the user can do, if more can be said.
    """

    kind: str
    location: Location
    message: str
    remedy: str


def misfits(problem: ValidationError, model: type[BaseModel], data: Any) -> list[Misfit]:
    """What pydantic found wrong with data that should become a model."""
    schema = model.model_json_schema()
    told: dict[Location, Misfit] = {}
    errors = problem.errors(include_url=False)
    for item in errors:
        if item["type"] == "too_short" and any(_lies_in(other["loc"], item["loc"]) for other in errors):
            continue  # pydantic does not count entries that are themselves faulty
        message, remedy = _in_words(item, schema)
        location = _in_data(item["loc"], data, item["type"] == "missing")
        if location in told:  # the alternatives of a union
            first = told[location].message.rsplit(", found", 1)[0]
            message = f"{first} or {message.removeprefix('expected ')}"
        told[location] = Misfit(item["type"], location, message, remedy)
    return list(told.values())


def _lies_in(location: Location, other: Location) -> bool:
    return len(location) > len(other) and location[: len(other)] == other


def _in_data(location: Location, data: Any, missing: bool) -> Location:
    """A location without what pydantic adds to it, such as a step's kind; a missing field is not in the data either."""
    found: Location = ()
    for index, part in enumerate(location):
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if in_list or (isinstance(data, dict) and part in data):
            data = data[part]
        elif not (missing and index == len(location) - 1):
            continue
        found = (*found, part)
    return found


def _in_words(item: Any, schema: dict[str, Any]) -> tuple[str, str]:
    """Message and remedy for one of pydantic's errors."""
    kind, location, context = item["type"], item["loc"], item.get("ctx", {})
    words: dict[str, Callable[[], tuple[str, str]]] = {
        "extra_forbidden": lambda: (
            f"unknown field '{location[-1]}'",
            nearest(str(location[-1]), sorted(_fields(schema, location[:-1]))),
        ),
        "missing": lambda: (f"the field '{location[-1]}' is missing", _expected(schema, location)),
        "union_tag_invalid": lambda: (
            f"unknown kind '{context['tag']}'",
            nearest(str(context["tag"]), context["expected_tags"].replace("'", "").split(", ")),
        ),
        "union_tag_not_found": lambda: ("the field 'kind' is missing", ""),
        "value_error": lambda: (str(context["error"]), ""),
        "too_short": lambda: (f"expected at least {context['min_length']} entry, found {context['actual_length']}", ""),
        "string_pattern_mismatch": lambda: (
            f"'{item['input']}' cannot be a name",
            "use lower-case letters and digits, in parts joined by one '_' or '-'",
        ),
        "string_too_long": lambda: (
            f"the name '{item['input']}' has more than {context['max_length']} characters",
            "shorten it",
        ),
    }
    if kind in words:
        return words[kind]()
    message = item["msg"].removeprefix("Input should be ")
    message = OF_YAML.get(message, message)
    found = json.dumps(item["input"], default=str, ensure_ascii=False)
    shown = found if len(found) <= 60 else found[:57] + "..."
    return (f"expected {message}, found {shown}" if message != item["msg"] else f"{message}, found {shown}"), ""


def _fields(schema: dict[str, Any], location: Location) -> set[str]:
    """Names of the fields that may stand at a location of a JSON Schema."""
    return {name for node in _nodes(schema, location) for name in node.get("properties", {})}


def _expected(schema: dict[str, Any], location: Location) -> str:
    """What may be written at a location of a JSON Schema, where these are a few values."""
    values = [value for node in _nodes(schema, location) for value in node.get("enum", [])]
    return f"one of: {', '.join(map(str, values))}" if values else ""


def _nodes(schema: dict[str, Any], location: Location) -> list[dict[str, Any]]:
    """What a JSON Schema says of a location, in all of its alternatives."""
    nodes = _resolve(schema, schema)
    for part in location:
        step = []
        for node in nodes:
            tagged = node.get("discriminator", {}).get("mapping", {}).get(part)
            below = {"$ref": tagged} if tagged else node.get("properties", {}).get(part)
            if below is None:
                others = [node.get("items")] if isinstance(part, int) else [node.get("additionalProperties")]
                others += node.get("patternProperties", {}).values()
                below = next((other for other in others if isinstance(other, dict)), None)
            if below is not None:
                step += _resolve(below, schema)
        nodes = step or nodes
    return nodes


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A node with its reference followed, and its alternatives."""
    if "$ref" in node:
        return _resolve(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], schema)
    return [node, *(found for other in node.get("anyOf", []) for found in _resolve(other, schema))]
