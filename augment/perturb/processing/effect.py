"""An effect of the package audiomentations."""

import json
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from augment.acoustics import Signal
from augment.columns import Column
from augment.errors import RenderError
from augment.external import audiomentations_adapter as engine
from augment.perturb import Perturbation
from augment.perturb.words import NO_TITLES, Titles, plain
from augment.scene import Draw, Scene, Stage, Stem

At = Literal["source", "microphone", "electrical", "processing", "channel"]


class _Where:
    """A class attribute that for an instance depends on ``at``: its stage, and whether the stems may stay apart."""

    def __init__(self, of_class: Any, of_place: dict[str, Any]) -> None:
        self._of_class, self._of_place = of_class, of_place

    def __get__(self, step: Any, owner: type) -> Any:
        return self._of_class if step is None else self._of_place[step.at]


class Effect(Perturbation):
    """A transform of the package audiomentations, by its own name, with every value given.

    Models what the transform models: BitCrush, ClippingDistortion, TanhDistortion, AirAbsorption, Limiter ... Some of
    them follow the whole utterance (ClippingDistortion clips a share of its samples), so utterances with the same
    noise need not be changed alike. It works in single precision.

    In a recipe::

        {kind: effect, transform: BitCrush, parameters: {bit_depth: 8}}

    Keeps: length, and timing to 2 samples in the speech band: a transform that does not is refused when measured.
    Changes: at ``source`` the speech alone; elsewhere the mixture of all that was there before.
    Random: where the transform itself places something (TimeMask); the same draw for a whole block.
    Reference: audiomentations (MIT), which documents its transforms; each is an estimate of what it is named after.
    """

    kind: Literal["effect"]
    stage: ClassVar[Any] = _Where(Stage.PROCESSING, {name: Stage[name.upper()] for name in get_args(At)})
    linear: ClassVar[Any] = _Where(False, {name: name == "source" for name in get_args(At)})
    records: ClassVar = (Column("effect_parameters", str, "what the transform did, as JSON"),)
    transform: Annotated[
        str,
        Field(
            description="name of a transform of audiomentations: " + ", ".join(sorted(engine.ALLOWED)),
            json_schema_extra={"enum": sorted(engine.ALLOWED)},
        ),
    ]
    at: Annotated[At, Field(description="where in the signal chain it stands")] = "processing"
    parameters: Annotated[
        dict[str, engine.Value],
        Field(description="its parameters, one value each: bit_depth: 8 is min_bit_depth and max_bit_depth"),
    ] = {}

    @model_validator(mode="after")
    def _known(self) -> "Effect":
        engine.check_names(self.transform, self.parameters)
        engine.check_values(self.transform, self.parameters)
        return self

    def __hash__(self) -> int:
        return hash((self.at, self.transform, self._spelled))

    @property
    def _spelled(self) -> str:
        return json.dumps(self.parameters, sort_keys=True)

    def words(self, titles: Titles = NO_TITLES) -> str:
        return plain(self.transform, self.parameters)

    def package(self) -> str | None:
        return "audiomentations"

    def unfit(self, sample_rate_hz: int) -> tuple[str, str] | None:
        package = engine.missing(self.transform)
        if package is not None:
            return f"'{self.transform}' needs {package}, not installed", "pip install 'acoustigrid[effects]'"
        problem = engine.beyond(self.transform, self.parameters, sample_rate_hz)
        if problem is not None:
            return f"'{self.transform}': {problem}", "choose a lower value"
        try:
            lag = engine.lag_samples(self.transform, self.parameters, sample_rate_hz)
        except RenderError as error:
            return str(error), "choose other values"
        if abs(lag) <= engine.MOST_LAG_SAMPLES:
            return None
        remedy = "give zero_phase: true" if "zero_phase" in engine.ALLOWED[self.transform] else "choose milder values"
        return f"'{self.transform}' shifts speech by {lag:.1f} samples, {engine.MOST_LAG_SAMPLES:g} are allowed", remedy

    def apply(self, scene: Scene, draw: Draw) -> Scene:
        """Apply the transform, and record what it reports of itself.

        Raises:
            RenderError: The transform fails on this signal.
        """
        name = ("effect", draw.name, self.transform, self._spelled)

        def run(signal: Signal) -> tuple[Signal, str]:
            rng = draw.stream("effect")
            return engine.run(self.transform, self.parameters, signal, scene.sample_rate_hz, rng)

        def process(signal: Signal) -> Signal:
            return run(signal)[0]

        at_source = self.at == "source"
        before = scene.speech if at_source else scene.mixture_stem
        assert before is not None, "the renderer mixes the stems before a step that is not linear"
        told = before.track.found(("told", name, before.gain), lambda: run(before.signal())[1])
        after = self._speech_alone(scene, name, process) if at_source else scene.processed(name, process, True)
        return after.noted(effect_parameters=told)

    @staticmethod
    def _speech_alone(scene: Scene, name: Hashable, process: Callable[[Signal], Signal]) -> Scene:
        """The gain before the transform stays beside the samples: it is part of what the speech took to the file."""
        stem = scene.speech
        before = stem.gain
        track = stem.track.processed(name, lambda signal: process(signal) / before, before)
        return replace(scene, speech=Stem(track, before))
