"""A question to a cluster, before anybody joins it: is it there, and of which versions?

Ray itself asks for minutes where nothing answers, and says so on the screen again and again. So a process of its own
asks, which can be ended, and whose words nobody sees.
"""

import json
import platform
import re
import socket
import subprocess
import sys
from dataclasses import dataclass

from augment.errors import AcoustigridError, Fault
from augment.interrupts import blocked

LOOPBACK = ("127.0.0.1", "::1")
PATIENCE_S, ANSWER_S = 10.0, 45.0
ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/\s]+):(\d{1,5})")
SEE = "see: ray status"
CODE = """
import json, sys
import ray
from ray._private.services import get_ray_address_from_environment
from ray._raylet import GcsClient
from ray._common.usage.usage_lib import get_cluster_metadata
address = get_ray_address_from_environment("auto", None) if sys.argv[1] == "auto" else sys.argv[1]
client = GcsClient(address=address)
told = get_cluster_metadata(client)
nodes = client.get_all_node_info(timeout=20).values()
hosts = [node.node_manager_address for node in nodes if node.state == 0]
print(json.dumps({"address": address, "ray": told["ray_version"], "python": told["python_version"], "hosts": hosts}))
"""


@dataclass(frozen=True)
class Found:
    """A cluster that answers, of the same versions as this process.

    Attributes:
        address: Where it is.
        hosts: Addresses of its nodes.
    """

    address: str
    hosts: frozenset[str]

    @property
    def only_here(self) -> bool:
        """Whether it listens on the loopback interface only."""
        return self.hosts <= set(LOOPBACK)


def asked(address: str) -> Found:
    """Ask the cluster at an address.

    Raises:
        AcoustigridError: This is no address, no cluster answers, it lets nobody in, or it has another version of Ray or
            Python.
    """
    place = f"ray at {address}"
    if address != "auto":
        _refuse_no_answer(address, place)
    command = [sys.executable, "-c", CODE, address]
    with blocked():
        asking = subprocess.Popen(  # noqa: S603 - our own interpreter with our own code
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    try:
        said, complained = asking.communicate(timeout=ANSWER_S)
    except subprocess.TimeoutExpired:
        raise AcoustigridError(Fault(place, f"no cluster answers within {ANSWER_S:.0f} s", SEE)) from None
    finally:
        asking.kill()
        asking.wait()
    if asking.returncode != 0:
        raise AcoustigridError(_complaint(place, complained))
    found = json.loads(said.splitlines()[-1])
    if found["address"] is None:
        raise AcoustigridError(
            Fault(place, "there is no cluster on this machine", "ray start, as the cluster's keeper says")
        )
    _refuse_versions(place, found)
    return Found(found["address"], frozenset(found["hosts"]))


def _refuse_versions(place: str, found: dict[str, str]) -> None:
    import ray

    here = {"ray": ray.__version__, "python": platform.python_version()}
    other = [f"{name} {found[name]} there, {here[name]} here" for name in here if found[name] != here[name]]
    if other:
        remedy = "Ray needs the same versions on all machines"
        raise AcoustigridError(Fault(place, f"another version: {', '.join(other)}", remedy))


def _complaint(place: str, said: str) -> Fault:
    if "nauthenticated" in said or "AuthenticationError" in said:
        return Fault(
            place, "it asks for a token that is not here, or another one", "set RAY_AUTH_MODE and RAY_AUTH_TOKEN"
        )
    if "Could not find any running Ray" in said:
        return Fault(place, "no cluster is found on this machine", SEE)
    lines = said.strip().splitlines()
    return Fault(place, f"no cluster answers: {lines[-1][:300] if lines else 'no reason is given'}", SEE)


def _refuse_no_answer(address: str, place: str) -> None:
    """Refuse at once what is no address, and one at which nobody listens."""
    written = ADDRESS.fullmatch(address)
    if written is None or not 0 < int(written[2]) < 65536:
        message = f"'{address}' is no address of a cluster; expected auto, or HOST:PORT"
        client = "; run the command on a machine of the cluster" if address.startswith("ray://") else ""
        raise AcoustigridError(Fault("address", message + client, SEE))
    try:
        socket.create_connection((written[1].strip("[]"), int(written[2])), PATIENCE_S).close()
    except OSError as error:
        raise AcoustigridError(Fault(place, f"no cluster answers: {error.strerror or error}", SEE)) from None
