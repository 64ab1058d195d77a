"""Which folder, and which machine: what tells one from another of the same name."""

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Which:
    """Which folder a name stands for, and on which machine since when.

    Attributes:
        device: Number of its file system, which means something on a machine until it is started anew.
        inode: Its number there, which a network file system has on all machines.
        boot: Stands for the machine, from one start to the next.
    """

    device: int
    inode: int
    boot: str

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        """That of a folder which is looked at here and now."""
        return cls(found.st_dev, found.st_ino, boot() or socket.gethostname())

    def may_be(self, other: "Which") -> bool:
        """Whether both are the same folder, as far as one can tell.

        Example:
            >>> here = Which(1, 7, "a")
            >>> here.may_be(Which(1, 7, "a")), here.may_be(Which(2, 7, "a")), here.may_be(Which(2, 7, "b"))
            (True, False, True)
        """
        return self.inode == other.inode and (self.boot != other.boot or self.device == other.device)


@cache
def boot() -> str:
    """Stands for this machine since it was started; empty where the system does not tell, as on all but Linux."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
