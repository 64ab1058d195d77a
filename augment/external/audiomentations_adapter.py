"""The only way into audiomentations: tested transforms, with every value given, repeatable and without delay.

The package draws from the global generators of ``random`` and ``numpy``, so each call seeds both and restores them, one
call at a time. Its transforms choose between a smallest and a largest value; both are set to the value given. Whether a
transform changes length or timing is measured and not taken on trust.

It is imported when first used, since that takes two to three seconds.
"""

import json
import random
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy

from augment.acoustics import Signal
from augment.acoustics.filters import speech_delay_samples
from augment.errors import RenderError, nearest
from augment.streams import generator

Value = bool | int | float | str

ALLOWED: dict[str, dict[str, type]] = {
    "AirAbsorption": {"temperature": float, "humidity": int, "distance": float},
    "Aliasing": {"sample_rate": int},
    "BandPassFilter": {"center_freq": float, "bandwidth_fraction": float, "rolloff": int, "zero_phase": bool},
    "BandStopFilter": {"center_freq": float, "bandwidth_fraction": float, "rolloff": int, "zero_phase": bool},
    "BitCrush": {"bit_depth": int},
    "Clip": {"a_min": float, "a_max": float},
    "ClippingDistortion": {"percentile_threshold": int},
    "HighPassFilter": {"cutoff_freq": float, "rolloff": int, "zero_phase": bool},
    "HighShelfFilter": {"center_freq": float, "gain_db": float, "q": float},
    "Limiter": {"threshold_db": float, "attack": float, "release": float, "threshold_mode": str},
    "LowPassFilter": {"cutoff_freq": float, "rolloff": int, "zero_phase": bool},
    "LowShelfFilter": {"center_freq": float, "gain_db": float, "q": float},
    "Mp3Compression": {"bitrate": int, "quality": int},
    "PeakingFilter": {"center_freq": float, "gain_db": float, "q": float},
    "PolarityInversion": {},
    "TanhDistortion": {"distortion": float},
    "TimeMask": {"band_part": float, "fade_duration": float, "mask_location": str},
}
"""Allowed transforms, and their parameters as a user gives them: one value each."""

AS_THEY_ARE = frozenset({"a_min", "a_max", "zero_phase", "threshold_mode", "quality", "fade_duration", "mask_location"})
"""Parameters without a smallest and a largest value. They may be omitted; all others must be given."""

EXTRA = {"Limiter": "numpy_audio_limiter", "Mp3Compression": "fast_mp3_augment"}
"""Packages that audiomentations needs for a transform and does not install by itself."""

_SEVERAL = "a recipe's steps and settings do that"
_LENGTH = "it changes the length or the timing, and labels would no longer fit"
_NOISE = "it draws new noise on each call and measures SNR over pauses; use a noise step"
_LEVEL = "levels are set by the recipe (speech: {level_dbov: ...}), a gain here would be undone"
REFUSED = {
    "AddBackgroundNoise": _NOISE,
    "AddColorNoise": f"{_NOISE} (coloured_noise)",
    "AddGaussianNoise": f"{_NOISE} (coloured_noise)",
    "AddGaussianSNR": f"{_NOISE} (coloured_noise)",
    "AddShortNoises": _NOISE,
    "AdjustDuration": _LENGTH,
    "ApplyImpulseResponse": "it sets the peak to 0.5 and keeps the response's delay; use a room or microphone step",
    "Compose": _SEVERAL,
    "Gain": _LEVEL,
    "GainTransition": f"with one gain there is no transition; {_LEVEL}",
    "Lambda": "a recipe holds no code; write a perturbation",
    "LoudnessNormalization": _LEVEL,
    "Normalize": _LEVEL,
    "OneOf": _SEVERAL,
    "Padding": _LENGTH,
    "PitchShift": _LENGTH,
    "RepeatPart": _LENGTH,
    "Resample": "it changes the rate without telling; use output: {sample_rate_hz: ...}",
    "Reverse": _LENGTH,
    "RoomSimulator": "it cannot be repeated and adds a delay; use a room step",
    "SevenBandParametricEQ": "its bands cannot be given one by one; use PeakingFilter and shelves, or a microphone",
    "Shift": _LENGTH,
    "SomeOf": _SEVERAL,
    "TimeStretch": _LENGTH,
    "Trim": _LENGTH,
}
"""Transforms that are not allowed, and why."""

