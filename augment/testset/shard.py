"""The unit of work: a few utterances with all of their conditions, rendered, written and committed together."""

import hashlib
import itertools
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from augment.acoustics.channels import ChannelChoice
from augment.bounds import SLOWEST, STARTUP_S
from augment.corpus.speech import read_speech
from augment.dealt import Dealt
from augment.design.conditions import Condition
from augment.errors import AcoustigridError, AudioError, Fault, StoreError, TestSetError
from augment.files.audio import AudioFormat, encode, pcm_sha256
from augment.files.location import Location
from augment.files.store import Staged, Store
from augment.render import Failed, Rendered, RenderSpec, render
from augment.scene import Block
from augment.testset.folder import PARTS, SCRATCH, writing


@dataclass(frozen=True)
class Item:
    """One file to be made.

    Attributes:
        condition: Name of its condition.
        audio_filepath: Relative to the test set's folder.
        key: Hash of all that decides its bytes.
    """

    condition: str
    audio_filepath: str
    key: str


@dataclass(frozen=True)
class Utterance:
    """One utterance and the items to be made of it.

    Attributes:
        identity: Its id in the corpus.
        path: Its audio file.
        offset_s: Start in the file; None for the whole file.
        duration_s: Length, where it has a start.
        channel: Of the file; None where it does not matter.
        sha256: Of the file, when it was planned.
        block: Its block.
        dealt: What the planner dealt to the block, by :attr:`ChainStep.plays`.
        items: What to make.
        samples: Length of each of them.
    """

    identity: str
    path: Location
    offset_s: float | None
    duration_s: float | None
    channel: ChannelChoice
    sha256: str
    block: int
    dealt: Mapping[str, Dealt]
    items: tuple[Item, ...]
    samples: int


@dataclass(frozen=True)
class Shard:
    """A few utterances, done together."""

    utterances: tuple[Utterance, ...]

    @property
    def name(self) -> str:
        """Name that stands for its items."""
        digest = hashlib.sha256()
        for item in (item for utterance in self.utterances for item in utterance.items):
            digest.update(f"{item.audio_filepath} {item.key}\n".encode())
        return digest.hexdigest()[:20]


@dataclass(frozen=True)
class Job:
    """How all shards of a build are rendered.

    Attributes:
        audio_format: Of their files.
        spec: How to render.
        conditions: By name.
    """

    audio_format: AudioFormat
    spec: RenderSpec
    conditions: Mapping[str, Condition]


@dataclass(frozen=True)
class ShardWriter:
    """Makes shards, in whatever process it is called.

    Attributes:
        folder: The test set.
        job: How they are rendered.
        parts: Folder of the part-manifests.
        scratch: Folder for temporary files.
    """

    folder: Store
    job: Job
    parts: str = PARTS
    scratch: str = SCRATCH

    def __call__(self, shard: Shard) -> "Done":
        """Render, write and commit a shard.

        Raises:
            TestSetError: The files cannot be written, or a link stands in their way.
        """
        # Of its own: another machine that is taken for lost may still be at the same shard.
        aside = f"{self.scratch}/{shard.name}.{secrets.token_hex(4)}"
        done = Done(f"{self.parts}/{shard.name}.jsonl")
        names = [item.audio_filepath for work in shard.utterances for item in work.items]
        with writing(self.folder.path), self.folder.staged(aside, names) as staged:
            lines = list(self._make_all(shard, staged, done))
            staged.commit()
            if lines:  # last of all it is written down that the files are there
                self.folder.replace(done.part, lines)
        return done

    def limit_s(self, shard: Shard) -> float:
        """Time after which whoever makes a shard is taken to hang."""
        samples = sum(utterance.samples * len(utterance.items) for utterance in shard.utterances)
        return STARTUP_S + SLOWEST * samples / self.job.spec.sample_rate_hz

    def _make_all(self, shard: Shard, staged: Staged, done: "Done") -> Iterator[bytes]:
        """Render and write all items; gives their rows as lines of the part."""
        for number, utterances in itertools.groupby(shard.utterances, key=lambda utterance: utterance.block):
            together = list(utterances)
            block = Block(number, max(utterance.samples for utterance in together))
            for utterance in together:
                yield from self._make(utterance, block, staged, done)

    def _make(self, utterance: Utterance, block: Block, staged: Staged, done: "Done") -> Iterator[bytes]:
        wanted = {item.condition: item for item in utterance.items}
        rate_hz = self.job.spec.sample_rate_hz
        try:
            for outcome in render_utterance(self.job, utterance, block):
                item = wanted.pop(outcome.condition.name)
                if isinstance(outcome, Failed):
                    done.fail(utterance, item, outcome.reason)
                    continue
                data = encode(outcome.pcm, rate_hz, self.job.audio_format)
                line = _line(item, outcome, data, staged.add(item.audio_filepath, data))
                done.add(item, line, outcome.pcm.size / rate_hz)
                del outcome  # or its sounds would still be there while the next item is made
                yield line
        except (OSError, TestSetError, StoreError):
            raise  # the disk, the folder or a store, not the utterance
        except Exception as error:  # whatever it is, the other utterances are finished
            known = isinstance(error, AcoustigridError)
            for item in wanted.values():
                done.fail(utterance, item, str(error) if known else f"{type(error).__name__}: {error}")


def _line(item: Item, rendered: Rendered, data: bytes, md5: str | None) -> bytes:
    """The row of an item that was made: its path, key and hashes, and what was measured."""
    row = {
        "audio_filepath": item.audio_filepath,
        "key": item.key,
        "sha256": hashlib.sha256(data).hexdigest(),
        "pcm_sha256": pcm_sha256(rendered.pcm),
        **rendered.measured,
        **({} if md5 is None else {"md5": md5}),  # by which the store knows it
    }
    return (json.dumps(row, sort_keys=True) + "\n").encode()


@dataclass
class Done:
    """What became of a shard. Rows of items stay in its part: whoever waits for it needs to know where they lie.

    Attributes:
        part: The file that holds them.
        names: ``audio_filepath`` of each item made, in the order of the part's lines.
        starts: Where the line of each begins.
        failures: For each item not made: its path and condition, and why.
        seconds: Audio made.
    """

    part: str
    names: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    _end: int = 0

    def add(self, item: Item, line: bytes, seconds: float) -> None:
        """One item that was made, and its line."""
        self.names.append(item.audio_filepath)
        self.starts.append(self._end)
        self._end += len(line)
        self.seconds += seconds

    def fail(self, utterance: Utterance, item: Item, reason: str) -> None:
        """One item that could not be made."""
        self.failures.append(
            {
                "audio_filepath": item.audio_filepath,
                "utterance": utterance.identity,
                "condition": item.condition,
                "reason": reason,
            }
        )


def render_utterance(job: Job, utterance: Utterance, block: Block | None = None) -> Iterator[Rendered | Failed]:
    """Render the items of an utterance.

    Args:
        job: How.
        utterance: What.
        block: Its block, where others of it are rendered too.

    Raises:
        AudioError: Its audio cannot be read, or is not what it was when it was planned.
        RenderError: It has no active speech.
    """
    spec = job.spec
    place = (utterance.path, utterance.offset_s, utterance.duration_s)
    speech = read_speech(*place, spec.sample_rate_hz, utterance.channel)
    if speech.sha256 != utterance.sha256:
        raise AudioError(Fault(str(utterance.path), "the file has changed since it was planned", "build again"))
    conditions = [job.conditions[item.condition] for item in utterance.items]
    heard = block or Block(utterance.block, speech.samples.size)
    return render(speech.samples, conditions, spec, heard, utterance.dealt)
