"""What a build will cost: files, bytes and time, from a few blocks that are built on trial."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from augment.api.planning import plan
from augment.design.plan import Plan
from augment.errors import counted
from augment.files.sealed import SealedFolder
from augment.progress import SILENT, Progress
from augment.recipe.loader import RecipeLike
from augment.testset.folder import SCRATCH
from augment.testset.portions import Work, job_of
from augment.testset.shard import Shard, ShardWriter

TRIED_ITEMS = 600
"""Items that are made on trial, at most about."""
MOST_BLOCKS = 24
LEAST_S = 3.0
"""Work of a trial."""
TRIED_AT = (0.1, 0.5, 0.9)
"""Which blocks are tried, as shares of all blocks by their length."""
SHARD_S = 3600.0
"""Work of a shard that is worth the start of a builder, and whose loss can be borne, in seconds of one core."""


@dataclass(frozen=True)
class Cost:
    """What a build will cost. Time is that of one core of the machine that it was estimated on.

    Attributes:
        files: Audio files.
        size_bytes: Of all of them: an estimate.
        core_s: Seconds of one core that rendering and writing take: an estimate.
        tried: Items that were made on trial.

    Example: see :func:`cost_of`.
    """

    files: int
    size_bytes: int
    core_s: float
    tried: int

    @property
    def shards(self) -> int:
        """How many shards of an hour of one core that is, at least 1."""
        return max(1, round(self.core_s / SHARD_S))

    @property
    def record(self) -> dict[str, int | float]:
        """As a program is told."""
        return {
            "files": self.files, "bytes": self.size_bytes, "core_s": round(self.core_s, 1), "tried": self.tried,
            "shards": self.shards,
        }  # fmt: skip

    def __str__(self) -> str:
        """In a sentence.

        Example:
            >>> print(Cost(1000, 50_000_000, 7200.0, 96))
            about 50.0 MB and 2.00 hours of one core (96 items made on trial), or 2 shards of an hour
        """
        time_told = f"{self.core_s:.0f} seconds" if self.core_s < 600 else f"{self.core_s / 3600:.2f} hours"
        several = f", or {self.shards} shards of an hour" if self.shards > 1 else ""
        size = f"{self.size_bytes / 1e6:,.1f} MB"
        return f"about {size} and {time_told} of one core ({counted(self.tried, 'item')} made on trial){several}"


def cost_of(recipe: RecipeLike | Plan, progress: Progress = SILENT) -> Cost:
    """What building a plan will cost here, from a short, a usual and a long block that are built on trial.

    What a plan costs grows with its audio: that of a block is timed, written to the disk and encoded as in a build.

    Args:
        recipe: Path of a recipe, name of a bundled one, a dict, a loaded one, or a plan.
        progress: Told how far it has got.

    Example:
        >>> cost_of("demo").files
        384
    """
    planned = recipe if isinstance(recipe, Plan) else plan(recipe, progress)
    with tempfile.TemporaryDirectory() as scratch, SealedFolder.made(Path(scratch), SCRATCH) as sealed:
        writer = ShardWriter(sealed, job_of(planned.loaded, planned.conditions))
        tried = _tried(planned)
        writer(Shard(tried[0].utterances[:1]))  # whatever is loaded and compiled, a build loads and compiles once
        made, audio_s, spent_s, size = 0, 0.0, 0.0, 0
        with progress.step("trying blocks", unit="block") as step:
            while spent_s < LEAST_S:  # a machine's speed varies within seconds: a small plan is tried several times
                for shard in tried:
                    began_s = time.process_time()
                    done = writer(shard)
                    spent_s += time.process_time() - began_s
                    made, audio_s = made + len(done.names), audio_s + done.seconds
                    size += sum((sealed.path / name).stat().st_size for name in done.names)
                    step.advance()
                if not audio_s:
                    break  # nothing can be made: the build will say why
    scale = planned.seconds / audio_s if audio_s else 0.0
    return Cost(planned.table.height, round(size * scale), spent_s * scale, made)


def _tried(planned: Plan) -> list[Shard]:
    """Blocks with all of their conditions; of one with very many utterances, some.

    Where blocks meet only some of the conditions, successive blocks meet all of them equally often, to within one.
    """
    import polars

    schedule, utterances = planned.schedule, planned.utterances.with_row_index("number")
    blocks = utterances.group_by("block").agg(polars.col("samples").mean()).sort("samples", "block")["block"].to_list()
    if schedule.crossed:
        chosen = list(dict.fromkeys(blocks[round(share * (len(blocks) - 1))] for share in TRIED_AT))
    else:
        first = min(blocks[len(blocks) // 2], max(0, len(blocks) - schedule.period))
        chosen = list(range(first, min(first + schedule.period, len(blocks))))[:MOST_BLOCKS]
    most = max(1, TRIED_ITEMS // (len(chosen) * schedule.each))
    work = Work.of(planned)
    found = []
    for block in chosen:
        numbers = utterances.filter(polars.col("block") == block)["number"].to_list()[:most]
        found.append(Shard(tuple(work.some(numbers))))
    return found
