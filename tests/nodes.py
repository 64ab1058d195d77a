"""Nodes of a Ray cluster on this machine, which only its loopback interface reaches.

For tests, for ``scripts/cluster_rehearsal.py``, and as a program: ``python nodes.py HOST:PORT`` is one more node, in
whatever environment it is started.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PLACE = "127.0.0.1"
SETTINGS = {
    "node_ip_address": PLACE,
    "object_store_memory": 80 * 2**20,
    "num_gpus": 0,
    "min_worker_port": 0,
    "max_worker_port": 0,
}


class Nodes:
    """A cluster for as long as a context lasts: a head that does no work, and nodes of so many processors.

    Attributes:
        folder: Where Ray's temporary files are.
        environment: Of commands that shall be let in.
    """

    def __init__(self, *processors: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nodes-", dir="/tmp"))
        (self.folder / "ray").mkdir()
        ours = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        ours |= {"RAY_TMPDIR": str(self.folder), "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
        ours["RAY_worker_niceness"] = "0"  # otherwise 15, which is slow beside whatever else this machine does
        os.environ |= ours  # read when Ray is imported
        self.environment = {**os.environ}
        self.strangers: list[subprocess.Popen] = []
        loopback()
        from ray.cluster_utils import Cluster

        self.cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **SETTINGS}
        )
        self.nodes = [self.add(count) for count in processors]

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def __enter__(self) -> "Nodes":
        return self

    def __exit__(self, *error) -> None:
        for process in self.strangers:
            end(process)
        self.cluster.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, processors: int = 1):
        return self.cluster.add_node(num_cpus=processors, **SETTINGS)

    def kill(self, node) -> None:
        """Kill all of a node at once: nobody says goodbye."""
        self.cluster.remove_node(node, allow_graceful=False)

    def stranger(self, *before: str, **environment: str) -> subprocess.Popen:
        """One more node, in another environment, or below another command."""
        command = [*before, sys.executable, __file__, self.address]
        there = {**self.environment, **environment}
        process = subprocess.Popen(command, env=there, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.strangers.append(process)
        if "up" not in process.stdout.readline():
            raise RuntimeError(f"no node came of {command}")
        return process


def loopback() -> None:
    """As ``augment.execute.ray.joining`` does it."""
    from ray._private import ray_constants

    ray_constants.ENABLE_RAY_CLUSTER = False


def end(process: subprocess.Popen) -> None:
    """Kill a process with its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


if __name__ == "__main__":
    loopback()
    from ray._private.node import Node
    from ray._private.parameter import RayParams

    asked = RayParams(gcs_address=sys.argv[1], num_cpus=1, include_log_monitor=False, node_manager_port=0, **SETTINGS)
    node = Node(asked, head=False, shutdown_at_exit=True, spawn_reaper=True)
    print("up", flush=True)
    signal.pause()
