"""Machines of a cluster, and whether each is fit for the work."""

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from augment.errors import AcoustigridError, Fault, named
from augment.execute import Afar
from augment.packages import EXTRAS, everything_here

ANSWER_S = 120.0
"""Time for a node to start a worker and answer."""
NO_PACKAGE = "No module named 'augment'"
SAME = "install the same versions there as here"


@dataclass(frozen=True)
class Node:
    """A machine of the cluster that has processors.

    Attributes:
        identity: Ray's name for it.
        host: Address.
        name: For messages; several nodes of one machine differ by their port.
    """

    identity: str
    host: str
    name: str


def nodes() -> list[Node]:
    """Those that are alive.

    Raises:
        AcoustigridError: There are none.
    """
    import ray

    alive = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    if not alive:
        raise AcoustigridError(Fault("ray", "the cluster has no node with processors", "see: ray status"))
    found = [
        Node(node["NodeID"], node["NodeManagerAddress"], f"node {node['NodeManagerAddress']}:{node['NodeManagerPort']}")
        for node in alive
    ]
    return sorted(found, key=lambda node: node.name)


def asked_on(identity: str, job: Callable[[], Any]) -> Any:
    """Start a job on one node; a reference to its answer, which does not wait for a processor."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(identity, soft=False)
    return ray.remote(num_cpus=0, max_retries=0)(_answer).options(scheduling_strategy=there).remote(job)


def answers_everywhere(job: Callable[[], Any]) -> list[tuple[str, Any]]:
    """What a job returns on every node.

    Raises:
        AcoustigridError: With a fault for each node that cannot answer.
    """
    import ray

    asked = [(node.name, asked_on(node.identity, job)) for node in nodes()]
    ray.wait([reference for _, reference in asked], num_returns=len(asked), timeout=ANSWER_S)
    answers, faults = list[tuple[str, Any]](), list[Fault]()
    for name, reference in asked:
        try:
            answers.append((name, ray.get(reference, timeout=0)))
        except ray.exceptions.GetTimeoutError:
            faults.append(Fault(name, f"no answer within {ANSWER_S:.0f} s", "see: ray status"))
        except Exception as error:  # of Ray, or of the job there
            faults.append(_cannot(name, error))
    if faults:
        raise AcoustigridError(faults)
    return answers


def _cannot(name: str, error: Exception) -> Fault:
    said = str(error).strip()
    if NO_PACKAGE in said:
        return Fault(name, "acoustigrid is not installed there", SAME)
    return Fault(name, f"cannot work: {said.splitlines()[-1] if said else type(error).__name__}", SAME)


def refuse_other_nodes(way: Afar) -> None:
    """Refuse nodes that would make other bytes, or could not work at all.

    Raises:
        AcoustigridError: With a fault for each of them.
    """
    here = everything_here()
    answers = way.everywhere(partial(_looked, str(Path.cwd())))
    faults = [fault for name, found in answers for fault in differences(name, found, here)]
    if faults:
        raise AcoustigridError(faults)


def differences(name: str, found: Mapping[str, str] | None, here: Mapping[str, str]) -> list[Fault]:
    """What makes a node unfit, as one fault.

    Args:
        name: Of the node.
        found: What it has; None if it has not even the folder in which the command runs.
        here: What this machine has.

    Example:
        >>> print(*differences("node b", {"numpy": "2.1", "av": "14.0"}, {"numpy": "2.4", "av": "14.0"}))
        node b: makes sound with other code: numpy 2.1 there, 2.4 here - install the same versions there as here
        >>> differences("node b", {"numpy": "2.4"}, {"numpy": "2.4"})
        []
    """
    if found is None:
        message = f"has no folder {Path.cwd()}, in which this command runs"
        return [Fault(name, message, "run it in a folder that all nodes see")]
    other = [
        _difference(package, found, here) for package in {**here, **found} if found.get(package) != here.get(package)
    ]
    return [Fault(name, f"makes sound with other code: {named(other)}", SAME)] if other else []


def _difference(package: str, found: Mapping[str, str], here: Mapping[str, str]) -> str:
    """One package, for a message.

    Example:
        >>> _difference("av", {}, {"av": "14.0"}), _difference("av", {"av": "15.0"}, {"av": "14.0"})
        ("av (extra 'codecs') is missing there, 14.0 here", 'av 15.0 there, 14.0 here')
    """
    there, ours = found.get(package), here.get(package)
    extra = f" (extra '{EXTRAS[package]}')" if package in EXTRAS else ""
    if there is None:
        return f"{package}{extra} is missing there, {ours} here"
    return f"{package} {there} there, {ours} here" if ours else f"{package}{extra} {there} there, missing here"


def _looked(folder: str) -> dict[str, str] | None:
    """On a node: what it has; None if it does not have the folder in which the command runs."""
    return everything_here() if os.path.isdir(folder) else None  # noqa: PTH112


def _answer(job: Callable[[], Any]) -> Any:
    return job()


def lives(identity: str, patience_s: float) -> bool:
    """Whether a node still works: a worker is started there, or one that waits answers."""
    import ray

    with contextlib.suppress(ray.exceptions.RayError):
        ray.get(asked_on(identity, _nothing), timeout=patience_s)
        return True
    return False


def _nothing() -> None:
    """The shortest job."""
