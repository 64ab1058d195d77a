"""Several Ray nodes on this machine: ``pytest -m ray`` where the extra ``ray`` is installed.

``scripts/cluster_rehearsal.py`` is the long form.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

import augment
from augment.errors import AcoustigridError
from augment.execute import MOST_TRIES, Lost, opened_way
from conftest import Workshop, tree
from nodes import PLACE, Nodes, end

pytestmark = pytest.mark.ray

COMMAND = str(Path(sys.executable).with_name("acoustigrid"))
RECIPE = """
name: nodes
corpus: {path: corpus.jsonl}
balance: {by: [accent], utterances: 20, speakers: {min: 2}}
factors:
  noise: {quiet: [], scanner: {steps: [{kind: equipment_noise, profile: mri_epi}], sweep: {snr_db: [15, 5]}}}
  device: {studio: [], handset: [{kind: microphone, profile: itu_p48_handset}]}
"""


@pytest.fixture(scope="module")
def nodes():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", "203.0.113.1:6379")  # nobody's: it must not be asked unless it is named
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where workers find the jobs of this module
        with Nodes(1, 1) as some:
            yield some


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workshop:
    workshop = Workshop(tmp_path_factory.mktemp("nodes"))
    workshop.corpus({"North": 20, "South": 20}, speakers=4, seconds=2.0)
    workshop.recipe(RECIPE)
    augment.build(workshop.folder / "recipe.yaml", workshop.folder / "serial")
    return workshop


def started(nodes: Nodes, shop: Workshop, out: str, *how: str) -> subprocess.Popen:
    return subprocess.Popen(
        [COMMAND, "build", "recipe.yaml", "--out", out, "--json", "--workers", "2", "--executor", "ray", *how],
        cwd=shop.folder, env=nodes.environment, text=True, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def until(shop: Workshop, out: str, process: subprocess.Popen) -> None:
    """Wait until something is finished, and not all of it."""
    parts = shop.folder / out / ".acoustigrid" / "parts"
    while not list(parts.glob("[!.]*.jsonl")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)


@pytest.fixture(scope="module", autouse=True)
def nothing_to_import(shop):
    """A module of the user's that has the name of one of Python's, in the folder in which the command runs."""
    (shop.folder / "wave.py").write_text("raise SystemExit")
    (shop.folder / "soundfile.py").write_text("raise SystemExit")


def whole(shop: Workshop, out: str, process: subprocess.Popen) -> dict:
    """The record of a build whose set is that of the serial one, and which said nothing else."""
    said, complained = process.communicate()
    assert (process.returncode, complained) == (0, "")
    assert tree(shop.folder / out) == tree(shop.folder / "serial")
    return json.loads(said)


def descendants(top: int) -> set[int]:
    """A process and all that stem from it."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it is over
            continue
    found = {top}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def listening(processes: set[int]) -> set[str]:
    """Addresses on which processes listen, in the hexadecimal form of the kernel."""
    held = set()
    for process in processes:
        for handle in Path(f"/proc/{process}/fd").glob("*"):
            try:
                held.add(str(handle.readlink()))
            except OSError:
                continue
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return {row[1].rpartition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in held}


