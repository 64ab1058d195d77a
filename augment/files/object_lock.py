"""A lock in an object store: an object that says who holds it, since nothing there dies with a process."""

import errno
import hashlib
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from augment.errors import Fault, TestSetError
from augment.files import remote
from augment.files.location import Url
from augment.files.which import boot

LARGEST_BYTES = 4096
SETTLED_S = 2.0
"""After which nobody is left who saw no lock, on a store where one can be overwritten."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Attributes:
        token: Drawn anew by each holder.
        host: Name of the machine.
        machine: Its start, and the room of processes in which the number means something: two machines may have one
            name. Empty where the system does not tell.
        process: Number of the process.
        began: When the process began, in the system's own count; another one with its number began at another time.
        since: When the lock was taken, by the clock of that machine: for people, and never compared.
    """

    token: str
    host: str
    machine: str
    process: int
    began: str
    since: str

    @classmethod
    def myself(cls) -> Self:
        """This process, from now on."""
        now, number = datetime.now(UTC).isoformat(timespec="seconds"), os.getpid()
        return cls(secrets.token_hex(16), socket.gethostname(), _machine(), number, _began(number), now)

    @classmethod
    def read(cls, data: bytes) -> Self | None:
        """A holder as an object tells it; None if it tells something else."""
        with suppress(ValueError, TypeError, RecursionError):
            return cls(**json.loads(data))
        return None

    def written(self) -> bytes:
        """As an object."""
        return json.dumps(asdict(self)).encode()

    def is_dead(self) -> bool:
        """Whether it is certain that the process has ended: it was one of this machine. What is unknown is no proof."""
        if not self.machine or (self.host, self.machine) != (socket.gethostname(), _machine()):
            return False
        if not _runs(self.process):
            return True
        began = _began(self.process)
        return bool(began and self.began) and began != self.began


def _machine() -> str:
    """What tells this machine since its start, and this room of processes, from all others; empty if unknown."""
    try:
        return f"{boot()} {Path('/proc/self/ns/pid').readlink()}" if boot() else ""
    except OSError:
        return ""


def _began(process: int) -> str:
    """When a process of this machine began, in ticks since the start of the machine.

    Empty if the system does not tell; a word if it has ended and nobody has asked for it yet.
    """
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return ""
    fields = status.rpartition(")")[2].split()  # the name of a program may hold anything
    return "ended" if fields[0] == "Z" else fields[19]


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True)
class Lock:
    """A lock that we hold.

    Attributes:
        place: The object.
        about: What is locked, for messages.
        mine: What it says as long as it is ours.
    """

    place: Url
    about: Url
    mine: Holder

    def refuse_lost(self) -> None:
        """Refuse to go on when it says something else.

        Raises:
            TestSetError: It was taken from us.
            OSError: The store refuses.
        """
        if _holder(self.place) != self.mine:
            message = "the lock was taken away meanwhile: another acoustigrid process may have written here"
            remedy = "see that nobody else does, and run the same command again"
            raise TestSetError(Fault(str(self.about), message, remedy))


@contextmanager
def held_lock(place: Url, about: Url, shared: bool = False) -> Iterator[Lock]:
    """Hold a lock for as long as this lasts.

    It is taken by a request that only the first can have granted (``If-None-Match``). On stores that do not know this
    condition the last of those who ask at the same moment has it: so it is read again once it is written, and there
    once more after a while. Those who share a lock have an object each beside it: each of them first writes its own and
    then looks for that of who holds the lock alone, who does the same the other way round, so that one of two sees the
    other.

    No time is compared: clocks of machines differ. A holder on this machine that has ended is dispossessed; whether
    one elsewhere has ended, only people can say.

    Args:
        place: The object.
        about: What is locked, for messages.
        shared: Together with others.

    Raises:
        TestSetError: Somebody else holds it, or it was taken from us.
        OSError: The store refuses.
    """
    mine = Holder.myself()
    others = Url(place.scheme, f"{place.key}.shared")
    lock = Lock(others / mine.token if shared else place, about, mine)
    try:
        if shared:
            remote.put(lock.place, mine.written())
            _refuse_held(place, about)
        else:
            _take(place, about, mine)
            for found in remote.below(others):
                _refuse_held(Url(place.scheme, found.key), about)
        yield lock
        lock.refuse_lost()
    finally:
        with suppress(OSError):
            _remove(lock.place, mine)


def _remove(place: Url, holder: Holder) -> None:
    """Remove a lock of a holder; before each try, it must still be theirs: an answer may be lost, and others come."""

    def ask() -> None:
        if _holder(place) != holder:
            raise FileNotFoundError(errno.ENOENT, "it is another one's", str(place))

    remote.delete(place, before=ask)


def _refuse_held(place: Url, about: Url) -> None:
    """Refuse a lock that somebody holds; that of a process that has ended is removed.

    By one of those who see it: the others, who are late, would remove the lock of who came next. So whoever does it
    holds another lock meanwhile, which is for this very holder.
    """
    holder = _holder(place)
    if isinstance(holder, Holder) and holder.is_dead():
        own = hashlib.sha256(holder.written()).hexdigest()[:16]
        with held_lock(Url(place.scheme, f"{place.key}.{own}"), about):
            _remove(place, holder)
    elif holder is not None:
        raise _held(place, about, holder)


def _take(place: Url, about: Url, mine: Holder) -> None:
    _refuse_held(place, about)
    with suppress(FileExistsError):  # perhaps by ourselves, in a request whose answer was lost
        _write(place, mine)
    found = _holder(place)
    if found == mine:
        if not _is_conditional(place, mine):
            time.sleep(SETTLED_S)
        found = _holder(place)
    if found != mine:
        raise _held(place, about, found)


def _write(place: Url, mine: Holder) -> None:
    """Write a lock; before each try, nobody else must have it: a try may come late."""

    def ask() -> None:
        if _holder(place) not in (None, mine):
            raise FileExistsError(errno.EEXIST, "it is another one's", str(place))

    remote.put(place, mine.written(), new=True, before=ask)


def _is_conditional(place: Url, mine: Holder) -> bool:
    """Whether the store refuses to create what is there already; elsewhere than in S3 it is fsspec that looks first."""
    if not remote.is_s3(place):
        return False
    try:
        _write(place, mine)
    except FileExistsError:
        return True
    return False


def _holder(place: Url) -> Holder | bytes | None:
    """Who holds a lock: unreadable as it is, and None if nobody does."""
    try:
        data = remote.get(place, LARGEST_BYTES)
    except FileNotFoundError:
        return None
    except ValueError:
        return b""
    return Holder.read(data) or data


def _held(place: Url, about: Url, holder: Holder | bytes | None) -> TestSetError:
    if isinstance(holder, Holder):
        who = f"process {holder.process} on '{holder.host}', since {holder.since}"
    else:
        who = "nobody knows which"
    message = f"another acoustigrid process is writing here ({who})"
    remedy = f"wait until it has finished; if it has ended without cleaning up, remove the object {place}"
    return TestSetError(Fault(str(about), message, remedy))