KIND_OF_VALUE = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}
MOST_LAG_SAMPLES = 2.0
PROBE_S = 2.0
_ONE_AT_A_TIME = threading.Lock()


def check_names(transform: str, parameters: Mapping[str, Value]) -> None:
    """Check that a transform is allowed, and that its parameters are given and no others.

    Raises:
        ValueError: It is not, or they are not; the message says what to do.

    Example:
        >>> check_names("BitCrush", {"bit_depht": 8})
        Traceback (most recent call last):
        ValueError: 'BitCrush' has no parameter 'bit_depht' - did you mean 'bit_depth'?
    """
    if transform in REFUSED:
        raise ValueError(f"'{transform}' of audiomentations is not allowed: {REFUSED[transform]}")
    if transform not in ALLOWED:
        hint = nearest(transform, list(ALLOWED))
        raise ValueError(f"audiomentations has no transform '{transform}' that is known here - {hint}")
    known = ALLOWED[transform]
    for name, value in parameters.items():
        if name not in known:
            raise ValueError(f"'{transform}' has no parameter '{name}'{_meant(name, list(known))}")
        if not _is(value, known[name]):
            raise ValueError(f"'{transform}': expected {KIND_OF_VALUE[known[name]]} for '{name}', found {value!r}")
    absent = [name for name in known if name not in parameters and name not in AS_THEY_ARE]
    if absent:
        raise ValueError(f"'{transform}' needs {', '.join(absent)}; given: {', '.join(parameters) or 'nothing'}")


def _meant(name: str, known: list[str]) -> str:
    plain = name.removeprefix("min_").removeprefix("max_")
    hint = f"give one value: '{plain}'" if plain in known else nearest(name, known)
    return f" - {hint}" if hint else ""


def check_values(transform: str, parameters: Mapping[str, Value]) -> None:
    """Check with audiomentations itself that it accepts these values; imports it.

    Raises:
        ValueError: It does not; the message quotes it.
    """
    try:
        with _alone():
            _instance(transform, parameters)
    except (ValueError, TypeError, AssertionError) as error:
        raise ValueError(f"'{transform}' does not take these values: {error or 'out of range'}") from None


def beyond(transform: str, parameters: Mapping[str, Value], sample_rate_hz: int) -> str | None:
    """What audiomentations would silently not do as asked at this rate; None if it does.

    Example:
        >>> beyond("LowPassFilter", {"cutoff_freq": 9000, "rolloff": 12}, 16000)
        'cutoff_freq: 9000 Hz is not below half of the sample rate, 8000 Hz'
    """
    number = {name: float(value) for name, value in parameters.items() if not isinstance(value, str)}
    half = sample_rate_hz / 2
    if transform == "Aliasing" and number["sample_rate"] >= sample_rate_hz:
        return f"sample_rate: {number['sample_rate']:g} Hz is not below the sample rate, {sample_rate_hz} Hz"
    for name in ("cutoff_freq", "center_freq"):
        highest = number.get(name, 0.0) * (1 + number.get("bandwidth_fraction", 0.0) / 2)
        if highest >= half:
            told = name if highest == number[name] else "center_freq * (1 + bandwidth_fraction / 2)"
            return f"{told}: {highest:g} Hz is not below half of the sample rate, {half:g} Hz"
    return None


def missing(transform: str) -> str | None:
    """The package that a transform needs and that is not installed; None if nothing is missing."""
    package = EXTRA.get(transform)
    return package if package is not None and find_spec(package) is None else None


