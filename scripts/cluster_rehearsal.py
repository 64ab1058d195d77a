"""Rehearse what a cluster must keep, on this machine: several Ray nodes, killed where it hurts (extra ``ray``).

The same recipe is built in one process, by local workers, by a Ray of its own and by a cluster of two nodes; once more
while one of the nodes is killed, and once more while the command itself is. All of these sets must be the same to the
byte. Then nodes that are not fit for the work must be refused, and Ray must not take a tenth longer than local
workers over the same work. Exits with 1 where one of these promises is broken.

Run: ``python scripts/cluster_rehearsal.py [--rounds N] [--shard-s SECONDS]``
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _shared import of_tests

from augment.report.text import table

tree = of_tests("conftest").tree

MOST_SLOWER = 0.10
WORKERS = 2
COMMAND = [str(Path(sys.executable).with_name("acoustigrid"))]
RECIPE = """
name: rehearsal
corpus: {{path: corpus.jsonl}}
balance: {{by: [accent], utterances: {utterances}, speakers: {{min: 2}}}}
factors:
  noise:
    quiet: []
    scanner: {{steps: [{{kind: equipment_noise, profile: mri_epi}}], sweep: {{snr_db: [15, 5]}}}}
    fan: [{{kind: equipment_noise, profile: hvac_diffuser, snr_db: 10}}]
  device:
    studio: []
    handset: [{{kind: microphone, profile: itu_p48_handset}}]
