"""Sweeps: one setting of a recipe becomes several, one for each value of a field, before anything is checked."""

import difflib
import hashlib
import itertools
import math
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from augment.bounds import MOST_SETTINGS
from augment.errors import Fault, nearest
from augment.files.misfits import Location
from augment.files.yaml import Document
from augment.perturb import Perturbation, kinds
from augment.recipe.spec import SLUG

VALUES = (float, int, str)
UNITS = frozenset({"db", "dba", "dbov", "dbspl", "hz", "khz", "s", "ms", "m", "percent", "kbps"})


@dataclass(frozen=True)
class Setting:
    """One value of a factor.

    Attributes:
        name: Its name, unique within the factor; part of the condition's name.
        family: The setting without the swept values: settings of one family share their random draws.
        steps: Perturbations in the order of the signal chain.
    """

    name: str
    family: str
    steps: tuple[Perturbation, ...]


@dataclass(frozen=True)
class Swept:
    """One value of a sweep.

    Attributes:
        step: Index of the step that takes it.
        field: Of the step.
        value: The value.
        name: What the setting is called after it.
        origin: Location where the user wrote it.
    """

    step: int
    field: str
    value: float | int | str
    name: str
    origin: Location


@dataclass
class Spelled:
    """A recipe as data, its sweeps spelled out: every setting has a name of its own and complete steps.

    Attributes:
        written: What the user wrote.
        data: The same with sweeps spelled out, except malformed ones, about which the model will complain.
        origins: Where the user wrote what is at another location in ``data``.
        doubtful: Faulty settings, as written, and the fields of steps that lack a value because a sweep is faulty.
            Settings may be missing from ``data``.
        faults: What is wrong with them.
        count: How many settings there are.
    """

    written: Document
    data: dict[str, Any]
    origins: dict[Location, Location] = field(default_factory=dict)
    doubtful: dict[Location, set[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """The settings of each factor, as far as they are well-formed."""
        factors = self.data.get("factors")
        return {f: some for f, some in factors.items() if isinstance(some, dict)} if isinstance(factors, dict) else {}

    def origin(self, location: Location) -> Location:
        """Where the user wrote what is at a location of ``data``."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.origins:
                return (*self.origins[location[:length]], *location[length:])
        return location

    def family(self, factor: str, setting: str) -> str:
        """The user's own name for a setting, before sweeps were spelled out."""
        return str(self.origin(("factors", factor, setting))[2])

    def doubts(self, location: Location) -> bool:
        """Whether what is at a location of ``data`` may be faulty only because its setting's sweep is."""
        return self.origin(location[:3]) in self.doubtful

    def lacks(self, location: Location) -> bool:
        """Whether what is missing at a location of ``data`` is the field of a faulty sweep."""
        return location[-1] in self.doubtful.get(self.origin(location[:3]), ())

    def fault(self, location: Location, message: str, remedy: str = "") -> Fault:
        """A fault at a location of ``data``, reported where the user wrote it."""
        return self.written.fault(self.origin(location), message, remedy)

    def doubt(self, at: Location, *fields: str) -> None:
        """Note that a setting is faulty, and for which fields a sweep would have had values."""
        self.doubtful.setdefault(at[:3], set()).update(fields)

    def refuse(self, at: Location, message: str, remedy: str = "") -> None:
        """Note what is wrong with a setting or its sweep, at the location where the user wrote it."""
        self.doubt(at)
        self.faults.append(self.written.fault(at, message, remedy))


def spell_out(document: Document) -> Spelled:
    """A recipe with a setting for each value of its sweeps; malformed parts stay as they are."""
    spelled = Spelled(document, dict(document.data))
    if written := spelled.settings:
        settings = {factor: _settings(spelled, factor, families) for factor, families in written.items()}
        spelled.data["factors"] = {**document.data["factors"], **settings}
    return spelled


def _settings(spelled: Spelled, factor: str, families: dict[str, Any]) -> dict[str, Any]:
    """The settings of a factor by name."""
    settings: dict[str, Any] = {}
    for family, written in families.items():
        at: Location = ("factors", factor, family)
        raw, sweeps = _without_sweeps(spelled, at, written)
        before, spelled.count = spelled.count, spelled.count + math.prod(map(len, sweeps))
        if spelled.count > MOST_SETTINGS:
            if before <= MOST_SETTINGS:
                message = f"the recipe has {spelled.count:,} settings so far, sweeps expanded"
                spelled.refuse(at, message, f"at most {MOST_SETTINGS:,} are read: make recipes of parts of it")
            spelled.doubt(at)
            sweeps = [swept[:1] for swept in sweeps]  # enough to find what else is wrong
        for choice in itertools.product(*sweeps):
            name = "_".join([family, *(swept.name for swept in choice)])
            if name in settings:
                remedy = "give values of a sweep names of their own: [{name: NAME, value: VALUE}]" if choice else ""
                spelled.refuse(at, f"two settings are named '{name}'", remedy)
                continue
            setting: Location = ("factors", factor, name)
            settings[name] = {**raw, "steps": list(raw["steps"])} if choice else raw
            spelled.origins[setting] = at
            for swept in choice:
                steps = settings[name]["steps"]
                steps[swept.step] = {**steps[swept.step], swept.field: swept.value}
                spelled.origins[(*setting, "steps", swept.step, swept.field)] = swept.origin
    return settings


def _without_sweeps(spelled: Spelled, at: Location, raw: Any) -> tuple[Any, list[list[Swept]]]:
    """A setting as a mapping without its sweeps, and those sweeps that can be spelled out."""
    if raw is None:
        spelled.refuse(at, "this setting is empty", "write [] for no steps at all")
        return {}, []
    if not isinstance(raw, dict):
        return {"steps": raw} if isinstance(raw, list) else raw, []
    steps, sweep = raw.get("steps", []), raw.get("sweep", {})
    if sweep and not steps:
        spelled.refuse((*at, "sweep"), "a sweep without steps", "add the step whose field it sweeps")
        return {}, []
    if not isinstance(sweep, dict) or not isinstance(steps, list):
        spelled.doubt(at)
        return raw, []
    sweeps: list[list[Swept]] = []
    odd: dict[str, Any] = {}
    for key, values in sweep.items():
        if not isinstance(values, list) or not values or not all(map(_is_value, values)):
            spelled.doubt(at, key.rpartition(".")[2])
            odd[key] = values
        elif (step := _target(spelled, at, steps, key)) is not None:
            name = key.rpartition(".")[2]
            sweeps.append([_swept(step, name, value, (*at, "sweep", key, n)) for n, value in enumerate(values)])
            steps = [*steps[:step], {**steps[step], name: None}, *steps[step + 1 :]]
    return {**raw, "sweep": odd}, sweeps


def _is_value(written: Any) -> bool:
    """Whether a value of a sweep is one, or one with a name."""
    if isinstance(written, dict):
        name = written.get("name")
        named = isinstance(name, str) and re.fullmatch(SLUG, name) and set(written) == {"name", "value"}
        return bool(named) and type(written["value"]) in VALUES
    return type(written) in VALUES


def _swept(step: int, field: str, written: Any, origin: Location) -> Swept:
    if isinstance(written, dict):
        return Swept(step, field, written["value"], written["name"], (*origin, "value"))
    return Swept(step, field, written, token(field, written), origin)


def _target(spelled: Spelled, at: Location, steps: list[Any], key: str) -> int | None:
    """Index of the step to which a swept field, ``field`` or ``kind.field``, refers."""
    wanted, _, name = key.rpartition(".")
    fields = [_fields(step) for step in steps]
    places = [i for i, known in enumerate(fields) if name in (known or ()) and wanted in ("", steps[i]["kind"])]
    at = (*at, "sweep", key)
    if key.startswith("."):
        spelled.refuse(at, "the name of a step is missing before the dot", f"did you mean '{name}'?")
    elif len(places) > 1:
        names = ", ".join(f"{steps[i]['kind']}.{name}" for i in places)
        spelled.refuse(at, f"more than one step has '{key}'", f"say which: {names}")
    elif places and name in steps[places[0]]:
        spelled.refuse(at, f"the step has '{name}' too", "remove one of the two")
    elif places:
        return places[0]
    elif None not in fields:
        known = sorted(set(itertools.chain(*filter(None, fields))))
        spelled.refuse(at, f"no step of this setting has a field '{key}' to sweep", nearest(key, known))
        spelled.doubt(at, *difflib.get_close_matches(key, known, n=1))  # the one that is probably meant
    spelled.doubt(at, name)  # also where the kind of a step is unknown, which is reported elsewhere
    return None


def _fields(step: Any) -> list[str] | None:
    """Fields that a step, as written, may have besides its kind; None if its kind is not known."""
    kind = step.get("kind") if isinstance(step, dict) else None
    model = kinds().get(kind) if isinstance(kind, str) else None
    return None if model is None else [name for name in model.model_fields if name != "kind"]


def token(field: str, value: float | int | str) -> str:
    """The part of a setting's name that a swept value adds: a number with its unit, a word, a file without its folder.

    Example:
        >>> token("snr_db", -2.5), token("profile", "mri_epi"), token("snr_db", 10.0)
        ('m2p5db', 'mri_epi', '10db')
        >>> token("profile", "noises/Ward 7 (night).yaml"), token("source", "../street/tram.flac")
        ('ward_7_night', 'tram')
    """
    if isinstance(value, str):
        last = re.sub(r"\.[A-Za-z][A-Za-z0-9]{1,4}$", "", re.split(r"[/\\]", value.rstrip("/\\"))[-1])
        plain = unicodedata.normalize("NFKD", last.casefold())
        bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
        word = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")
        return word or hashlib.sha256(value.encode()).hexdigest()[:8]
    unit = field.rsplit("_", 1)[-1]
    return f"{value:g}".replace("-", "m").replace(".", "p").replace("+", "") + (unit if unit in UNITS else "")
