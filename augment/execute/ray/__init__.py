"""Ray: workers of a cluster, or of this machine (extra ``ray``).

Ray carries tasks and small results; whatever is large is read and written by the workers themselves. Every node must
therefore have the folders that this machine has, under the same paths, and the same packages; nodes that have not are
told before any work begins.

``--address`` names a cluster that runs (``auto``, or ``HOST:PORT``), one of whose machines the command runs on. Nothing
else names one: ``RAY_ADDRESS`` and clusters that happen to run here are left alone. Without an address Ray is started
on this machine, for as long as it is needed, and hears nobody but this machine.

**What the network must protect.** Whoever reaches the ports of a Ray cluster can run any program on it, as the user who
started it, and so read and change all that this user can: corpus and test sets among it. Ray does not encrypt what it
sends, either, unless it was told to (``RAY_USE_TLS``), and lets everybody in who does not have to show a token
(``RAY_AUTH_MODE=token``). So all ports of all nodes belong on a network that nobody else reaches, that of the dashboard
too. The Ray that we start ourselves listens on the loopback interface only, and asks for a token that is drawn for it,
so that other users of the same machine are kept out.

Nodes run their workers at a niceness of 15 unless they were started with ``RAY_worker_niceness=0``: where a machine
does something else as well, they get what is left.

The cluster's head node keeps its books. If that one is lost, the command ends; what was finished stays on the disk, and
the same command goes on at another cluster. The loss of any other node costs its tasks one try.
"""

import contextlib
import importlib.util
from collections.abc import Iterator

from augment.errors import AcoustigridError, Fault
from augment.execute import Prepare
from augment.execute.ray.joining import joined
from augment.execute.ray.nodes import refuse_other_nodes
from augment.execute.ray.workers import Cluster

EXTRA = "ray"


@contextlib.contextmanager
def opened(workers: int, prepare: Prepare | None = None, address: str | None = None) -> Iterator[Cluster]:
    """Workers of a cluster for as long as this lasts.

    Args:
        workers: How many, at most; those for which the cluster has no processor wait for one.
        prepare: What workers begin with, at once.
        address: ``auto`` or ``HOST:PORT`` of a cluster that runs; Ray is started on this machine if not given.

    Raises:
        AcoustigridError: Ray is not installed, the cluster cannot be reached or has another version of Ray or Python,
            or nodes have other packages than this machine.

    Example: ``acoustigrid build demo --out testset --workers 8 --executor ray --address auto``
    """
    if importlib.util.find_spec("ray") is None:
        remedy = f"pip install 'acoustigrid[{EXTRA}]'"
        raise AcoustigridError(Fault("executor", f"'ray' needs the extra '{EXTRA}', which is not installed", remedy))
    with joined(workers, address):
        cluster = Cluster(workers, prepare)
        try:
            if prepare is not None:
                cluster.start()
            refuse_other_nodes(cluster)
            yield cluster
        finally:
            cluster.stop()
