"""Rendering: one utterance through all of its conditions.

Conditions are walked as a tree: what two of them share is computed once. A render keeps no state and draws nothing
that is counted; recordings and profiles come from the library that it is handed.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db, gain, speech_gain, speech_level
from augment.acoustics.pcm import FULL_SCALE, headroom_gain, quantise
from augment.design.conditions import ChainStep, Condition
from augment.errors import AcoustigridError, RenderError
from augment.profiles.library import Library
from augment.scene import Draw, Scene, Segment, SnrDefinition, Stage, Stem

FULL_BAND = SnrDefinition()
A_WEIGHTED = SnrDefinition(a_weighted=True)


@dataclass(frozen=True)
class RenderSpec:
    """What all items of a test set have in common.

    Attributes:
        seed: Of the recipe.
        sample_rate_hz: Of the test set.
        level_dbov: Active speech level, at the microphone and in the file.
        snr: What SNR means.
        library: Profiles and recordings.
    """

    seed: int
    sample_rate_hz: int
    level_dbov: float
    snr: SnrDefinition
    library: Library


@dataclass(frozen=True)
class Rendered:
    """One item.

    Attributes:
        condition: Its condition.
        pcm: Samples of the file, shape (n,).
        at_microphone: The scene that reaches the microphone.
        delivered: The scene in the file: after the chain, the level and the headroom.
        measured: What was measured, one value for each column of the manifest that it fills.
    """

    condition: Condition
    pcm: NDArray[np.int16]
    at_microphone: Scene
    delivered: Scene
    measured: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """One item that could not be rendered.

    Attributes:
        condition: Its condition.
        reason: Why not.
    """

    condition: Condition
    reason: str


def render(
    speech: Signal, conditions: Sequence[Condition], spec: RenderSpec, block: int, segments: Mapping[str, Segment]
) -> Iterator[Rendered | Failed]:
    """Put one utterance through conditions.

    Args:
        speech: The utterance at the test set's rate, shape (n,).
        conditions: The conditions; neighbours that begin alike share their work.
        spec: What all items have in common.
        block: The utterance's block; with the seed it names every random draw.
        segments: Noise segments dealt to the block, by :attr:`ChainStep.plays`.

    Yields:
        An item, or why there is none, for each condition in order.

    Raises:
        RenderError: The utterance has no active speech.
    """
    try:
        factor = speech_gain(speech, spec.sample_rate_hz, spec.level_dbov)
    except ValueError as error:
        raise RenderError(str(error)) from None
    source = Scene(Stem(speech, factor, ("speech",)), (), spec.sample_rate_hz, spec.snr)
    walked: list[tuple[ChainStep, Scene]] = []  # the path from the root to the condition before
    for condition in conditions:
        shared = 0
        while shared < min(len(walked), len(condition.chain)) and walked[shared][0] == condition.chain[shared]:
            shared += 1
        del walked[shared:]
        try:
            for step in condition.chain[shared:]:
                before = walked[-1][1] if walked else source
                walked.append((step, _apply(step, before, spec, block, segments)))
            yield _deliver(condition, source, walked, spec)
        except AcoustigridError as error:
            yield Failed(condition, str(error))
        except Exception as error:  # whatever a perturbation does, the other conditions are finished
            yield Failed(condition, f"{type(error).__name__}: {error}")


def _apply(step: ChainStep, scene: Scene, spec: RenderSpec, block: int, segments: Mapping[str, Segment]) -> Scene:
    draw = Draw(
        (spec.seed, f"block {block}", step.factor, step.family, step.name), spec.library, segments.get(step.plays or "")
    )
    after = step.perturbation.apply(scene, draw)
    for stem in (after.speech, *after.noises):
        if not (np.isfinite(stem.samples).all() and math.isfinite(stem.gain)):
            raise RenderError(f"step {step.path} gave samples that are no numbers")
    return after


def _deliver(
    condition: Condition, source: Scene, walked: Sequence[tuple[ChainStep, Scene]], spec: RenderSpec
) -> Rendered:
    """The end of the chain: level, headroom, one quantisation."""
    acoustic = [scene for step, scene in walked if step.perturbation.stage <= Stage.NOISE]
    at_microphone = acoustic[-1] if acoustic else source
    scene = walked[-1][1] if walked else source
    speech = scene.speech

    def level() -> float:
        return speech_gain(speech.signal(), spec.sample_rate_hz, spec.level_dbov)

    # One gain for speech and noise: a device that is less sensitive must not make a quieter condition.
    scene = scene.scaled(scene.memo.once(("delivery", speech.history, speech.gain), level))
    headroom = headroom_gain(scene.mixture())
    delivered = scene if headroom == 1.0 else scene.scaled(headroom)
    mixture = delivered.mixture()
    pcm, clipped = quantise(mixture)
    measured = {
        **_measure(at_microphone, delivered, spec),
        "gain_db": _rounded(db(delivered.speech.gain**2)),
        "headroom_gain_db": _rounded(db(headroom**2)),
        "peak_dbfs": _rounded(db(float(np.max(np.abs(pcm.astype(np.float64)), initial=0.0) / FULL_SCALE) ** 2)),
        "clipped_samples": clipped,
        "samples": int(pcm.size),
    }
    return Rendered(condition, pcm, at_microphone, delivered, measured)


def _measure(at_microphone: Scene, delivered: Scene, spec: RenderSpec) -> dict[str, Any]:
    stem, rate = delivered.speech, delivered.sample_rate_hz
    level = delivered.memo.once(("speech meter", stem.history, stem.gain), lambda: speech_level(stem.signal(), rate))
    requests = [noise.request for noise in at_microphone.noises if noise.request is not None]
    requested = -db(sum(gain(-request.snr_db) ** 2 for request in requests)) if requests else None
    measured: dict[str, Any] = {
        "speech_level_requested_dbov": spec.level_dbov,
        "speech_level_dbov": _rounded(level.active_level_dbov),
        "speech_activity": round(level.activity, 4),
        "snr_requested_db": _rounded(requested),
        "snr_db": _rounded(at_microphone.snr_db(spec.snr)),
        "snr_full_band_db": _rounded(at_microphone.snr_db(FULL_BAND)),
        "snr_a_weighted_db": _rounded(at_microphone.snr_db(A_WEIGHTED)),
        "snr_delivered_db": _rounded(delivered.snr_db(spec.snr)),
    }
    for number, noise in enumerate(at_microphone.noises, start=1):
        measured |= {f"{noise_prefix(number)}_{name}": value for name, value in _noise(at_microphone, noise).items()}
    return measured


NOISE_FIELDS = ("step", "source", "start_s", "segment", "continued", "snr_requested_db", "snr_db", "active_share")
"""What the manifest says of each noise, behind its prefix."""


def noise_prefix(number: int) -> str:
    """Prefix of the columns of the first, second ... noise of a scene.

    Example:
        >>> noise_prefix(1), noise_prefix(2)
        ('noise', 'noise2')
    """
    return "noise" if number == 1 else f"noise{number}"


def _noise(scene: Scene, noise: Stem) -> dict[str, Any]:
    request = noise.request
    assert request is not None, "noise stems are made by Scene.with_noise()"
    alone = replace(scene, noises=(noise,))
    values = (
        request.step,
        request.source,
        _rounded(request.start_s),
        request.segment,
        request.continued,
        request.snr_db,
        _rounded(alone.snr_db(scene.snr)),
        1.0 if noise.active is None else round(float(noise.active.mean()), 4),
    )
    return dict(zip(NOISE_FIELDS, values, strict=True))


def _rounded(value: float | None) -> float | None:
    """To a thousandth; None stays None. Adding zero turns -0.0 into 0.0."""
    return None if value is None or not math.isfinite(value) else round(value, 3) + 0.0
