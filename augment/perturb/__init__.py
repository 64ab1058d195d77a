"""Perturbations: a folder for each stage of the signal chain, and in it one file for each ``kind``, the word in YAML.

A perturbation is a frozen record with one method. To add one, add a file here: recipes, the JSON Schema, error messages
and the contract test find it there.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from augment.columns import NOISE, Column
from augment.dealt import Asked
from augment.errors import AcoustigridError, Fault
from augment.perturb.words import NO_TITLES, Titles, plain
from augment.plugins import modules
from augment.profiles.library import Library, Need
from augment.scene import Draw, Scene, Stage, Weighting

FOLDERS = tuple(stage.name.lower() for stage in Stage)


class Perturbation(BaseModel):
    """Base of all perturbations.

    Attributes:
        kind: The name of the file.
        stage: Where in the signal chain it stands.
        draws: Whether it depends on the seed, the block or the definition of SNR.
        linear: Whether stems may pass through it one by one. Before a non-linear one the speech is brought to its level
            and all stems are mixed.
        needs_spl: Whether it must know how loud the sound is: the recipe then has to state the talker's effort and
            distance.
        records: Columns of the manifest that it fills in addition to those of a noise.
        limits: What it does not model, for the data sheet of a test set.
        planned: Fields that only the planner uses: what they decide is dealt to blocks, and they change no sample.
        unheard: Fields that may leave an utterance as it is when they change: they concern what may or may not happen
            to it, or what is heard with it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True, allow_inf_nan=False)
    stage: ClassVar[Stage]
    draws: ClassVar[bool] = True
    linear: ClassVar[bool] = True
    needs_spl: ClassVar[bool] = False
    records: ClassVar[tuple[Column, ...]] = ()
    limits: ClassVar[tuple[str, ...]] = ()
    planned: ClassVar[frozenset[str]] = frozenset()
    unheard: ClassVar[frozenset[str]] = frozenset()
    kind: str

    def needs(self) -> tuple[Need, ...]:
        """What it needs from the library; checked when the recipe is loaded."""
        return ()

    def asks(self) -> Asked | None:
        """What the planner is to deal to it for each block; None for nothing."""
        return None

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        """Why it cannot work at this sample rate or with the packages installed, and the remedy; None if it can."""
        return None

    def clashes(self, library: Library) -> Iterator[tuple[str, Fault]]:
        """Fields that do not go with its data, each with what is wrong; asked when the recipe is loaded."""
        yield from ()

    def remarks(self, library: Library, sample_rate_hz: int, snr: Weighting) -> tuple[str, ...]:
        """What a user should know about its data before trusting the result; shown with the plan."""
        return ()

    def subject(self, titles: Titles = NO_TITLES) -> str:
        """What it is, without its level: the same for all levels of a sweep."""
        return self.words(titles)

    def words(self, titles: Titles = NO_TITLES) -> str:
        """What it does, in a few words that follow a comma: "telephone call (G.711)", "MRI scanner at 5 dB".

        A step that does not say it gets its kind and the fields that a recipe sets.

        Args:
            titles: What profiles are called, by their names.
        """
        return plain(self.kind, self.model_dump(mode="json", exclude={"kind"}, exclude_defaults=True))

    def package(self) -> str | None:
        """The third-party distribution that makes its sound, whose version is then part of an item's key."""
        return None

    def is_noise(self) -> bool:
        """Whether it adds a noise stem, and with it a noise's columns in the manifest."""
        return self.stage is Stage.NOISE

    def columns(self) -> tuple[Column, ...]:
        """All columns of the manifest that it fills, those of a noise included."""
        return (*self.records, *NOISE) if self.is_noise() else self.records

    def absolute(self) -> bool:
        """Whether it must know how loud the sound is, with the settings that it has."""
        return self.needs_spl

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """The scene after this step. It must not modify its arguments, and equal arguments must give equal results."""
        raise TypeError(f"{type(self).__name__} has no apply()")


@cache
def kinds() -> dict[str, type[Perturbation]]:
    """All perturbations by kind.

    Example:
        >>> {"background_noise", "equipment_noise", "microphone"} <= set(kinds())
        True
    """
    found: dict[str, type[Perturbation]] = {}
    for module in (module for folder in FOLDERS for module in modules(f"augment.perturb.{folder}")):
        name = module.__name__.rsplit(".", 1)[-1]
        for value in vars(module).values():
            own = isinstance(value, type) and issubclass(value, Perturbation) and value.__module__ == module.__name__
            if own and "kind" in value.__annotations__:
                found[name] = value
    if faults := list(_odd_records(found.values())):
        raise AcoustigridError(faults)
    return found


def _odd_records(steps: Iterable[type[Perturbation]]) -> Iterator[Fault]:
    """Faults: what is no column, is not hidden by pseudonyms as it says, or is another column under the same name."""
    declared = {column.name: (column, "every noise") for column in NOISE}
    for step in steps:
        where = f"{step.__module__}.{step.__name__}.records"
        for column in step.records:
            if not isinstance(column, Column):
                remedy = (
                    "declare augment.columns.Column(name, kind, meaning), or use a release of the package that does"
                )
                yield Fault(where, f"expected columns, found {column!r}", remedy)
                continue
            if column.private == "hashed":
                message = f"column '{column.name}': nothing hashes the column of a step"
                yield Fault(where, message, 'declare it private="withheld": under pseudonyms it is then empty')
            first, other = declared.setdefault(column.name, (column, where))
            if (first.kind, first.private) != (column.kind, column.private):
                message = f"column '{column.name}' is declared otherwise in {other}: kind or private differ"
                yield Fault(where, message, "give it another name, or declare it the same way")
