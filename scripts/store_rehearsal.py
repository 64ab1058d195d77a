"""Build a test set in an object store, kill the build in the middle, resume, verify and export it: same bytes?

    pip install -e '.[stores]' && npm install s3rver
    python scripts/store_rehearsal.py --s3rver node_modules/.bin/s3rver

Every promise is held against a build on the local disk: first with the store as it is, then through a proxy that
answers 5 % of requests with 503 and drops 1 % of connections. Exit code 1 if a promise is broken.
"""

import argparse
import hashlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faulty_proxy import Fate, Faults, proxied

from augment.files import remote
from augment.files.location import Url
from augment.files.objects import ObjectStore

KEY = "S3RVER"  # which that server wants, and moto takes like any other
BUCKET = "rehearsal"
PATIENCE_S = 300.0

Server = Callable[[Path], tuple[list[str], int]]
"""Given a folder for its data, the command that starts a server, and its port."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int) -> Iterator[tuple[str, int]]:
    """A server, from when it answers until this ends."""
    # s3rver asks for a cipher that OpenSSL 3 counts among the old ones.
    told = {**os.environ, "NODE_OPTIONS": "--openssl-legacy-provider"}
    process = subprocess.Popen(command, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with exit code {process.returncode}")
            time.sleep(0.1)
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait(30)


def moto(folder: Path) -> tuple[list[str], int]:
    """The command that starts moto's server, and its port."""
    port = free_port()
    return [str(Path(sys.executable).parent / "moto_server"), "-p", str(port)], port


def s3rver(command: str) -> Server:
    """The same of s3rver, whose data lie in a folder."""

    def started(folder: Path) -> tuple[list[str], int]:
        port = free_port()
        return [command, "-d", str(folder), "-a", "127.0.0.1", "-p", str(port), "--configure-bucket", BUCKET], port

    return started


@contextmanager
def environment(endpoint: str) -> Iterator[dict[str, str]]:
    """What processes are told of the store; this one is told, too."""
    said = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield dict(os.environ)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@dataclass
class Promise:
    """Something that must hold, and whether it does."""

    name: str
    kept: bool
    found: str
    seconds: float


@dataclass
class Rehearsal:
    """One store, with or without faults.

    Attributes:
        store: Where the set is built, seen without the faults.
        told: Environment of the commands.
        recipe: What is built.
        local: The same set on the disk.
        identity: Its identity.
        parts: So many are finished when the build is killed.
        workers: Of what comes after that.
        formats: Exported.
        promises: What came of it.
    """

    store: ObjectStore
    told: dict[str, str]
    recipe: str
    local: Path
    identity: str
    parts: int = 2
    workers: int = 2
    formats: str = "kaldi"
    promises: list[Promise] = field(default_factory=list)

    def run(self) -> None:
        """All of it, in order."""
        build, workers = ["build", self.recipe, "--out", str(self.store.path)], ["--workers", str(self.workers)]
        began = time.monotonic()
        parts = self._killed([*build, "--workers", "2"], self.parts)
        unfinished = not self._there("testset.json")
        self._promise("killed in the middle: not finished", parts > 0 and unfinished, f"{parts} parts", began)
        began = time.monotonic()
        code, said = commanded([*build, *workers], self.told)
        self._promise("resumed, finished items kept", code == 0 and "were there before" in said, last(said), began)
        self._promise("identity of the local build", self.identity in said, self.identity[:12], began)
        began = time.monotonic()
        code, said = commanded(["verify", str(self.store.path), "--sample", "4", *workers], self.told)
        self._promise("verify: all as it should be", code == 0, first(said), began)
        began = time.monotonic()
        code, said = commanded(["export", str(self.store.path), "--format", self.formats], self.told)
        self._promise("exported", code == 0, last(said), began)
        began = time.monotonic()
        different = self._different()
        self._promise("same files, same bytes", not different, ", ".join(different[:3]) or "all", began)
        left = [name for name in self.store.files(".acoustigrid") if name.rpartition("/")[2] not in KEPT]
        self._promise("nothing left behind", not left, ", ".join(left[:3]) or "nothing", began)

    def other_ways(self) -> None:
        """The same set beside it, by shards that know nothing of one another, and by Ray where that is installed."""
        beside, began = str(self.store.path.parent / "shards"), time.monotonic()
        steps = [["plan", self.recipe, "--into", beside]]
        steps += [["build", "--out", beside, "--shard", f"{number}/3"] for number in (2, 3, 1)]
        done = [commanded(step, self.told) for step in [*steps, ["finish", beside]]]
        kept = all(code == 0 for code, _ in done) and self.identity in done[-1][1]
        self._promise("three shards and finish: same identity", kept, last(done[-1][1]), began)
        if importlib.util.find_spec("ray"):
            began, beside = time.monotonic(), str(self.store.path.parent / "ray")
            ray = ["build", self.recipe, "--out", beside, "--executor", "ray", "--workers", "2"]
            code, said = commanded(ray, self.told)
            self._promise("by Ray: same identity", code == 0 and self.identity in said, last(said), began)

    def _there(self, name: str) -> bool:
        return name in self.store.files()

    def _killed(self, command: list[str], parts: int) -> int:
        """Kill a build as soon as so many of its parts are there."""
        process = subprocess.Popen(
            [sys.executable, "-m", "augment.cli", *command], env=self.told, stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < until:
            if len(self.store.files(".acoustigrid/parts")) >= parts:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.1)
        process.wait(60)
        return len(self.store.files(".acoustigrid/parts"))

    def _different(self) -> list[str]:
        """Files that are not the same in the store and on the disk."""
        here = {path.relative_to(self.local).as_posix(): path for path in self.local.rglob("*") if path.is_file()}
        here = {name: path for name, path in here.items() if not name.startswith(".acoustigrid/")}
        there = [name for name in self.store.files() if not name.startswith(".acoustigrid/")]
        found = sorted(set(here) ^ set(there))
        for name in sorted(set(here) & set(there)):
            if hashlib.sha256(self.store.read(name)).digest() != hashlib.sha256(here[name].read_bytes()).digest():
                found.append(name)
        return found

    def _promise(self, name: str, kept: bool, found: str, began: float) -> None:
        self.promises.append(Promise(name, kept, found, time.monotonic() - began))


