"""The speech that comes with the package, of the demo's twelve voices: to be laid over a noise and seen through it."""

from augment.acoustics import Signal
from augment.acoustics.resample import resample
from augment.bundled import bundled
from augment.files.audio import read_audio

FIRST_OF_EACH = "*_1.flac"
"""One utterance of each voice."""


def demo_speech(sample_rate_hz: int) -> tuple[Signal, ...]:
    """An utterance of each of the demo's voices, in the order of their names.

    Args:
        sample_rate_hz: Rate that they are wanted at.

    Returns:
        Samples of each, shape (n,), full scale 1.0.

    Raises:
        AudioError: A file of the demo cannot be read.

    Example:
        >>> voices = demo_speech(8000)
        >>> len(voices), round(sum(voice.size for voice in voices) / 8000)
        (12, 38)
    """
    found = [read_audio(path) for path in sorted((bundled("recipes") / "demo" / "audio").glob(FIRST_OF_EACH))]
    return tuple(resample(audio.samples, audio.sample_rate_hz, sample_rate_hz) for audio in found)
