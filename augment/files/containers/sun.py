"""Files with a header and then nothing but samples: AU, and NIST SPHERE.

Reference: Sun, audio(5) "audio file format"; NIST SPHERE 2.6, "sp_file_header".
"""

import re
import struct

from augment.errors import AudioError, Fault
from augment.files.containers.stream import Remark, Stream, refuse_cut, refuse_lie

WIDTHS = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""Bytes per sample by the number of the coding."""


def is_au(data: bytes) -> bool:
    """Whether these are the first bytes of an AU file."""
    return data[:4] in (b".snd", b"dns.")


def au_streams(data: bytes, where: str) -> list[Stream]:
    """The stream of an AU file: no chunk can follow its sound, so anything that follows is another file or an error.

    Raises:
        AudioError: It is cut off, or its header contradicts it.
    """
    if len(data) < 24:
        raise AudioError(Fault(where, "cannot be decoded as audio: its header is cut off"))
    order = ">" if data[:4] == b".snd" else "<"
    start, size, coding, _, channels = struct.unpack_from(f"{order}5I", data, 4)
    held = len(data) - start
    remarks = {Remark.OPEN_LENGTH} if size == 0xFFFFFFFF else set()
    size = held if remarks else size
    if size > held:
        refuse_cut(where, size, held)
    if size < held:
        refuse_lie(where, f"{size:,} bytes of sound", f"{held:,}")
    width = WIDTHS.get(coding, 0) * channels
    return [Stream(data, size // width if width else None, remarks=frozenset(remarks))]


def is_sphere(data: bytes) -> bool:
    """Whether these are the first bytes of a NIST SPHERE file."""
    return data[:8] == b"NIST_1A\n"


def sphere_streams(data: bytes, where: str) -> list[Stream]:
    """The stream of a NIST SPHERE file.

    Raises:
        AudioError: It is cut off, or its header contradicts it or does not say how long it is.
    """
    lines = data[:4096].decode("latin-1")
    numbers = {name: int(value) for name, value in re.findall(r"^(\w+) -i (\d{1,15})$", lines, re.MULTILINE)}
    head = re.match(r"NIST_1A\n\s*(\d{1,6})\n", lines)
    frames, channels = numbers.get("sample_count"), numbers.get("channel_count", 1)
    width = numbers.get("sample_n_bytes", 0)
    if head is None or frames is None or not width:
        raise AudioError(Fault(where, "its header does not say how many samples it holds", "convert it to WAV"))
    coding = re.search(r"^sample_coding -s\d+ (\S+)$", lines, re.MULTILINE)
    if coding and "," in coding[1]:
        raise AudioError(Fault(where, f"its samples are packed ({coding[1]})", "convert it to WAV: sph2pipe -f wav"))
    declared, held = frames * channels * width, len(data) - int(head[1])
    if declared > held:
        refuse_cut(where, declared, held)
    if declared < held:
        refuse_lie(where, f"{declared:,} bytes of sound", f"{held:,}")
    return [Stream(data, frames)]