def run(
    transform: str, parameters: Mapping[str, Value], signal: Signal, sample_rate_hz: int, rng: np.random.Generator
) -> tuple[Signal, str]:
    """Pass a signal through one transform.

    Args:
        transform: Name of an allowed transform.
        parameters: Its parameters; see :func:`check_names`.
        signal: Shape (n,). It is passed on as float32, which has 24 bits of precision.
        sample_rate_hz: Samples a second.
        rng: Seeds what the transform draws.

    Returns:
        The transformed signal, shape (n,); and as JSON what was applied: the name, the parameters as given, and those
        that the transform itself reports, under its own names.

    Raises:
        RenderError: It fails on this signal, changes its length, or returns a sample that is not finite.

    Example:
        >>> tone = np.sin(np.arange(100.0))
        >>> crushed, told = run("BitCrush", {"bit_depth": 3}, tone, 16000, np.random.default_rng(1))
        >>> np.unique(crushed).size, told
        (11, '{"transform": "BitCrush", "bit_depth": 3}')
    """
    seed = int(rng.integers(0, 2**32))
    single = np.array(signal, dtype=np.float32)  # a copy: the transform may write to it
    with _alone(seed):
        made = _instance(transform, parameters)
        try:
            out = made(single, sample_rate_hz)
        except Exception as error:  # how it may fail is not documented
            raise RenderError(f"audiomentations.{transform} fails on {signal.size} samples: {error}") from error
    out = np.asarray(out, dtype=np.float64)
    if out.shape != signal.shape:
        raise RenderError(f"audiomentations.{transform} turned {signal.size} samples into shape {out.shape}")
    if not np.isfinite(out).all():
        raise RenderError(f"audiomentations.{transform} gave samples that are not finite numbers")
    reported = {name: _plain(value) for name, value in sorted(made.parameters.items()) if name != "should_apply"}
    return out, json.dumps({"transform": transform, **parameters, **reported})


def lag_samples(transform: str, parameters: Mapping[str, Value], sample_rate_hz: int) -> float:
    """Samples by which a transform delays speech, measured with two seconds of noise.

    That is the peak of the cross-correlation of input and output, in 400-3000 Hz with a partly whitened spectrum.

    Raises:
        RenderError: It fails on the probe.

    Example:
        >>> lag_samples("BitCrush", {"bit_depth": 8}, 16000)
        0.0
    """
    rng = generator("audiomentations", "probe")
    before = 0.1 * rng.standard_normal(round(PROBE_S * sample_rate_hz))
    after, _ = run(transform, parameters, before, sample_rate_hz, rng)
    size = scipy.fft.next_fast_len(2 * before.size, real=True)
    cross = scipy.fft.irfft(np.conj(scipy.fft.rfft(before, size)) * scipy.fft.rfft(after, size), size)
    reach = before.size // 8
    near = np.concatenate([cross[-reach:], cross[: reach + 1]])
    sign = np.sign(near[np.argmax(np.abs(near))]) or 1.0  # a transform may invert the polarity
    return speech_delay_samples(sign * near, sample_rate_hz) - reach


def _instance(transform: str, parameters: Mapping[str, Value]) -> Any:
    """A transform with its parameters, new for each call since transforms keep state."""
    import audiomentations

    given: dict[str, Any] = {"p": 1.0}
    for name, value in parameters.items():
        if name in AS_THEY_ARE:
            given[name] = value
        else:
            given[f"min_{name}"] = given[f"max_{name}"] = value
    return getattr(audiomentations, transform)(**given)


@contextmanager
def _alone(seed: int = 0) -> Iterator[None]:
    """One call at a time: seed the global generators, restore them afterwards, and suppress warnings."""
    import audiomentations  # noqa: F401 - before the state is saved: an import may draw

    with _ONE_AT_A_TIME, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        kept, kept_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the package draws from it
        try:
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            yield
        finally:
            random.setstate(kept)
            np.random.set_state(kept_numpy)  # noqa: NPY002


def _is(value: Value, wanted: type) -> bool:
    if isinstance(value, bool) or wanted is bool:
        return isinstance(value, bool) and wanted is bool
    return isinstance(value, int | float) if wanted is float else isinstance(value, wanted)


def _plain(value: Any) -> Any:
    """A parameter for JSON, floats to nine digits: the last digits differ between machines."""
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.9g}") if isinstance(value, float) else value
