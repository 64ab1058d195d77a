"""Writes the tables of recipes/README.md and augment/export/README.md from the code that they describe.

    python scripts/write_reference.py

Only what stands between ``<!-- NAME: written by scripts/write_reference.py -->`` and ``<!-- end of NAME -->`` is
replaced. A test holds the files against this.
"""

import argparse
import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from augment.columns import ROW, Column
from augment.perturb import Perturbation, kinds
from augment.perturb.columns import of_steps
from augment.recipe.model import Recipe
from augment.scene import Stage

ROOT = Path(__file__).resolve().parents[1]
Schema = Mapping[str, Any]
APART = ("factors", "name", "about", "reference", "conditions", "exclude", "design", "assignment", "seed")
"""Parts of a recipe without fields of their own: they stand in a table together."""
TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "nothing"}


def parts_text() -> str:
    """A table of the parts of a recipe, and one of the fields of each part that has some."""
    schema = Recipe.model_json_schema()
    apart = {name: part for name, part in schema["properties"].items() if name in APART}
    others = {name: part for name, part in schema["properties"].items() if name not in APART}
    return "\n\n".join([_table(apart, schema["required"], schema), *_parts("", others, schema)])


def _parts(above: str, fields: Schema, schema: Schema) -> Iterator[str]:
    for name, field in fields.items():
        for node in (node for node in _alternatives(field, schema) if "properties" in node):
            table = _table(node["properties"], node.get("required", ()), schema)
            yield f"#### `{above}{name}`\n\n{_prose(node['description'])}\n\n{table}"
            yield from _parts(f"{above}{name}.", node["properties"], schema)


def steps_text() -> str:
    """For each step what it does, an example, and its fields, in the order of the signal chain."""
    return "\n\n".join(
        f"### Stage {stage.name}\n\n" + "\n\n".join(_step(kind) for kind in kinds().values() if kind.stage is stage)
        for stage in Stage
        if any(kind.stage is stage for kind in kinds().values())
    )


def _step(kind: type[Perturbation]) -> str:
    name, text = get_args(kind.model_fields["kind"].annotation)[0], inspect.cleandoc(kind.__doc__ or "")
    schema = kind.model_json_schema()
    about, _, rest = text.partition("In a recipe::")
    example, _, facts = rest.strip("\n").partition("\n\n")
    fields = {field: told for field, told in schema["properties"].items() if field not in ("kind", "stage")}
    lines = "\n".join(f"- {_prose(line)}" for line in facts.strip().splitlines() if not line.startswith(" "))
    shown = inspect.cleandoc(example)
    parts = [
        f"#### `{name}`",
        _prose(about),
        f"```yaml\n{shown}\n```",
        _table(fields, schema.get("required", ()), schema),
        lines,
    ]
    return "\n\n".join(part for part in parts if part)


def _prose(text: str) -> str:
    """Text of a docstring as Markdown."""
    return re.sub(r"``(.*?)``", r"`\1`", re.sub(r"\s*\n\s*(?=\S)", " ", text.strip()))


def _table(fields: Schema, required: Sequence[str], schema: Schema) -> str:
    if not fields:
        return ""
    lines = ["| field | values | if not given | what it says |", "|---|---|---|---|"]
    for name, field in fields.items():
        values = " or ".join(dict.fromkeys(_values(field, schema))) or "a mapping"
        default = "**must be given**" if name in required else _default(field.get("default"))
        lines.append(f"| `{name}` | {values} | {default} | {_cell(_meaning(field, schema))} |")
    return "\n".join(lines)


def _meaning(field: Schema, schema: Schema) -> str:
    if "description" in field:
        return str(field["description"])
    return next((str(node["description"]) for node in _alternatives(field, schema) if "description" in node), "")


def _values(field: Schema, schema: Schema) -> Iterator[str]:
    """What a field may hold, with its range, in words."""
    for node in _alternatives(field, schema):
        if "const" in node or "enum" in node:
            yield ", ".join(f"`{value}`" for value in node.get("enum", [node.get("const")]))
        elif node.get("type") == "array":
            inside = " or ".join(dict.fromkeys(_values(node.get("items", {}), schema))) or "anything"
            yield f"a list of {inside}".replace("list of a mapping", "list of mappings")
        elif node.get("type") == "object":
            yield "a mapping"
        elif "type" in node and node["type"] != "null":
            yield TYPES[node["type"]] + _range(node)


def _range(node: Schema) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f", {_number(low)} to {_number(high)}"
    said = [
        f"{_number(low)} or more" if low is not None else "", f"above {_number(above)}" if above is not None else "",
        f"{_number(high)} or less" if high is not None else "", f"below {_number(below)}" if below is not None else "",
    ]  # fmt: skip
    return "".join(f", {words}" for words in said if words)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _alternatives(field: Schema, schema: Schema) -> Iterator[Schema]:
    if "$ref" in field:
        yield from _alternatives(schema["$defs"][field["$ref"].rsplit("/", 1)[-1]], schema)
    elif "anyOf" in field or "oneOf" in field:
        for other in field.get("anyOf", field.get("oneOf", ())):
            yield from _alternatives(other, schema)
    else:
        yield field


def _default(value: Any) -> str:
    if value in (None, ""):
        return "-"
    return (
        f"`{value}`" if isinstance(value, str) else _cell(f"`{json.dumps(value)}`") if value not in ({}, []) else "none"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def columns_text() -> str:
    """A table of the columns of the manifest."""
    rows = [f"| `{column.name}` | {_holds(column)} | {column.meaning} |" for column in (*ROW, *of_steps())]
    return "\n".join(["| column | holds | says |", "|---|---|---|", *rows])


def _holds(column: Column) -> str:
    return ", ".join(filter(None, (column.kind.__name__, column.unit, column.private)))


WRITTEN = {
    "recipes/README.md": {"parts": parts_text, "steps": steps_text},
    "augment/export/README.md": {"columns": columns_text},
}
"""For each file its tables, and what writes them."""


def renewed(name: str) -> str:
    """The text of a file with its tables as the code has them."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for table, make in WRITTEN[name].items():
        begin, end = f"<!-- {table}: written by scripts/write_reference.py -->", f"<!-- end of {table} -->"
        before, found, rest = text.partition(begin)
        assert found, f"{name} has no place for {table}"
        text = f"{before}{begin}\n\n{make()}\n\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    for name in WRITTEN:
        (ROOT / name).write_text(renewed(name), encoding="utf-8")


if __name__ == "__main__":
    main()
