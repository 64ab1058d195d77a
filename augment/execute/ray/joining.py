"""The way into a cluster, or to one of our own that only this machine can reach."""

import contextlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from augment.errors import AcoustigridError, Fault
from augment.execute.ray.asking import LOOPBACK, asked
from augment.interrupts import STOPPING, blocked, uninterrupted

STORE_BYTES = 80 * 2**20
"""Memory for results on their way, of which Ray wants 75 MB at least."""
LONGEST_FOLDER = 36
"""Letters of the folder for temporary files: Ray makes sockets far below it, whose paths must not exceed 107."""
START_HERE = "ray start --address={}, on the machine on which this command runs"


@contextlib.contextmanager
def joined(workers: int, address: str | None) -> Iterator[None]:
    """Be part of a cluster for as long as this lasts; of one that this process has joined before, beyond it.

    Args:
        workers: Processors of the cluster that is started if there is no address.
        address: Of a cluster that runs.

    Raises:
        AcoustigridError: There is no cluster at the address, it lets nobody in, or it has another version of Ray or
            Python.
    """
    _prepare_environment(own=address is None)
    import ray

    if ray.is_initialized():
        if address is not None:
            remedy = "leave the address out, or call ray.shutdown() first"
            raise AcoustigridError(Fault("address", "this process is part of a Ray cluster already", remedy))
        yield
        return
    if address is None:
        _refuse_open()
    with _silent():
        try:
            with _started_here(workers) if address is None else _joined_there(address):
                yield
        finally:
            with uninterrupted():
                ray.shutdown()


def _prepare_environment(own: bool) -> None:
    """What Ray reads when it is imported, and its processes inherit: it stays for the life of this process.

    Args:
        own: Whether Ray is to be started here, with a token of its own: then nobody else on this machine is let in.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_worker_niceness", "0")  # otherwise they yield to all others on this machine
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # or it announces what it will do some day
    if own and "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _refuse_open() -> None:
    """Refuse to start a Ray that asks nobody for a token: whoever uses this machine could run their code as us."""
    if "RAY_AUTH_MODE" not in os.environ:
        message = "Ray was imported before, and would let everybody in who uses this machine"
        remedy = "set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN before anything imports ray, or use --executor processes"
        raise AcoustigridError(Fault("ray on this machine", message, remedy))


@contextlib.contextmanager
def _joined_there(address: str) -> Iterator[None]:
    found = asked(address)
    # Ray would look for a cluster of the loopback interface at another address of this machine.
    with _loopback() if found.only_here else contextlib.nullcontext():
        _initialised(f"ray at {address}", START_HERE.format(found.address), address=found.address)
        yield


@contextlib.contextmanager
def _started_here(workers: int) -> Iterator[None]:
    """Ray on this machine, which hears this machine only and leaves nothing behind."""
    base = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="acoustigrid-ray-", dir=base if len(base) + 24 <= LONGEST_FOLDER else "/tmp")  # noqa: S108
    try:
        with _loopback():
            _initialised(
                "ray on this machine", "see whether `ray start --head` works", address="local", num_cpus=workers,
                object_store_memory=STORE_BYTES, _node_ip_address=LOOPBACK[0], _temp_dir=folder,
            )  # fmt: skip
            _refuse_open_to_others()
            yield
    finally:
        import ray

        with uninterrupted():
            ray.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _loopback() -> Iterator[None]:
    """Make Ray keep the loopback address that it is given.

    On Linux it takes any other address of the machine instead, so that nodes can reach each other, and listens on all
    interfaces; where it makes no clusters of several machines (its default on macOS), it keeps it, and all of its
    processes listen there only.
    """
    from ray._private import ray_constants

    with _instead(ray_constants, "ENABLE_RAY_CLUSTER", False):
        yield


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep what Ray says of nodes and workers that die from standard output, where it would stand amid our own words.

    It has no setting for that: ``log_to_driver`` is about what workers print.
    """
    from ray._private import worker

    with _instead(worker, "print_to_stdstream", lambda *told, **how: None):
        yield


@contextlib.contextmanager
def _instead(module: ModuleType, name: str, value: object) -> Iterator[None]:
    """Another value for what a module of Ray looks up, for as long as this lasts."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def _refuse_open_to_others() -> None:
    """Whatever another version of Ray does with what we ask for, nobody is let in from outside."""
    import ray

    found = {node["NodeManagerAddress"] for node in ray.nodes()}
    if not found <= set(LOOPBACK):
        message = f"Ray {ray.__version__} would listen on {', '.join(sorted(found))} instead of {LOOPBACK[0]}"
        raise AcoustigridError(Fault("ray on this machine", message, "use --executor processes"))


def _initialised(place: str, remedy: str, **wanted: Any) -> None:
    """Call ``ray.init`` so that nothing of Ray is seen, and signals have their handlers of before.

    Workers import from the folder in which it is called, first of all: a ``random.py`` of the user's would be taken for
    Python's. So it is called where there is nothing to import.
    """
    import ray

    quiet: dict[str, Any] = {"include_dashboard": False, "logging_level": "ERROR", "log_to_driver": False}
    with _handlers_kept(), blocked(), contextlib.chdir(Path.cwd().anchor):
        try:
            ray.init(**wanted, **quiet)
            return
        except (ray.exceptions.RayError, RuntimeError, ValueError, OSError, TimeoutError) as error:
            said = " ".join(str(error).split())
        except Exception as error:  # whatever it is, it says that we cannot work there
            said = f"{type(error).__name__}: {' '.join(str(error).split())}"
    raise AcoustigridError(Fault(place, f"cannot be used: {said[:400]}", remedy))


@contextlib.contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray puts a handler of its own for SIGTERM, which would end us without a word."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
