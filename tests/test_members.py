"""Archives: what a header claims is looked at before room is made for it."""

import io
import subprocess
import sys
import tarfile

import pytest

from augment.acoustics.pcm import quantise
from augment.errors import AudioError
from augment.files.audio import encode, read_audio, read_bytes
from conftest import RATE, speech_like


def archive(path, *members: tuple[str, bytes], claims: int | None = None, kind: bytes = tarfile.REGTYPE) -> None:
    with path.open("wb") as file:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data) if claims is None else claims, kind
            file.write(info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
        file.write(bytes(1024))


def test_a_name_that_begins_at_the_dot_is_the_plain_one(tmp_path):
    data = encode(quantise(speech_like(1))[0], RATE, "wav")
    archive(tmp_path / "x.tar", ("./a/u.wav", data), ("v.wav", data))
    for name in ("a/u.wav", "v.wav"):
        assert read_audio(tmp_path / "x.tar!" / name).samples.size == RATE
    archive(tmp_path / "y.tar", ("./u.wav", data), ("u.wav", data))
    with pytest.raises(AudioError, match=r"two files 'u\.wav'"):
        read_audio(tmp_path / "y.tar!" / "u.wav")


HUNGRY = """
import resource, sys
from pathlib import Path
from augment.files.audio import read_bytes
from augment.errors import AudioError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_bytes(Path(sys.argv[1]))
except AudioError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(
    ("kind", "claims", "words"),
    [
        (tarfile.REGTYPE, 3_200_000_000, "cut off inside 'u.wav'"),
        (tarfile.XHDTYPE, 3_200_000_000, "a header has 3,200,000,000 bytes"),
        (tarfile.GNUTYPE_LONGNAME, 3_200_000_000, "a header has 3,200,000,000 bytes"),
        (tarfile.GNUTYPE_SPARSE, 3_200_000_000, r"sparse|cut off|cannot be read"),
    ],
    ids=["file", "pax", "name", "sparse"],
)
def test_what_a_header_claims_costs_nothing(tmp_path, kind, claims, words):
    path = tmp_path / "x.tar"
    archive(path, ("u.wav", bytes(14_000)), claims=claims, kind=kind)
    with pytest.raises(AudioError, match=words):
        read_bytes(tmp_path / "x.tar!" / "u.wav")
    command = [sys.executable, "-c", HUNGRY, f"{path}!/u.wav"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(found.stdout.splitlines()[-1]) < 50


def test_a_sparse_member_is_no_audio(tmp_path):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w", format=tarfile.PAX_FORMAT) as out:
        info = tarfile.TarInfo("u.wav")
        info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,10",
                            "GNU.sparse.size": "100000", "GNU.sparse.name": "u.wav"}  # fmt: skip
        info.size = 10
        out.addfile(info, io.BytesIO(bytes(10)))
    (tmp_path / "x.tar").write_bytes(memory.getvalue())
    with pytest.raises(AudioError, match="sparse"):
        read_bytes(tmp_path / "x.tar!" / "u.wav")
