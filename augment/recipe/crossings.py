"""What a recipe says of its factors and settings by name: in exclusions, in a reference, in a list of conditions."""

from typing import Any

from augment.errors import Fault, nearest
from augment.files.yaml import Document, Location
from augment.recipe.sweep import Setting

Settings = dict[str, dict[str, list[Setting]]]
"""Factor, family, settings."""


def name_faults(data: dict[str, Any], settings: Settings, document: Document) -> list[Fault]:
    """Names that no factor or setting has, and parts that do not go with the design."""
    faults: list[Fault] = []
    for part in ("exclude", "conditions"):
        entries = data.get(part)
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            for factor, names in entry.items() if isinstance(entry, dict) else ():
                faults += _unknown(document, settings, (part, index, factor), names, families=True)
            if part == "exclude" and entry == {}:
                message = "an entry without any factor would exclude everything"
                faults.append(_fault(document, (part, index), message, "name the settings that must not meet"))
    reference = data.get("reference")
    for factor, name in reference.items() if isinstance(reference, dict) else ():
        faults += _unknown(document, settings, ("reference", factor), name, families=False)
    return faults + _unused(data, document)


def _fault(document: Document, location: Location, message: str, remedy: str) -> Fault:
    path = ".".join(str(part) for part in location)
    return Fault(document.place(location), f"{path}: {message}", remedy)


def _unknown(document: Document, settings: Settings, at: Location, names: Any, families: bool) -> list[Fault]:
    """Faults of a factor and of names of its settings; families stand for all of their settings, where they may."""
    factor = str(at[-1])
    factors = document.data.get("factors")
    if not isinstance(factors, dict) or factor not in factors:
        known = list(factors) if isinstance(factors, dict) else []
        return [_fault(document, at, f"there is no factor '{factor}'", nearest(factor, known))]
    if not isinstance(factors[factor], dict) or set(settings.get(factor, {})) != set(factors[factor] or {"none": 0}):
        return []  # a setting of it is faulty: what names there would be is not known
    known = sorted(
        {n for family, some in settings[factor].items() for n in [*([family] * families), *(s.name for s in some)]}
    )
    wrong = [n for n in (names if isinstance(names, list) else [names]) if n not in known]
    return [_fault(document, at, f"'{factor}' has no setting '{n}'", nearest(str(n), known)) for n in wrong]


def _unused(data: dict[str, Any], document: Document) -> list[Fault]:
    """Parts that the design does not use, or lacks."""
    design = data.get("design", "full")
    faults: list[Fault] = []
    if design == "list" and not data.get("conditions"):
        message = "the design is a list, and there are no 'conditions'"
        faults.append(_fault(document, ("design",), message, "add conditions: [{factor: setting, ...}, ...]"))
    if design != "list" and data.get("conditions"):
        message = "a list of conditions is used with 'design: list' only"
        faults.append(_fault(document, ("conditions",), message, "add design: list, or remove the list"))
    if design == "full" and data.get("reference"):
        message = "a reference says nothing in a full design"
        faults.append(_fault(document, ("reference",), message, "remove it, or choose design: one_at_a_time"))
    return faults
