"""What a condition contributes to the identity of its items."""

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from augment.dealt import Exposure, dealt_text
from augment.design.conditions import Condition
from augment.perturb import Perturbation
from augment.recipe.loader import LoadedRecipe

BYTES_VERSION = 7
"""Incremented whenever the bytes of an item change for the same inputs; see "bytes changed" in the CHANGELOG."""
REMEMBERED = 65_536
"""Pairs of condition and block of which a plan remembers what it made for them: all utterances of a block need it."""


class Chain:
    """What a condition contributes to its items.

    Args:
        condition: The condition.
        loaded: The recipe.
        exposures: What is dealt to blocks, by :attr:`ChainStep.plays`.
        remembered: Blocks of which it remembers what it made for them.
    """

    def __init__(
        self, condition: Condition, loaded: LoadedRecipe, exposures: Mapping[str, Exposure], remembered: int = 64
    ) -> None:
        self.condition, self.loaded = condition, loaded
        self.identity = [
            {
                "path": step.path if step.perturbation.draws else step.name,
                # Names are left to the recipe: "data" and "draw" hold what is behind them, however they are spelled.
                "step": step.perturbation.model_dump(mode="json", exclude=_spelled(step.perturbation)),
                "made_by": _version_of(step.perturbation.package()),
                "data": [loaded.library.digest(n) for n in step.perturbation.needs()],
            }
            for step in condition.chain
        ]
        self.draws = any(step.perturbation.draws for step in condition.chain)
        self.played = [(step.plays, exposures[step.plays]) for step in condition.chain if step.plays]
        self._before_draw, self._after_draw = _halves(self.identity, loaded)
        self._text_of = lru_cache(remembered if self.played else 1)(self._written)
        self._begun = lru_cache(remembered if self.draws else 1)(self._hashed)

    def dealt_text(self, block: int) -> str:
        """What the planner dealt to a block, as :func:`~augment.dealt.read_dealt` reads it."""
        return self._text_of(block if self.played else 0)

    def _written(self, block: int) -> str:
        return dealt_text({played: own.dealt[block].written() for played, own in self.played})

    def key(self, block: int, speech: str) -> str:
        """Hash of everything that decides an item's bytes, and of nothing else: JSON with sorted keys.

        Args:
            block: Block of the item.
            speech: Hash, offset and duration of its speech, as JSON: ``"speech"`` is the last of the keys, so that
                everything before it is hashed only once a block.
        """
        whole = self._begun(block if self.draws else 0).copy()
        whole.update(f"{speech}}}".encode())
        return str(whole.hexdigest())

    def _hashed(self, block: int) -> Any:
        """Hash of what a block's items have in common, to go on with."""
        begun = self._before_draw.copy()
        begun.update(f'"draw": {json.dumps(self._draw(block), sort_keys=True)}, {self._after_draw}"speech": '.encode())
        return begun

    def _draw(self, block: int) -> list[Any] | None:
        """What decides random draws; None for a control or a device alone, which draws nothing and meets no noise."""
        if not self.draws:
            return None
        recipe, definition = self.loaded.recipe, self.loaded.recipe.snr_definition()
        heard = [exposure.dealt[block].content() for _, exposure in self.played]
        return [recipe.seed, block, definition.band_hz, definition.a_weighted, heard]


def _halves(chain: Sequence[Mapping[str, Any]], loaded: LoadedRecipe) -> tuple[Any, str]:
    """What all items of a condition have in common: the hash of what stands before ``"draw"``, what stands behind it.

    Both are parts of one JSON text with sorted keys, whose last key is ``"speech"``.
    """
    recipe = loaded.recipe
    before = {"bytes_version": BYTES_VERSION, "chain": chain}
    after: dict[str, Any] = {
        "level_dbov": recipe.speech.level_dbov,
        "output": [recipe.output.sample_rate_hz, recipe.output.format],
    }
    if recipe.speech.loudness_dbspl() is not None:  # rows then give levels in dB SPL, whatever the steps are
        after["loudness"] = [recipe.speech.loudness_dbspl(), recipe.speech.talker_m, recipe.speech.effort]
    begun = json.dumps(before, sort_keys=True).removesuffix("}")
    ended = json.dumps(after, sort_keys=True).removeprefix("{").removesuffix("}")
    return hashlib.sha256(f"{begun}, ".encode()), f"{ended}, "


def _spelled(perturbation: Perturbation) -> set[str]:
    """Fields that decide no samples: names, except those that rows repeat, and what only the planner heeds."""
    if any(column.kind is str for column in perturbation.records):
        return set(perturbation.planned)
    asked = perturbation.asks()
    return {need.field for need in perturbation.needs()} | perturbation.planned | ({asked.field} if asked else set())


def _version_of(package: str | None) -> str | None:
    """A package that makes bytes, with its version, since another version may make other bytes."""
    return None if package is None else f"{package} {importlib.metadata.version(package)}"
