"""Compiled loops: what they are given, and where their code is kept."""

import errno
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import augment
from augment.acoustics import compiled, machine_code
from augment.acoustics.compiled import Loop


def doubled(size: int, signal: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for n in range(size):
        out[n] = 2 * signal[n]


def refusing(size: int, out: NDArray[np.int64]) -> None:
    for n in range(0, 10, size):
        out[n % 2] = n


def loops():
    """All loops of the package."""
    for found in pkgutil.walk_packages(augment.__path__, "augment."):
        if found.name.startswith(("augment.acoustics", "augment.perturb")):
            module = importlib.import_module(found.name)
            yield from (value for value in vars(module).values() if isinstance(value, Loop))


@pytest.fixture
def kept_apart(tmp_path, monkeypatch):
    """Folders for what Python and this package compile, both empty."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "python"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    return tmp_path


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def twice(signal):
    out = np.empty(signal.size)
    Loop(doubled)(signal.size, signal, out)
    return out.tolist()


def test_code_that_is_damaged_is_made_again(kept_apart):
    assert twice(np.ones(3)) == [2.0, 2.0, 2.0]
    (kept,) = files(kept_apart)
    good = kept.read_bytes()
    for damaged in (b"", good[:40], good[:-1] + bytes([good[-1] ^ 1])):
        kept.write_bytes(damaged)
        assert twice(np.arange(2.0)) == [0.0, 2.0]
        assert kept.read_bytes() != damaged
        assert machine_code._loaded(kept)[0]


def test_the_code_of_another_loop_under_this_name_is_made_again(kept_apart):
    def halved(size: int, signal: NDArray[np.float64], out: NDArray[np.float64]) -> None:
        for n in range(size):
            out[n] = signal[n] / 2

    twice(np.ones(1))
    (kept,) = files(kept_apart)
    Loop(halved)(1, np.ones(1), np.empty(1))
    (other,) = {*files(kept_apart)} - {kept}
    kept.write_bytes(other.read_bytes())
    assert twice(np.ones(3)) == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("planted", [os.mkfifo, os.mkdir, lambda place: place.symlink_to("nowhere")])
def test_what_is_no_file_is_not_waited_for(kept_apart, planted):
    twice(np.ones(1))
    (kept,) = files(kept_apart)
    kept.unlink()
    planted(kept)
    assert twice(np.ones(2)) == [2.0, 2.0]
    assert not [path for path in kept.parent.iterdir() if path != kept and path.name.startswith(kept.name)]


def test_code_is_kept_for_the_user_where_there_is_no_room_beside_pythons(kept_apart):
    (kept_apart / "python").write_bytes(b"no folder")
    assert twice(np.ones(1)) == [2.0]
    (_, kept) = sorted(files(kept_apart))
    assert kept.is_relative_to(kept_apart / "user" / "acoustigrid" / "compiled")


def test_code_that_can_be_kept_nowhere_is_made_by_each_process(kept_apart):
    for name in ("python", "user"):
        (kept_apart / name).write_bytes(b"no folder")
    assert twice(np.ones(1)) == [2.0]
    assert len(files(kept_apart)) == 2


def test_kept_code_is_loaded_without_numba():
    code = (
        "import sys; import numpy as np; from augment.testset.preload import load_renderer; load_renderer(); "
        "print([name for name in ('numba', 'scipy.linalg') if name in sys.modules])"
    )
    for _ in range(2):  # the first may have had to make it
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_kept_code_does_what_numba_s_own_does(kept_apart):
    signal, fresh, kept = np.random.default_rng(5).standard_normal(999), np.empty(999), np.empty(999)
    for out in (fresh, kept):
        Loop(doubled)(signal.size, signal, out)
    assert files(kept_apart)
    assert np.array_equal(fresh, kept)
    assert np.array_equal(kept, 2 * signal)


def test_two_threads_may_call_a_loop_first(monkeypatch):
    """The code that one runs must be there until it is done, although the other has made its own."""
    both, there = threading.Barrier(2), []

    class Owner:
        pass

    def made(function, takes):
        owner = Owner()
        seen = weakref.ref(owner)

        def run(*arguments):
            both.wait()
            there.append(seen() is not None)

        both.wait()
        return machine_code.MachineCode(run, owner)

    monkeypatch.setattr(compiled, "machine_code", made)
    loop, signal = Loop(doubled), np.ones(2)
    threads = [threading.Thread(target=loop, args=(2, signal, np.empty(2))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert there == [True, True]


def test_a_full_disk_leaves_nothing(kept_apart, monkeypatch):
    def cut_off(self, data):
        with self.open("wb") as file:
            file.write(data[:100])
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(Path, "write_bytes", cut_off)
    assert twice(np.ones(1)) == [2.0]
    assert not files(kept_apart)


def test_kept_code_is_for_all_who_may_read_python_s(kept_apart):
    before = os.umask(0o022)
    try:
        twice(np.ones(1))
    finally:
        os.umask(before)
    (kept,) = files(kept_apart)
    assert kept.stat().st_mode & 0o777 == 0o644


def test_a_machine_that_does_not_tell_its_features_keeps_nothing(kept_apart, monkeypatch):
    import llvmlite.binding

    def untold():
        raise RuntimeError("no features")

    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_features", untold)
    assert twice(np.ones(1)) == [2.0]
    assert not files(kept_apart)


def test_code_for_another_processor_or_by_another_compiler_is_another_file(kept_apart, monkeypatch):
    import llvmlite.binding

    twice(np.ones(1))
    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_name", lambda: "x86-64")
    twice(np.ones(1))
    monkeypatch.setattr(machine_code, "version_of", lambda package: "0")
    twice(np.ones(1))
    assert len(files(kept_apart)) == 3


def test_the_code_of_every_loop_can_be_kept(kept_apart):
    """Code that may raise calls numba, and would cost every process half a second."""
    found = list(loops())
    assert len(found) >= 6
    for loop in found:
        machine_code.machine_code(loop._function, loop._takes)
    kept = {file.name.partition("-")[0] for file in files(kept_apart)}
    modules = {inspect.getmodule(loop._function).__name__.rpartition(".")[2] for loop in found}
    assert {name.partition(".")[0] for name in kept} == modules
    assert len(kept) == len(found)


def test_code_for_arrays_of_another_kind_is_another_file(kept_apart):
    """Though the source is the same: an alias of a kind may be defined elsewhere."""
    signal, out = np.ones(2), np.empty(2)
    Loop(doubled)(2, signal, out)
    other, single = Loop(doubled), machine_code.Parameter(np.dtype(np.float32), array=True)
    other._takes = (other._takes[0], single, single)
    found = np.empty(2, np.float32)
    other(2, np.ones(2, np.float32), found)
    assert found.tolist() == out.tolist() == [2.0, 2.0]
    assert len(files(kept_apart)) == 2


def test_code_that_calls_numba_is_run_and_not_kept(kept_apart):
    out = np.zeros(2, np.int64)
    Loop(refusing)(3, out)
    assert out.tolist() == [6, 9]
    assert not files(kept_apart)


@pytest.mark.parametrize("strange", [np.ones(4)[::2], np.ones(2, np.float32), np.ones((2, 1))])
def test_a_loop_takes_flat_contiguous_arrays_of_its_own_kind_only(strange):
    with pytest.raises(TypeError, match="expected contiguous float64"):
        twice(strange)
