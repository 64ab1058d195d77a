"""Sweeps: one setting of a recipe becomes several, one for each value of a field."""

import itertools
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from augment.errors import nearest
from augment.files.yaml import Location
from augment.perturb import Perturbation, kinds
from augment.recipe.model import SettingSpec, SweepValue

Found = tuple[Location, str, str]
"""A fault before it has a place: location below the setting, message, remedy."""

UNITS = frozenset({"db", "dba", "dbov", "dbspl", "hz", "khz", "s", "ms", "m", "percent", "kbps"})


@dataclass(frozen=True)
class Setting:
    """One value of a factor.

    Attributes:
        name: Unique in its factor; part of the condition's name.
        family: The setting without the swept values: settings of one family share their random draws.
        steps: Perturbations in the order of the signal chain.
    """

    name: str
    family: str
    steps: tuple[Perturbation, ...]


def targets(steps: Any, field: str) -> list[int]:
    """Indices of the steps, as written, that a swept field may mean: ``field``, or ``kind.field``.

    Example:
        >>> targets([{"kind": "microphone"}, {"kind": "equipment_noise"}], "snr_db")
        [1]
    """
    wanted, name = field.split(".", 1) if "." in field else (None, field)
    found = []
    for index, step in enumerate(steps):
        kind = step.get("kind") if isinstance(step, dict) else None
        model = kinds().get(kind) if isinstance(kind, str) else None
        if model is not None and wanted in (None, kind) and name in model.model_fields and name != "kind":
            found.append(index)
    return found


def fill(raw: Any) -> tuple[Any, list[Found], dict[Location, Location]]:
    """A setting as written, with the first value of each sweep put into its step.

    Args:
        raw: A list of steps, a mapping with ``steps`` and ``sweep``, or nothing.

    Returns:
        The setting with complete steps and without faulty sweeps; the faults of its sweeps; and, for each value put
        in, the location where it was put and the location where the user wrote it.
    """
    if raw is None:
        return {"steps": []}, [((), "nothing is said of this setting", "write [] for no steps at all")], {}
    if isinstance(raw, list):
        raw = {"steps": raw}
    if not isinstance(raw, dict) or not isinstance(raw.get("sweep"), dict) or not isinstance(raw.get("steps"), list):
        if isinstance(raw, dict) and raw.get("sweep") and not raw.get("steps"):
            return {"steps": []}, [(("sweep",), "a sweep without steps", "add the step whose field it sweeps")], {}
        return raw, [], {}
    steps = [dict(step) if isinstance(step, dict) else step for step in raw["steps"]]
    sweeps = dict(raw["sweep"])
    found: list[Found] = []
    moved: dict[Location, Location] = {}
    for field, values in raw["sweep"].items():
        places = targets(steps, field)
        name = field.rsplit(".", 1)[-1]
        if len(places) != 1:
            found.append((("sweep", field), *_misfit(steps, field, places)))
            del sweeps[field]
        elif name in steps[places[0]]:
            found.append((("sweep", field), f"the step has '{name}' too", "remove one of the two"))
            del sweeps[field]
        elif isinstance(values, list) and values:
            steps[places[0]][name] = values[0]
            moved[("steps", places[0], name)] = ("sweep", field, 0)
    return {**raw, "steps": steps, "sweep": sweeps}, found, moved


def _misfit(steps: list[Any], field: str, places: list[int]) -> tuple[str, str]:
    if places:
        names = ", ".join(f"{steps[i]['kind']}.{field}" for i in places)
        return f"more than one step has '{field}'", f"say which: {names}"
    written = [step.get("kind") for step in steps if isinstance(step, dict)]
    known = {kind for kind in written if isinstance(kind, str) and kind in kinds()}
    fields = sorted({f for kind in known for f in kinds()[kind].model_fields if f != "kind"})
    return f"no step of this setting has a field '{field}' to sweep", nearest(field, fields)


def token(field: str, value: SweepValue) -> str:
    """What a swept value adds to the name of its setting.

    Example:
        >>> token("snr_db", -2.5), token("profile", "mri_epi"), token("snr_db", 10.0)
        ('m2p5db', 'mri_epi', '10db')
    """
    if isinstance(value, str):
        return re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")
    unit = field.rsplit("_", 1)[-1]
    return f"{value:g}".replace("-", "m").replace(".", "p").replace("+", "") + (unit if unit in UNITS else "")


def count(spec: SettingSpec) -> int:
    """How many settings a specification stands for."""
    return math.prod(len(values) for values in spec.sweep.values())


def expand(family: str, spec: SettingSpec) -> tuple[list[Setting], list[Found]]:
    """The settings that a specification stands for, and the faults of its swept values.

    Example:
        >>> spec = SettingSpec.model_validate_json(
        ...     '{"steps": [{"kind": "equipment_noise", "profile": "mri_epi", "snr_db": 20}],'
        ...     ' "sweep": {"snr_db": [20, 10]}}')
        >>> [s.name for s in expand("scanner", spec)[0]]
        ['scanner_20db', 'scanner_10db']
    """
    settings: list[Setting] = []
    found: list[Found] = []
    written = [step.model_dump(exclude_unset=True) for step in spec.steps]
    fields = list(spec.sweep)
    for choice in itertools.product(*(enumerate(spec.sweep[field]) for field in fields)):
        steps = list(spec.steps)
        name = family
        for field, (place, value) in zip(fields, choice, strict=True):
            index, own = targets(written, field)[0], field.rsplit(".", 1)[-1]
            complete = {**steps[index].model_dump(exclude_unset=True), own: value}
            try:
                steps[index] = type(steps[index]).model_validate_json(json.dumps(complete))
            except ValidationError as error:
                message = error.errors()[0]["msg"].removeprefix("Input should be ")
                fault = (("sweep", field, place), f"expected {message}, found {value!r}", "")
                found += [] if fault in found else [fault]
            name += f"_{token(own, value)}"
        settings.append(Setting(name, family, tuple(steps)))
    return settings, found
