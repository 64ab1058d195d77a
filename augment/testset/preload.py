"""What rendering needs, loaded ahead of time."""


def load_renderer() -> None:
    """Import all that rendering uses, and load its compiled loops: a second or two before the first item.

    Imports are in here, so that whoever sends this function to a worker does not wait for them.

    Example:
        >>> load_renderer()
    """
    import numpy as np

    import augment.testset.shard  # noqa: F401
    from augment.acoustics.levels import speech_level
    from augment.acoustics.loudness import integrated_loudness_lufs
    from augment.acoustics.mixing import mixed
    from augment.acoustics.pcm import quantise
    from augment.acoustics.recursion import recursive
    from augment.files.audio import encode
    from augment.perturb import kinds

    kinds()
    click = np.full(16, 0.5)
    speech_level(recursive([1.0], [1.0], click), 16000)
    integrated_loudness_lufs(click, 16000)
    encode(quantise(mixed(click, 0.5, click, 0.5))[0], 16000, "flac")
