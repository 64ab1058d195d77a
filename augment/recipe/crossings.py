"""Where a recipe refers to factors and settings by name: in exclusions, in a reference, in a list of conditions."""

from collections.abc import Iterator
from typing import Any

from augment.errors import Fault, nearest
from augment.files.misfits import Location
from augment.perturb.columns import taken
from augment.recipe.sweep import Spelled


def name_faults(spelled: Spelled) -> Iterator[Fault]:
    """Faults: names that no factor may have, names that nothing has, and parts that do not go with the design."""
    data = spelled.data
    for factor in (name for name in spelled.settings if taken(name) or name.startswith("label_")):
        message = f"'{factor}' is the name of a column of every manifest"
        yield spelled.fault(("factors", factor), message, "give the factor another name")
    for part in ("exclude", "conditions"):
        entries = data.get(part)
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            for factor, names in entry.items() if isinstance(entry, dict) else ():
                yield from _unknown(spelled, (part, index, factor), names, families=True)
            if part == "exclude" and entry == {}:
                message = "an entry without any factor would exclude everything"
                yield spelled.fault((part, index), message, "name the settings that must not meet")
    reference = data.get("reference")
    for factor, name in reference.items() if isinstance(reference, dict) else ():
        yield from _unknown(spelled, ("reference", factor), name, families=False)
    yield from _unused(spelled)


def _unknown(spelled: Spelled, at: Location, names: Any, families: bool) -> Iterator[Fault]:
    """Faults of the name of a factor and of its settings; families stand for all their settings where allowed."""
    factor = str(at[-1])
    factors = spelled.data.get("factors")
    if not isinstance(factors, dict) or factor not in factors:
        known = list(factors) if isinstance(factors, dict) else []
        yield spelled.fault(at, f"there is no factor '{factor}'", nearest(factor, known))
        return
    settings = spelled.settings.get(factor, {})
    if not settings or any(spelled.doubts(("factors", factor, name)) for name in settings):
        return  # what its settings would be called is not known
    known = sorted({*settings, *(spelled.family(factor, name) for name in settings if families)})
    for name in names if isinstance(names, list) else [names]:
        if name not in known:
            yield spelled.fault(at, f"'{factor}' has no setting '{name}'", nearest(str(name), known))


def _unused(spelled: Spelled) -> Iterator[Fault]:
    """Faults: parts that the design does not use, or that it lacks."""
    data = spelled.data
    design = data.get("design", "full")
    if design == "list" and not data.get("conditions"):
        message = "the design is a list, and there are no 'conditions'"
        yield spelled.fault(("design",), message, "add conditions: [{factor: setting, ...}, ...]")
    if design != "list" and data.get("conditions"):
        message = "a list of conditions is used with 'design: list' only"
        yield spelled.fault(("conditions",), message, "add design: list, or remove the list")
    if design == "full" and data.get("reference"):
        message = "a reference has no meaning in a full design"
        yield spelled.fault(("reference",), message, "remove it, or choose design: one_at_a_time")
