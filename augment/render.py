"""Rendering: one utterance through all of its conditions.

Conditions are walked as a tree, so that what two of them share is computed once. Rendering keeps no state, and all its
random draws are named; recordings and profiles come from the library that it is given.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db
from augment.acoustics.pcm import FULL_SCALE, headroom_gain, quantise
from augment.dealt import Dealt
from augment.design.conditions import ChainStep, Condition
from augment.errors import AcoustigridError, RenderError, StoreError
from augment.measured import noise_columns, requested_snr_db, rounded, snr_words
from augment.profiles.library import Library
from augment.scene import A_WEIGHTED, FULL_BAND, Block, Draw, Scene, Shelf, Stage, Stem, Track, Weighting
from augment.scene.track import LONGEST_KEPT
from augment.showing import Picture, Player, Presented, picture_of, player_of


@dataclass(frozen=True)
class RenderSpec:
    """What all items of a test set have in common.

    Attributes:
        seed: Seed of the recipe.
        sample_rate_hz: Sample rate of the test set.
        level_dbov: Active speech level, at the microphone and in the file.
        snr: Weighting under which SNR is defined.
        library: Profiles and recordings.
        loudness_dbspl: Active speech level 1 m from the mouth; None if the recipe does not state it.
        talker_m: From the mouth to the microphone, unless a room says otherwise.
        effort: The recipe's word for the vocal effort.
    """

    seed: int
    sample_rate_hz: int
    level_dbov: float
    snr: Weighting
    library: Library
    loudness_dbspl: float | None = None
    talker_m: float = 1.0
    effort: str | None = None

    def scene(self, speech: Signal) -> Scene:
        """The scene before the first step: speech at its level, in the free field.

        Raises:
            RenderError: The utterance has no active speech.
        """
        track = Track(speech, self.sample_rate_hz, Shelf())
        try:
            stem = Stem(track, track.gain_to(self.level_dbov))
        except ValueError as error:
            raise RenderError(str(error)) from None
        if self.loudness_dbspl is None:
            return Scene(stem, (), self.sample_rate_hz, self.snr)
        # In the free field pressure falls as 1/r; level_dbov stands for the level at the microphone.
        scale = self.loudness_dbspl - 20 * math.log10(self.talker_m) - self.level_dbov
        return Scene(stem, (), self.sample_rate_hz, self.snr, scale, self.talker_m)


@dataclass(frozen=True)
class Rendered(Presented):
    """One item.

    Attributes:
        condition: Its condition.
        pcm: Samples of the file, shape (n,).
        at_microphone: The scene as it reaches the microphone.
        delivered: The scene in the file: after the whole chain, levelling and headroom.
        measured: What was measured, by column of the manifest.

    Example:
        >>> import augment
        >>> planned = augment.plan("demo")
        >>> augment.render_utterance(planned, planned.items["utterance"][0])["fan__handset"]
        <Rendered 'fan__handset': 3.34 s at 16000 Hz, SNR 10.0 dB at the microphone>
    """

    condition: Condition
    pcm: NDArray[np.int16]
    at_microphone: Scene
    delivered: Scene
    measured: dict[str, Any]

    @property
    def sample_rate_hz(self) -> int:
        """Samples a second."""
        return self.delivered.sample_rate_hz

    def __repr__(self) -> str:
        lasts = f"{self.pcm.size / self.sample_rate_hz:.2f} s at {self.sample_rate_hz} Hz"
        return f"<Rendered '{self.condition.name}': {lasts}, {snr_words(self.measured)}>"

    def plot(self) -> Picture:
        """The spectrogram."""
        return picture_of(self)

    def play(self) -> Player:
        """The item, to listen to."""
        return player_of(self)


@dataclass(frozen=True)
class Failed:
    """One item that could not be rendered.

    Attributes:
        condition: Its condition.
        reason: Why it could not be rendered.
    """

    condition: Condition
    reason: str


def render(
    speech: Signal, conditions: Sequence[Condition], spec: RenderSpec, block: Block, dealt: Mapping[str, Dealt]
) -> Iterator[Rendered | Failed]:
    """Render one utterance under several conditions.

    Args:
        speech: The utterance at the test set's rate, shape (n,).
        conditions: The conditions; neighbours that begin with the same steps share their work. Those of a sound of many
            minutes come in another order: all SNRs of a noise through one device, then those through the next.
        spec: What all items have in common.
        block: The utterance's block.
        dealt: What the planner dealt to the block, by :attr:`ChainStep.plays`.

    Yields:
        For each condition, an item or why there is none.

    Raises:
        RenderError: The utterance has no active speech.
    """
    source = spec.scene(speech)
    if speech.size > LONGEST_KEPT:  # not all of its filtered sounds fit on the shelf together
        conditions = sorted(conditions, key=lambda condition: [step.family for step in condition.chain])
    try:
        yield from _walk(source, conditions, spec, block, dealt)
    finally:
        source.shelf.clear()


def _walk(
    source: Scene, conditions: Sequence[Condition], spec: RenderSpec, block: Block, dealt: Mapping[str, Dealt]
) -> Iterator[Rendered | Failed]:
    walked: list[tuple[ChainStep, Scene]] = []  # steps of the previous condition, and the scene after each
    for condition in conditions:
        shared = 0
        while shared < min(len(walked), len(condition.chain)) and walked[shared][0] == condition.chain[shared]:
            shared += 1
        del walked[shared:]
        try:
            for step in condition.chain[shared:]:
                before = walked[-1][1] if walked else source
                walked.append((step, _apply(step, before, spec, block, dealt)))
            yield _deliver(condition, source, walked, spec)
        except StoreError:
            raise  # nothing is wrong with the item
        except AcoustigridError as error:
            yield Failed(condition, str(error))
        except Exception as error:  # whatever one perturbation does, the other conditions are rendered
            yield Failed(condition, f"{type(error).__name__}: {error}")


def _apply(step: ChainStep, scene: Scene, spec: RenderSpec, block: Block, dealt: Mapping[str, Dealt]) -> Scene:
    name = (spec.seed, f"block {block.number}", step.factor, step.family, step.name)
    if not step.perturbation.linear and scene.mixture_stem is None:
        # What a codec, a converter or a gain control does depends on level: it is set before such a step, not after.
        scene = _levelled(scene, spec).mixed_down().noted(speech_level_at=f"before {step.path}")
    draw = Draw(name, spec.library, block, dealt.get(step.plays))
    after = step.perturbation.apply(scene, draw)
    if step.perturbation.stage == Stage.SOURCE:  # whatever is done to the talker, their level is the recipe's
        after = replace(after, speech=after.speech.scaled(_level_factor(after, spec)))
    stems = (after.speech, *after.noises) if after.mixture_stem is None else (after.mixture_stem,)
    for stem in stems:
        if not (stem.track.finite() and math.isfinite(stem.gain)):
            raise RenderError(f"step {step.path} gave samples that are not finite numbers")
    return after


def _level_factor(scene: Scene, spec: RenderSpec) -> float:
    """Factor that brings the speech of a scene to its level in the test set."""
    speech = scene.speech
    try:
        return speech.track.gain_to(spec.level_dbov, speech.gain) / speech.gain
    except ValueError as error:
        raise RenderError(str(error)) from None


def _levelled(scene: Scene, spec: RenderSpec) -> Scene:
    """The scene with its speech at the test set's level, by one gain for speech and noise alike.

    Otherwise a less sensitive device would make a quieter condition.
    """
    return scene.scaled(_level_factor(scene, spec))


def _deliver(
    condition: Condition, source: Scene, walked: Sequence[tuple[ChainStep, Scene]], spec: RenderSpec
) -> Rendered:
    """The end of the chain: set the level, keep headroom, and quantise once."""
    acoustic = [scene for step, scene in walked if step.perturbation.stage <= Stage.NOISE]
    at_microphone = acoustic[-1] if acoustic else source
    scene = walked[-1][1] if walked else source
    scene = _levelled(scene, spec).noted(speech_level_at="file") if scene.mixture_stem is None else scene
    pcm, clipped, headroom = _written(scene)
    delivered = scene if headroom == 1.0 else scene.scaled(headroom)
    measured = {
        **_measure(at_microphone, delivered, spec),
        "gain_db": rounded(db((scene.speech.gain * headroom) ** 2)),
        "headroom_gain_db": rounded(db(headroom**2)),
        "peak_dbfs": rounded(db((max(int(pcm.max()), -int(pcm.min())) / FULL_SCALE) ** 2)),
        "clipped_samples": clipped,
        "samples": int(pcm.size),
        "loudness_lufs": rounded(_loudness_lufs(delivered, pcm)),
    }
    return Rendered(condition, pcm, at_microphone, delivered, measured)


def _loudness_lufs(delivered: Scene, pcm: NDArray[np.int16]) -> float | None:
    """Of a mixture it is that of the file: the steps of a converter may be rounded all to one side."""
    if delivered.mixture_stem is None:
        return delivered.loudness_lufs()
    return replace(delivered, mixture_stem=Stem.of(pcm / FULL_SCALE, delivered.sample_rate_hz)).loudness_lufs()


def _written(scene: Scene) -> tuple[NDArray[np.int16], int, float]:
    """Samples of the file, how many of them are clipped, and the gain that kept the others from it."""
    mixtures = _mixtures(scene)
    # Clipping is avoided by one gain on everything: SNR stays, and the level becomes what `gain_db` says.
    headroom = min(map(headroom_gain, mixtures()))
    parts = [quantise(mixture, headroom) for mixture in mixtures()]
    return np.concatenate([pcm for pcm, _ in parts]), sum(clipped for _, clipped in parts), headroom


def _mixtures(scene: Scene) -> Callable[[], Iterable[Signal]]:
    """Gives the mixture as often as asked, whole; of many minutes in parts, which are mixed anew each time."""
    if scene.samples <= LONGEST_KEPT:
        whole = (scene.mixture(),)
        return lambda: whole
    parts = [slice(first, first + LONGEST_KEPT) for first in range(0, scene.samples, LONGEST_KEPT)]
    return lambda: map(scene.mixture, parts)


def _measure(at_microphone: Scene, delivered: Scene, spec: RenderSpec) -> dict[str, Any]:
    level = delivered.speech.track.speech_level(FULL_BAND, delivered.speech.gain)
    scale = at_microphone.full_scale_dbspl
    columns = {name: rounded(v) if isinstance(v, float) else v for name, v in delivered.noted_values().items()}
    return {
        "speech_level_requested_dbov": spec.level_dbov,
        "speech_level_dbov": rounded(level.active_level_dbov),
        "speech_level_out_dbov": rounded(delivered.speech_alone_dbov()),
        "speech_activity": round(level.activity, 4),
        "speech_effort": spec.effort,
        "speech_level_dbspl": None if scale is None else rounded(at_microphone.speech_level_db(FULL_BAND) + scale),
        "speech_distance_m": at_microphone.talker_distance_m,
        "snr_requested_db": rounded(requested_snr_db(at_microphone)),
        "snr_db": rounded(at_microphone.snr_db(spec.snr)),
        "snr_full_band_db": rounded(at_microphone.snr_db(FULL_BAND)),
        "snr_a_weighted_db": rounded(at_microphone.snr_db(A_WEIGHTED)),
        "snr_delivered_db": rounded(delivered.apart().snr_db(spec.snr)),
        **columns,
        **noise_columns(delivered.noises),
    }
