"""Perturbations: one file for each, named after its ``kind``, which is the word in YAML.

A perturbation is a frozen record with one method. To add one, add a file here: recipes, the JSON Schema, error
messages and the contract test find it by themselves.
"""

from functools import cache
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from augment.plugins import modules
from augment.profiles.library import Need
from augment.scene import Draw, Scene, Stage


class Perturbation(BaseModel):
    """Base of all perturbations.

    Attributes:
        kind: The name of the file.
        stage: Where in the signal chain it stands.
        draws: Whether anything of it depends on the seed, the block or the definition of SNR.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    stage: ClassVar[Stage]
    draws: ClassVar[bool] = True
    kind: str

    def needs(self) -> tuple[Need, ...]:
        """What it needs from the library; checked when the recipe is loaded. Nothing unless it says otherwise."""
        return ()

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """The scene after this step. Must change neither of its arguments, and give the same for the same."""
        raise TypeError(f"{type(self).__name__} has no apply()")


@cache
def kinds() -> dict[str, type[Perturbation]]:
    """All perturbations by kind.

    Example:
        >>> sorted(kinds())
        ['background_noise', 'equipment_noise', 'microphone']
    """
    found = {}
    for module in modules("augment.perturb"):
        name = module.__name__.rsplit(".", 1)[-1]
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Perturbation) and value.__module__ == module.__name__:
                found[name] = value
    return found
