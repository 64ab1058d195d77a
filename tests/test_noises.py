"""Files of recorded noise before anything is planned with them."""

import os
from pathlib import Path

import pytest

from augment.errors import ProfileError
from augment.profiles.inspection import inspect_recordings


def test_what_is_wrong_with_them_is_told_in_their_order(tmp_path):
    for name in (b"a.wav", b"b\xff.wav", b"c.wav"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"RIFF")
    with pytest.raises(ProfileError) as refused:
        inspect_recordings(tmp_path)
    told = [str(fault) for fault in refused.value.faults]
    names = ["a.wav", "b\\udcff.wav", "c.wav", "3 of 3 noise files cannot be used"]
    assert [next(name for name in names if name in one) for one in told] == names