"""


@dataclass
class Account:
    """What was promised, and what came of it."""

    rows: list[list[str]] = field(default_factory=list)
    broken: int = 0

    def tell(self, what: str, found: str, kept: bool) -> None:
        """One line of the table."""
        self.broken += not kept
        self.rows.append([what, found, "yes" if kept else "NO"])
        print(f"... {what}: {found}", file=sys.stderr)


@dataclass
class Rehearsal:
    """Builds of one recipe in one folder.

    Attributes:
        folder: With corpus and recipe.
        nodes: The cluster.
        account: Where it is told.
    """

    folder: Path
    nodes: Any
    account: Account

    def started(self, verb: str, *arguments: str) -> "subprocess.Popen[str]":
        """A command that runs."""
        place = {**self.nodes.environment, "XDG_CACHE_HOME": str(self.folder / "cache")}
        return subprocess.Popen(
            [*COMMAND, verb, *arguments], cwd=self.folder, env=place, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def build(self, out: str, *arguments: str) -> "subprocess.Popen[str]":
        """A build that runs."""
        return self.started("build", "recipe.yaml", "--out", out, "--workers", str(WORKERS), "--json", *arguments)

    @property
    def there(self) -> tuple[str, ...]:
        """Options that name the cluster."""
        return "--executor", "ray", "--address", self.nodes.address

    def built(self, process: "subprocess.Popen[str]") -> dict[str, Any]:
        """The record of a build, at its end."""
        out, error = process.communicate()
        if process.returncode:
            raise RuntimeError(f"exit code {process.returncode}: {error[-2000:]}")
        record: dict[str, Any] = json.loads(out)
        return record

    def parts(self, out: str) -> int:
        """Shards of a build that are finished."""
        return len(list((self.folder / out / ".acoustigrid" / "parts").glob("[!.]*.jsonl")))

    def until(self, out: str, count: int, process: "subprocess.Popen[str]") -> None:
        """Wait until so many shards are finished."""
        while self.parts(out) < count:
            if process.poll() is not None:
                raise RuntimeError(f"the build was over before {count} shards: {process.communicate()[1][-2000:]}")
            time.sleep(0.02)


def same_sets(on: Rehearsal) -> dict[str, Any]:
    """The same set from every way to run."""
    first = on.built(on.build("serial", "--executor", "serial"))
    wanted = tree(on.folder / "serial")
    for name, how in (
        ("processes", ("--executor", "processes")),
        ("ray", ("--executor", "ray")),
        ("cluster", on.there),
    ):
        record = on.built(on.build(name, *how))
        alike = record["identity"] == first["identity"] and tree(on.folder / name) == wanted
        on.account.tell(f"{name}: same bytes as one after the other", f"{record['made']} items", alike)
    return first


def complete(on: Rehearsal, out: str, first: dict[str, Any]) -> tuple[str, bool]:
    """Whether every item is there, once, and the set is the same."""
    folder = on.folder / out
    names = [json.loads(line)["audio_filepath"] for line in (folder / "manifest.jsonl").read_text().splitlines()]
    sound = sorted(path.relative_to(folder).as_posix() for path in (folder / "audio").rglob("*") if path.is_file())
    twice, lost = len(names) - len(set(names)), first["made"] - len(set(names))
    alike = tree(folder) == tree(on.folder / "serial")
    return f"{len(names)} items, {twice} twice, {lost} lost", alike and sorted(
        names
    ) == sound and not twice and not lost


def node_lost(on: Rehearsal, first: dict[str, Any]) -> None:
    """One of two nodes killed in the middle."""
    process = on.build("node", *on.there)
    on.until("node", 2, process)
    on.nodes.kill(on.nodes.nodes.pop())
    before = on.parts("node")
    on.built(process)
    said, kept = complete(on, "node", first)
    on.account.tell(f"one of two nodes killed after {before} shards", said, kept)
    on.nodes.nodes.append(on.nodes.add())


def driver_lost(on: Rehearsal, first: dict[str, Any], number: int, how: tuple[str, ...], called: str) -> None:
    """The command stopped in the middle, and run again."""
    out = f"driver-{called}"
    process = on.build(out, *how)
    on.until(out, 2, process)
    os.killpg(process.pid, number)
    process.communicate()
    before = on.parts(out)
    record = on.built(on.build(out, *how))
    said, kept = complete(on, out, first)
    said += f", {record['reused']} of them made before"
    on.account.tell(
        f"command stopped by {called} after {before} shards, run again", said, kept and record["reused"] > 0
    )


def blind(on: Rehearsal) -> None:
    """A node that does not see the folder, where such a one can be made."""
    hides = f'mount -t tmpfs none "{on.folder}" && exec "$@"'
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        print("... no node can be made here that does not see the folder", file=sys.stderr)
        return
    stranger = on.nodes.stranger("unshare", "-rm", "sh", "-c", hides, "sh")
    process = on.build("blind", *on.there)
    error = process.communicate()[1].strip()
    of_tests("nodes").end(stranger)
    kept = (
        process.returncode == 2 and error.count("error:") == 1 and not (on.folder / "blind" / "testset.json").exists()
    )
    on.account.tell("a node that does not see the folder is refused", error.rpartition(" - ")[0][:90] + " ...", kept)


def kept_whole(on: Rehearsal) -> None:
    """All that has to do with sets."""
    first = same_sets(on)
    node_lost(on, first)
    for number, called in ((signal.SIGKILL, "SIGKILL"), (signal.SIGINT, "SIGINT")):
        driver_lost(on, first, number, on.there, called)
    driver_lost(on, first, signal.SIGINT, ("--executor", "ray"), "SIGINT, with a Ray of its own,")
    blind(on)


def timed(
    how: tuple[Any, ...], writer: Callable[[Any], Any], shards: list[Any], rounds: int
) -> Generator[float, None, None]:
    """Seconds for all shards, round by round, by workers that are there and warm."""
    from augment.execute import opened_way
    from augment.testset.preload import load_renderer

    executor, address = how
    with opened_way(executor, WORKERS, load_renderer, address) as way:
        list(way.run(writer, shards[:WORKERS]))
        for _ in range(rounds):
            start = time.monotonic()
            list(way.run(writer, shards))
            yield time.monotonic() - start


def overhead(on: Rehearsal, rounds: int, shard_s: float) -> None:
    """Ray against local workers over shards of about so many seconds; start-up is told apart."""
    from augment.api import plan
    from augment.files.sealed import SealedFolder
    from augment.testset.portions import Work, job_of
    from augment.testset.shard import Shard, ShardWriter

    planned = plan(on.folder / "recipe.yaml", cache=False)
    (on.folder / "timed").mkdir()
    writer = ShardWriter(
        SealedFolder(on.folder / "timed", ".acoustigrid/temp"), job_of(planned.loaded, planned.conditions)
    )
    every = list(Work.of(planned).utterances(()))
    writer(Shard(tuple(every[:2])))
    start = time.monotonic()
    writer(Shard(tuple(every[:8])))
    one_s = (time.monotonic() - start) / 8
    size = round(shard_s / one_s)
    many = every * (1 + 2 * WORKERS * size // len(every))
    shards = [Shard(tuple(many[n * size : (n + 1) * size])) for n in range(WORKERS)]
    started = {}
    ways = {}
    for name, how in (("processes", ("processes", None)), ("ray", ("ray", on.nodes.address))):
        start = time.monotonic()
        ways[name] = timed(how, writer, shards, rounds + 1)
        next(ways[name])
        started[name] = time.monotonic() - start
    rounded = [(next(ways["processes"]), next(ways["ray"])) for _ in range(rounds)]
    local, far = (statistics.median(column) for column in zip(*rounded, strict=True))
    slower = statistics.median(far_s / local_s for local_s, far_s in rounded) - 1
    for way in ways.values():
        way.close()
    said = f"{local:.1f} s local, {far:.1f} s ray: {100 * slower:+.1f} % (medians of {rounds} rounds)"
    on.account.tell(f"overhead, {WORKERS} shards of {size} utterances", said, slower <= MOST_SLOWER)
    print(f"... until two rounds were done: {started}", file=sys.stderr)


def main() -> None:
    """Rehearse and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the comparison with local workers")
    parser.add_argument("--shard-s", type=float, default=10.0, help="work of a shard there, in seconds")
    parser.add_argument("--only-overhead", action="store_true", help="only that comparison")
    given = parser.parse_args()
    account = Account()
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as top, of_tests("nodes").Nodes(1, 1) as nodes:
        shop = of_tests("conftest").Workshop(Path(top))
        shop.corpus({"North": 40, "South": 40}, speakers=4, seconds=3.0)
        shop.recipe(RECIPE.format(utterances=40))
        on = Rehearsal(Path(top), nodes, account)
        if not given.only_overhead:
            kept_whole(on)
        overhead(on, given.rounds, given.shard_s)
    print(table(["promise", "found", "kept"], account.rows))
    sys.exit(1 if account.broken else 0)


if __name__ == "__main__":
    main()
