"""Audio files of a test set against the rows of its manifest."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from augment.acoustics.pcm import FULL_SCALE, duration_s
from augment.errors import AudioError, Fault
from augment.files.audio import decode, pcm_sha256
from augment.testset.folder import MANIFEST

NUMBERS = ("duration", "sample_rate", "samples", "clipped_samples", "speech_level_dbov", "gain_db", "headroom_gain_db")
TEXTS = ("id", "condition", "utterance", "pcm_sha256")


def row_faults(path: Path, row: dict[str, Any]) -> list[Fault]:
    """What a row lacks that is needed to check its file."""
    place = path / MANIFEST
    faults = [name for name in NUMBERS if isinstance(row.get(name), bool) or not isinstance(row.get(name), int | float)]
    faults += [name for name in TEXTS if not isinstance(row.get(name), str)]
    faults += [name for name in ("peak_dbfs", "snr_db", "snr_requested_db") if name not in row]
    return [Fault(str(place), f"'{row['audio_filepath']}': '{name}' is missing or damaged") for name in faults]


def file_faults(path: Path, row: dict[str, Any]) -> list[Fault]:
    """One audio file against its row."""
    place = path / row["audio_filepath"]
    if place.is_symlink() or not place.is_file():
        return [Fault(str(place), "is a link" if place.is_symlink() else "the file is missing")]
    data = place.read_bytes()
    faults = []
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        faults.append(Fault(str(place), "its checksum is not the manifest's"))
    try:
        audio = decode(data, str(place))
    except AudioError as error:
        return [*faults, *error.faults]
    pcm = np.rint(audio.samples * FULL_SCALE).astype(np.int64)
    peak = int(np.abs(pcm).max(initial=0))
    peak_dbfs = 20 * math.log10(peak / FULL_SCALE) if peak else None
    found = {
        "samples": pcm.size,
        "sample_rate": audio.sample_rate_hz,
        "duration": duration_s(pcm.size, audio.sample_rate_hz),
        "peak_dbfs": None if peak_dbfs is None else round(peak_dbfs, 3) + 0.0,
        "pcm_sha256": pcm_sha256(np.clip(pcm, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)),
    }
    for name, value in found.items():
        if row[name] != value:
            faults.append(Fault(str(place), f"{name}: found {value}, the manifest says {row[name]}"))
    at_limit = int(np.count_nonzero((pcm <= -FULL_SCALE) | (pcm >= FULL_SCALE - 1)))
    if row["clipped_samples"] == 0 and at_limit > 1:
        faults.append(Fault(str(place), f"{at_limit} samples stand at full scale, the manifest says none is clipped"))
    return faults


def strangers(path: Path, rows: Sequence[dict[str, Any]]) -> list[Fault]:
    """Files below ``audio/`` that no row of the manifest names."""
    known = {row["audio_filepath"] for row in rows}
    if (path / "audio").is_symlink():
        return [Fault(str(path / "audio"), "is a link")]
    found = (path / "audio").rglob("*")
    present = (p.relative_to(path).as_posix() for p in found if p.is_symlink() or not p.is_dir())
    return [Fault(str(path / name), "the file is not in the manifest") for name in sorted(set(present) - known)]