def commanded(command: Sequence[str], told: dict[str, str]) -> tuple[int, str]:
    """Exit code of a command, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "augment.cli", *command],
        env=told, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


KEPT = {".gitignore", "name", "where.json"}
"""What a finished set has beside itself, wherever it is."""


def last(said: str) -> str:
    """The last line of what a command said."""
    lines = [line for line in said.splitlines() if line.strip()]
    known = [line for line in lines if "items in" in line or "there before" in line]
    return (known or lines or [""])[-1][:70]


def first(said: str) -> str:
    """The first line."""
    return (said.splitlines() or [""])[0][:70]


def local_build(recipe: str, folder: Path, formats: str) -> str:
    """Build and export a set on the disk; returns its identity."""
    import augment

    result = augment.build(recipe, folder, workers=2)
    augment.write_formats(folder, formats.split(","))
    return result.identity


def rehearsed(
    server: Server,
    faults: Faults,
    recipe: str,
    local: Path,
    identity: str,
    parts: int = 2,
    workers: int = 2,
    ways: bool = False,
) -> list[Promise]:
    """Rehearse with a fresh server behind a proxy; in other ways too, if asked for."""
    with tempfile.TemporaryDirectory() as data:
        command, port = server(Path(data))
        with (
            serving(command, port) as upstream,
            proxied(upstream, faults) as endpoint,
            environment(f"http://127.0.0.1:{port}") as told,
        ):
            place = Url("s3", f"{BUCKET}/sets/ward")
            remote.forget()
            made = remote.filesystem(place)
            if not made.exists(BUCKET):
                made.mkdir(BUCKET)
            told["AWS_ENDPOINT_URL"] = endpoint
            found = Rehearsal(ObjectStore(place), told, recipe, local, identity, parts, workers)
            found.run()
            if ways:
                found.other_ways()
    return found.promises


def main() -> int:
    """Rehearse with each server, without and with faults, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="demo")
    parser.add_argument("--s3rver", help="the command; without it, moto alone is used")
    parser.add_argument("--only", choices=["moto", "s3rver"])
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    servers = {"moto": moto, **({"s3rver": s3rver(asked.s3rver)} if asked.s3rver else {})}
    servers = {name: server for name, server in servers.items() if asked.only in (None, name)}
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "ward"
        began = time.monotonic()
        identity = local_build(asked.recipe, local, "kaldi")
        print(f"local build and export: {time.monotonic() - began:.1f} s, identity {identity[:12]}")
        for name, server in servers.items():
            for faults in (Faults(seed=asked.seed), Faults(0.05, 0.01, asked.seed)):
                promises = rehearsed(server, faults, asked.recipe, local, identity, ways=True)
                counts = ", ".join(f"{faults.counts[fate]} {fate.value}" for fate in Fate if faults.counts[fate])
                print(f"\n{name}: {counts}")
                for promise in promises:
                    state = "kept  " if promise.kept else "BROKEN"
                    print(f"  {state}  {promise.name:<40} {promise.seconds:6.1f} s  {promise.found}")
                broken += sum(not promise.kept for promise in promises)
    print(f"\n{broken} promises broken" if broken else "\nall promises kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