def test_its_own_ray_hears_this_machine_only_and_leaves_nothing(nodes, shop):
    before = set(Path("/tmp").glob("acoustigrid-ray-*"))
    process = started(nodes, shop, "own")
    heard = set()
    while process.poll() is None:
        heard |= listening(descendants(process.pid))
        time.sleep(0.2)
    assert heard
    assert heard <= {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
    whole(shop, "own", process)
    assert set(Path("/tmp").glob("acoustigrid-ray-*")) <= before


def test_one_of_two_nodes_is_lost(nodes, shop):
    process = started(nodes, shop, "lost", "--address", nodes.address)
    until(shop, "lost", process)
    nodes.kill(nodes.nodes.pop())
    assert whole(shop, "lost", process)["failures"] == []
    nodes.nodes.append(nodes.add())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_command_is_stopped_and_run_again(nodes, shop, number):
    out = f"stopped-{number.name}"
    process = started(nodes, shop, out, "--address", nodes.address)
    until(shop, out, process)
    os.killpg(process.pid, number)
    said = process.communicate()[1]
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert said.startswith("stopped: ")
        assert said.count("\n") == 1
    assert 0 < whole(shop, out, started(nodes, shop, out, "--address", nodes.address))["reused"] < 240


class Dies:
    """Kills its worker; ``once``, only the first time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, task: str) -> str:
        if task == "ever" or (task == "once" and not (self.folder / "died").exists()):
            (self.folder / "died").touch()
            os._exit(1)
        if task == "hangs":
            time.sleep(600)
        if task == "raises":
            raise AcoustigridError("as it should")
        return task


def test_workers_that_die_or_hang_cost_their_task_its_tries(nodes, tmp_path):
    job, tasks = Dies(tmp_path), ["a", "once", "b", "ever", "hangs", "c"]
    with opened_way("ray", 2, None, nodes.address) as way:
        found = list(way.run(job, tasks, lambda task: 3.0 if task == "hangs" else 600.0))
        assert sorted(one for one in found if isinstance(one, str)) == ["a", "b", "c", "once"]
        lost = {one.task: (one.tries, one.limit_s) for one in found if isinstance(one, Lost)}
        assert lost == {"ever": (MOST_TRIES, None), "hangs": (MOST_TRIES, 3.0)}
        with pytest.raises(AcoustigridError, match="as it should"):
            list(way.run(job, ["a", "raises", "b"]))
        assert sorted(way.run(abs, [-1, 2, -3])) == [1, 2, 3]


def test_the_loss_of_a_node_is_one_try_for_whatever_was_there(nodes, tmp_path):
    """Three workers stand on the node: the task must not be given to each of them in turn while it dies."""
    node = nodes.add(3)
    with opened_way("ray", 5, None, nodes.address) as way:
        list(way.run(abs, range(40)))
        crew = [worker for worker in way._crew if worker.node == node.node_id]
        assert crew
        running = way.run(partial(slept, 1.0), range(5))
        first = next(running)
        nodes.kill(node)
        found = [first, *running]
        assert sorted(found) == list(range(5))
        assert all(worker.node != node.node_id for worker in way._crew)


def slept(seconds: float, task: int) -> int:
    time.sleep(seconds)
    return task


def refused(nodes: Nodes) -> list[str]:
    with pytest.raises(AcoustigridError) as told, opened_way("ray", 1, None, nodes.address):
        raise RuntimeError("nothing may begin")
    return [str(fault) for fault in told.value.faults]


def test_nodes_with_other_code_are_refused(nodes, tmp_path):
    """A package of another version, and this package with another byte in it: one fault for the node."""
    shutil.copytree(Path(augment.__file__).parent, tmp_path / "augment")
    with (tmp_path / "augment" / "bounds.py").open("a") as file:
        file.write("# another byte\n")
    shutil.copytree(Path(augment.__file__).parents[1] / "noise_profiles", tmp_path / "noise_profiles")
    (tmp_path / "soxr-0.0.1.dist-info").mkdir()
    (tmp_path / "soxr-0.0.1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: soxr\nVersion: 0.0.1\n")
    process = nodes.stranger(PYTHONPATH=str(tmp_path))
    try:
        (fault,) = refused(nodes)
    finally:
        end(process)
    assert fault.startswith(f"node {PLACE}:")
    assert "its code" in fault
    assert "soxr 0.0.1 there" in fault


def test_what_is_no_cluster_is_refused_at_once(nodes, monkeypatch):
    cases = {"ray://h:10001": "no address of a cluster", "nowhere": "no address of a cluster", f"{PLACE}:1": "refused"}
    for address, said in cases.items():
        with pytest.raises(AcoustigridError, match=said), opened_way("ray", 1, None, address):
            raise RuntimeError("nothing may begin")
    with monkeypatch.context() as patch:
        patch.setattr("ray.__version__", "2.0.0")
        (fault,) = refused(nodes)
    assert "another version: ray " in fault
    assert "2.0.0 here" in fault
    with monkeypatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN", "0" * 64)
        (fault,) = refused(nodes)
    assert "token" in fault
