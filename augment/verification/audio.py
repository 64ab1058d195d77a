"""Audio files of a test set compared with the rows of its manifest."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.loudness import integrated_loudness_lufs
from augment.acoustics.pcm import FULL_SCALE, duration_s
from augment.columns import ROW
from augment.errors import AcoustigridError, Fault
from augment.files.audio import decode, pcm_sha256
from augment.testset.folder import MANIFEST
from augment.verification.disk import Disk

LOUDNESS_ERROR_LU = 0.002
"""Tolerance for a value rounded to a thousandth, computed on a machine whose last bits differ."""


def row_faults(disk: Disk, row: dict[str, Any]) -> list[Fault]:
    """What a row lacks that is needed to check its file; NaN counts as lacking."""
    place = disk.place(MANIFEST)
    faults = [column.name for column in ROW if column.name not in row or not column.fits(row[column.name])]
    return [Fault(place, f"'{row['audio_filepath']}': '{name}' is missing or damaged") for name in faults]


def read_file(disk: Disk, row: dict[str, Any]) -> tuple[list[Fault], NDArray[np.int16] | None]:
    """Compare one audio file with its row.

    Returns:
        What deviates, and its samples, shape (n,), or None if they cannot be read.
    """
    name = row["audio_filepath"]
    place, faults = disk.place(name), []
    try:
        data = disk.read(name)
        if disk.hashes[name] != row["sha256"]:
            faults.append(Fault(place, "its checksum is not the manifest's"))
        audio = decode(data, place)
    except AcoustigridError as error:
        return [*faults, *error.faults], None
    pcm = np.rint(audio.samples * FULL_SCALE).astype(np.int64)
    peak = int(np.abs(pcm).max(initial=0))
    peak_dbfs = 20 * math.log10(peak / FULL_SCALE) if peak else None
    whole = np.clip(pcm, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    found = {
        "samples": pcm.size,
        "sample_rate": audio.sample_rate_hz,
        "duration": duration_s(pcm.size, audio.sample_rate_hz),
        "peak_dbfs": None if peak_dbfs is None else round(peak_dbfs, 3) + 0.0,
        "pcm_sha256": pcm_sha256(whole),
    }
    for column, value in found.items():
        if row[column] != value:
            faults.append(Fault(place, f"{column}: found {value}, the manifest says {row[column]}"))
    at_limit, clipped = int(np.count_nonzero((pcm <= -FULL_SCALE) | (pcm >= FULL_SCALE - 1))), row["clipped_samples"]
    if not 0 <= clipped <= at_limit or (clipped == 0 and at_limit > 1):
        message = f"clipped_samples: {at_limit} samples stand at full scale, the manifest says {clipped}"
        faults.append(Fault(place, message))
    if audio.sample_rate_hz != row["sample_rate"]:
        return faults, whole  # at another rate it has another loudness
    loudness, told = integrated_loudness_lufs(whole / FULL_SCALE, audio.sample_rate_hz), row["loudness_lufs"]
    if (loudness is None) != (told is None) or (loudness is not None and abs(loudness - told) > LOUDNESS_ERROR_LU):
        found_lufs = None if loudness is None else round(loudness, 3)
        faults.append(Fault(place, f"loudness_lufs: found {found_lufs}, the manifest says {told}"))
    return faults, whole
