"""Ray: workers of this machine or of a cluster (extra ``ray``).

Ray core carries tasks and small results; shards write their own files. Retries are ours and not Ray's, so that they are
counted as those of local workers are. Every node must see the same folders and have the same packages: nodes that have
not are told before any work begins.

``--address`` names a cluster that runs (``auto``, ``HOST:6379``, ``ray://HOST:10001``). Without it Ray is started on this
machine for as long as it is needed. Ray trusts whoever reaches its ports: it belongs on a network of its own.
"""

import contextlib
import importlib.util
import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from augment.errors import AcoustigridError, Fault
from augment.execute import MOST_TRIES, ONE_THREAD, Limit, Lost, Prepare

EXTRA = "ray"
_TICK_S = 0.5
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class _Running:
    """A task that a worker has.

    Attributes:
        task: The task.
        tries: How often it was tried, this time included.
        since_s: When it was given away, by the monotonic clock.
    """

    task: Any
    tries: int
    since_s: float


class Cluster:
    """Workers of a cluster.

    Args:
        workers: How many tasks are out at the same time.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, job: Callable[[Any], Any], tasks: Iterable[Any], limit_s: Limit | None = None) -> Iterator[Any]:
        """Results as they come.

        Args:
            job: Can be pickled, and imported from an installed package.
            tasks: Can be pickled.
            limit_s: Time for a task after which its worker is taken to hang, and is stopped as if it had died.

        Raises:
            Exception: Whatever a job raises.
        """
        import ray

        waiting = deque((task, 1) for task in tasks)
        shared = ray.put(pickle.dumps(job))
        do = ray.remote(num_cpus=1, max_retries=0)(_do)
        out: dict[Any, _Running] = {}
        try:
            while waiting or out:
                while waiting and len(out) < self.workers:
                    task, tries = waiting.popleft()
                    out[do.remote(shared, pickle.dumps(task))] = _Running(task, tries, time.monotonic())
                ready, _ = ray.wait(list(out), timeout=_TICK_S)
                for reference in ready:
                    yield from _answered(reference, out.pop(reference), waiting)
                for reference, running, limit in _over(out, limit_s):
                    ray.cancel(reference, force=True)
                    del out[reference]
                    yield from _again(running, waiting, limit)
        finally:
            for reference in out:
                with contextlib.suppress(Exception):  # a cluster that is gone has nothing left to cancel
                    ray.cancel(reference, force=True)


def _do(job: bytes, task: bytes) -> Any:
    """A task, in a worker; what a job raises is an answer, so that Ray's own faults stay apart."""
    try:
        return True, _job(job)(pickle.loads(task))  # noqa: S301 - from our own driver
    except Exception as error:
        return False, _sendable(error)


@lru_cache(maxsize=1)
def _job(pickled: bytes) -> Callable[[Any], Any]:
    return pickle.loads(pickled)  # type: ignore[no-any-return]  # noqa: S301 - from our own driver


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made a line above
    except Exception:
        return RuntimeError(repr(error))
    return error


def _answered(reference: Any, running: _Running, waiting: "deque[tuple[Any, int]]") -> Iterator[Any]:
    """What a worker says, or the consequence of its death, or of its node's."""
    import ray

    try:
        succeeded, value = ray.get(reference)
    except ray.exceptions.RayError:
        yield from _again(running, waiting)
        return
    if not succeeded:
        raise value
    yield value


def _again(running: _Running, waiting: "deque[tuple[Any, int]]", limit_s: float | None = None) -> Iterator[Any]:
    """Another try for a task, or its loss."""
    if running.tries < MOST_TRIES:
        waiting.append((running.task, running.tries + 1))
    else:
        yield Lost(running.task, running.tries, limit_s)


def _over(out: dict[Any, _Running], limit_s: Limit | None) -> list[tuple[Any, _Running, float]]:
    """Tasks that are over their time."""
    if limit_s is None:
        return []
    now = time.monotonic()
    known = ((reference, running, limit_s(running.task)) for reference, running in out.items())
    return [(reference, running, limit) for reference, running, limit in known if now - running.since_s > limit]


@contextlib.contextmanager
def opened(workers: int, prepare: Prepare | None = None, address: str | None = None) -> Iterator[Cluster]:
    """Workers of a cluster for as long as this lasts.

    Args:
        workers: How many tasks are out at the same time.
        prepare: What every node loads first, and an error here if it cannot.
        address: Of a cluster that runs; Ray is started on this machine if not given.

    Raises:
        AcoustigridError: Ray is not installed, the cluster cannot be reached, has another version of Ray or Python, or
            a node has other packages than this machine.
    """
    if importlib.util.find_spec("ray") is None:
        remedy = f"pip install 'acoustigrid[{EXTRA}]'"
        raise AcoustigridError(Fault("executor", f"'ray' needs the extra '{EXTRA}'", remedy))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    joined = ray.is_initialized()
    if not joined:
        _join(workers, address)
    try:
        _refuse_other_nodes(prepare)
        yield Cluster(workers)
    finally:
        if not joined:
            ray.shutdown()


def _join(workers: int, address: str | None) -> None:
    import ray

    here: dict[str, Any] = {"address": address} if address else {"num_cpus": workers, "_node_ip_address": _LOOPBACK}
    environment = {"env_vars": ONE_THREAD}
    try:
        ray.init(
            **here, runtime_env=environment, include_dashboard=False, configure_logging=True, logging_level="ERROR",
            log_to_driver=False,
        )  # fmt: skip
    except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
        said = str(error).strip().split("\n", 1)[0]
        place = address or "this machine"
        raise AcoustigridError(Fault(f"ray at {place}", f"cannot be used: {said}", "see: ray status")) from None


def _refuse_other_nodes(prepare: Prepare | None) -> None:
    """Refuse nodes that would make other bytes, or cannot work at all.

    Raises:
        AcoustigridError: One fault for each of them.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    if not nodes:
        raise AcoustigridError(Fault("ray", "the cluster has no node with processors", "see: ray status"))
    look = ray.remote(num_cpus=1, max_retries=1)(_looked)
    first, wanted, faults = pickle.dumps(prepare), _packages(), list[Fault]()
    asked = {
        node["NodeManagerAddress"]: look.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote(first)
        for node in nodes
    }
    for place, reference in asked.items():
        where = f"ray node {place}"
        try:
            found, failed = ray.get(reference)
        except ray.exceptions.RayError as error:
            said = str(error).strip().rsplit("\n", 1)[-1]
            faults.append(Fault(where, f"cannot load acoustigrid: {said}", "install the same version there"))
            continue
        faults += [Fault(where, f"cannot begin: {failed}", "install there what is here")] if failed else []
        other = [
            f"{name} {found.get(name)} (here {wanted[name]})" for name in wanted if found.get(name) != wanted[name]
        ]
        faults += (
            [Fault(where, f"has other packages: {', '.join(other)}", "install the same versions")] if other else []
        )
    if faults:
        raise AcoustigridError(faults)


def _packages() -> dict[str, str]:
    """What decides bytes, as it is installed here."""
    from augment.packages import versions_here

    return versions_here()


def _looked(first: bytes) -> tuple[dict[str, str], str]:
    """On a node: its packages, and why it cannot begin, if so."""
    try:
        prepare = pickle.loads(first)  # noqa: S301 - from our own driver
        if prepare is not None:
            prepare()
    except Exception as error:
        return _packages(), f"{type(error).__name__}: {error}"
    return _packages(), ""
