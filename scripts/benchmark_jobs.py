"""What the workers of ``benchmark_build.py`` do: shards of ours with a clock, two floors, and another library.

A job is handed to worker processes, which must be able to import it: so it stands in a module of its own.
"""

import io
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from augment.testset.shard import ShardWriter


@dataclass(frozen=True)
class Timed:
    """One task: when it began and ended, on the clock that all processes share, and what its worker has held so far.

    Attributes:
        began_s: Monotonic clock.
        ended_s: The same.
        spent_s: Seconds that count.
        peak_mb: Largest memory of the process.
    """

    began_s: float
    ended_s: float
    spent_s: float
    peak_mb: float


def _timed(began_s: float, uncounted_s: float = 0.0) -> Timed:
    ended = time.monotonic()
    # Not getrusage: what it says of a process that was just started is its parent's.
    (peak_kb,) = re.findall(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return Timed(began_s, ended, ended - began_s - uncounted_s, int(peak_kb) / 1024)


@dataclass(frozen=True)
class Ours:
    """Shards of a build."""

    writer: ShardWriter

    def __call__(self, shard: Any) -> Timed:
        """Make one."""
        began = time.monotonic()
        done = self.writer(shard)
        if done.failures:
            raise RuntimeError(f"{len(done.failures)} items failed: {done.failures[0]['reason']}")
        return _timed(began)


@dataclass(frozen=True)
class Floor:
    """Decode a source once, encode its outputs, write them; no signal processing, nothing measured, nothing made sure.

    Attributes:
        folder: Where to.
        in_memory: Encode in memory and write the bytes; else libsndfile writes the files itself.
    """

    folder: Path
    in_memory: bool

    def __call__(self, task: tuple[str, tuple[str, ...]]) -> Timed:
        """One utterance: its source, and the files whose very samples are encoded again (reading them is not timed)."""
        source, outputs = task
        began = time.monotonic()
        held = [(Path(path).name, *soundfile.read(path, dtype="int16")) for path in outputs]
        loaded = time.monotonic()
        soundfile.read(source)
        for name, pcm, rate in held:
            path = self.folder / name
            if self.in_memory:
                buffer = io.BytesIO()
                soundfile.write(buffer, pcm, rate, format="FLAC", subtype="PCM_16")
                path.write_bytes(buffer.getbuffer())
            else:
                soundfile.write(path, pcm, rate, format="FLAC", subtype="PCM_16")
        return _timed(began, loaded - began)


@dataclass(frozen=True)
class Audiomentations:
    """Background noise and an impulse response by audiomentations: its own idea of SNR, nothing measured.

    Attributes:
        folder: Where to.
        noise: File of the noise.
        responses: Files of impulse responses, one for each device.
        snrs_db: SNRs.
        sample_rate_hz: Of the outputs.
    """

    folder: Path
    noise: str
    responses: tuple[str, ...]
    snrs_db: tuple[float, ...]
    sample_rate_hz: int

    def __call__(self, task: tuple[str, tuple[str, ...]]) -> Timed:
        """One utterance through all conditions."""
        import audiomentations
        import librosa

        began = time.monotonic()
        source, outputs = task
        speech = librosa.load(source, sr=self.sample_rate_hz)[0]
        names = iter(Path(path).name for path in outputs)
        for snr_db in self.snrs_db:
            noisy = audiomentations.AddBackgroundNoise(self.noise, min_snr_db=snr_db, max_snr_db=snr_db, p=1.0)(
                speech, self.sample_rate_hz
            )
            for response in self.responses:
                heard = audiomentations.ApplyImpulseResponse(response, p=1.0, leave_length_unchanged=True)(
                    noisy, self.sample_rate_hz
                )
                heard = heard / max(1.0, float(np.max(np.abs(heard))))
                soundfile.write(self.folder / next(names), heard, self.sample_rate_hz, subtype="PCM_16")
        return _timed(began)
