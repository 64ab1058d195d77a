"""Perturbations: a folder for each stage of the signal chain, and in it one file for each ``kind``, the word in YAML.

A perturbation is a frozen record with one method. To add one, add a file here: recipes, the JSON Schema, error
messages and the contract test find it by themselves.
"""

from functools import cache
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from augment.columns import NOISE, Column
from augment.dealt import Asked
from augment.plugins import modules
from augment.profiles.library import Library, Need
from augment.scene import Draw, Scene, Stage, Weighting

FOLDERS = tuple(stage.name.lower() for stage in Stage)


class Perturbation(BaseModel):
    """Base of all perturbations.

    Attributes:
        kind: The name of the file.
        stage: Where in the signal chain it stands.
        draws: Whether anything of it depends on the seed, the block or the definition of SNR.
        linear: Whether stems may pass it one by one. Before one that is not linear the speech is brought to its level
            and all stems are mixed.
        needs_spl: Whether it must know how loud the sound is: the recipe then says the talker's effort and distance.
        records: Columns of the manifest that it fills beside those of a noise, each an entry with what it means.
        limits: What a test set with it does not model, for its data sheet.
        planned: Fields that only the planner heeds: what they decide is dealt to blocks, and they change no sample.
        unheard: Fields with other values of which an utterance may sound the same: of what may happen to it or not, or
            of what is heard with it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
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
        """What it needs from the library; checked when the recipe is loaded. Nothing unless it says otherwise."""
        return ()

    def asks(self) -> Asked | None:
        """What the planner deals to it in each block; nothing unless it says otherwise."""
        return None

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        """Why it can never work in a test set of this rate or with what is installed: message and remedy."""
        return None

    def remarks(self, library: Library, sample_rate_hz: int, snr: Weighting) -> tuple[str, ...]:
        """What a user should know of the data behind it before believing what it does; told with the plan."""
        return ()

    def package(self) -> str | None:
        """Distribution outside of this one that makes its sound: its version is part of an item's key."""
        return None

    def is_noise(self) -> bool:
        """Whether it adds a noise stem, and with it a noise's columns in the manifest."""
        return self.stage is Stage.NOISE

    def columns(self) -> tuple[Column, ...]:
        """All columns of the manifest that it fills."""
        return (*self.records, *NOISE) if self.is_noise() else self.records

    def absolute(self) -> bool:
        """Whether it must know how loud the sound is."""
        return self.needs_spl

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """The scene after this step. Must change neither of its arguments, and give the same for the same."""
        raise TypeError(f"{type(self).__name__} has no apply()")


@cache
def kinds() -> dict[str, type[Perturbation]]:
    """All perturbations by kind.

    Example:
        >>> {"background_noise", "equipment_noise", "microphone"} <= set(kinds())
        True
    """
    found = {}
    for module in (module for folder in FOLDERS for module in modules(f"augment.perturb.{folder}")):
        name = module.__name__.rsplit(".", 1)[-1]
        for value in vars(module).values():
            own = isinstance(value, type) and issubclass(value, Perturbation) and value.__module__ == module.__name__
            if own and "kind" in value.__annotations__:
                found[name] = value
    return found
