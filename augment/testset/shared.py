"""A plan that is written down before it is built, for builders that do not know of one another.

Schedulers that know only commands, such as those of SLURM, run ``build --shard 3/40`` forty times. Each builder needs
the plan, and has no time to make it again. Below ``.acoustigrid/plan`` stand its utterances by block, and what is dealt
to each block; items follow from the two and from the recipe, and their keys are computed by whoever makes them. So a
plan of a million utterances under a hundred conditions is a file of a million rows, of which a builder reads its own.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from augment.corpus.pseudonyms import pseudonyms_of
from augment.dealt import Dealt, Exposure, dealt_text, read_dealt
from augment.design.assignment import Schedule
from augment.design.chains import REMEMBERED, Chain
from augment.design.conditions import Condition, conditions
from augment.design.items import Items
from augment.design.plan import Plan
from augment.errors import AcoustigridError, Fault, TestSetError
from augment.files.json_text import json_text, strict_json
from augment.files.location import Location, location
from augment.files.store import Kind, Store
from augment.kept import EVERYTHING, found_with
from augment.recipe.loader import LoadedRecipe, load_recipe
from augment.testset.folder import IDENTITY, LOCK, PARTS, RECEIPTS, RECIPE, SCRATCH, SHARED
from augment.testset.outgoing import parquet_pieces
from augment.testset.portions import WORK_COLUMNS, Work

if TYPE_CHECKING:
    import polars

ABOUT = f"{SHARED}/plan.json"
WRITTEN_RECIPE = f"{SHARED}/{RECIPE}"
UTTERANCES = f"{SHARED}/utterances.parquet"
DEALT = f"{SHARED}/dealt.parquet"
SHAPE: dict[str, type] = {
    "plan": str, "replace": bool, "code": str, "recipe_folder": str, "corpus_folder": str, "conditions": list,
    "each": int, "ring": list,
}  # fmt: skip
"""What ``plan.json`` holds."""
ROWS = 65_536
"""Of a table that are written at a time."""
NOT_PLANNED = "plan it first: acoustigrid plan RECIPE --into DIR"


@dataclass(frozen=True)
class PlanShard:
    """One of the parts that a plan is built in: the third of forty.

    Attributes:
        number: From 1 on.
        of: How many there are.

    Example:
        >>> str(PlanShard.read("3/40")), PlanShard(3, 40).name
        ('3/40', '0003-of-0040')
    """

    number: int
    of: int

    @classmethod
    def read(cls, text: str) -> Self:
        """From ``3/40``.

        Raises:
            AcoustigridError: It is nothing like that.
        """
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip(), re.ASCII)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise AcoustigridError(Fault("shard", f"expected something like 3/40, the third of forty, found '{text}'"))
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def name(self) -> str:
        """Of its files and folders."""
        return f"{self.number:04d}-of-{self.of:04d}"

    @property
    def receipt(self) -> str:
        """The file that says that it is done."""
        return f"{RECEIPTS}/{self.name}.json"

    @property
    def parts(self) -> str:
        """Folder of its part-manifests."""
        return f"{PARTS}/{self.name}"

    def is_of_another(self, part: str) -> bool:
        """Whether a part-manifest belongs to another of the same number of shards, which has other blocks.

        Example:
            >>> [PlanShard(3, 40).is_of_another(f"{PARTS}/{name}/a.jsonl") for name in ("0002-of-0040", "0002-of-0020")]
            [True, False]
        """
        folder = part.removeprefix(f"{PARTS}/").rpartition("/")[0]
        return folder.endswith(f"-of-{self.of:04d}") and folder != self.name

    @property
    def scratch(self) -> str:
        """Folder of its temporary files."""
        return f"{SCRATCH}/{self.name}"


@contextmanager
def building_shard(sealed: Store, shard: PlanShard) -> Iterator[None]:
    """Hold a set's folder for one shard: others may build other shards, and nobody may finish the set.

    Raises:
        TestSetError: Somebody builds this shard, or the whole set.
    """
    with sealed.locked(LOCK, shared=True), sealed.locked(f"{RECEIPTS}/{shard.name}.lock"):
        sealed.remove_folder(shard.scratch)
        yield


def write_shared(sealed: Store, planned: Plan, replace: bool) -> None:
    """Write a plan down for those who build its shards.

    Args:
        sealed: The test set's folder, held under its lock.
        planned: The plan.
        replace: Whether finished items of the set may be changed or removed.
    """
    forget_shared(sealed)
    files = _files(planned)
    for name, data in files.items():
        sealed.replace(name, data)
    about = {
        "plan": _digest(_hashes(files)),
        "replace": replace,
        "code": found_with(EVERYTHING),
        "recipe_folder": str(planned.loaded.base.resolve()),
        "corpus_folder": str(planned.corpus.folder.resolve()),
        "conditions": [condition.name for condition in planned.conditions],
        "each": planned.schedule.each,
        "ring": list(planned.schedule.ring),
    }
    sealed.replace(ABOUT, json_text(about))  # last: without it there is no plan


def forget_shared(sealed: Store) -> None:
    """Remove a plan that was written down, and what is known of its shards."""
    sealed.unlink(ABOUT)
    for folder in (SHARED, RECEIPTS):
        sealed.remove_folder(folder)


def plan_digest(planned: Plan) -> str:
    """A hash of what would be written of a plan."""
    return _digest(_hashes(_files(planned)))


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def _digest(sha256: Mapping[str, str]) -> str:
    lines = "".join(f"{checksum}  {name}\n" for name, checksum in sha256.items())
    return hashlib.sha256(lines.encode()).hexdigest()


def _files(planned: Plan) -> dict[str, bytes]:
    """The recipe, the utterances by block, and what is dealt to each block."""
    import polars

    table, order = planned.table, planned.table.by_block()
    utterances = (table.utterances[order[start : start + ROWS]] for start in range(0, len(order), ROWS))
    dealt = polars.DataFrame(_dealt_rows(planned.exposures), {"block": polars.Int64, "dealt": polars.String})
    return {
        WRITTEN_RECIPE: planned.loaded.text.encode(),
        UTTERANCES: b"".join(parquet_pieces(utterances)),
        DEALT: b"".join(parquet_pieces([dealt])),
    }


def _dealt_rows(exposures: Mapping[str, Exposure]) -> dict[str, list[Any]]:
    """What is dealt to each block that is dealt anything."""
    blocks = sorted({block for exposure in exposures.values() for block in exposure.dealt})
    texts = [
        dealt_text({played: own.dealt[block].written() for played, own in exposures.items() if block in own.dealt})
        for block in blocks
    ]
    return {"block": blocks, "dealt": texts}


@dataclass(frozen=True)
class SharedPlan:
    """A plan as its files tell it.

    Attributes:
        sealed: The test set's folder.
        loaded: The recipe.
        schedule: Which block meets which conditions.
        corpus_folder: Folder that audio paths start from.
        digest: A hash of the plan.
        replace: Whether finished items of the set may be changed or removed.
    """

    sealed: Store
    loaded: LoadedRecipe
    schedule: Schedule
    corpus_folder: Location
    digest: str
    replace: bool

    @cached_property
    def _sizes(self) -> "polars.DataFrame":
        """Utterances and samples of each block, by block."""
        import polars

        with self.sealed.open(UTTERANCES) as file:
            found = polars.scan_parquet(file).select("block", "samples").group_by("block")
            return found.agg(polars.len().alias("utterances"), polars.col("samples").sum()).sort("block").collect()

    def blocks(self, shard: PlanShard) -> tuple[int, int]:
        """The blocks of a shard: the first, and the one behind the last; both are equal if it has none.

        Shards have whole blocks in their order, and as nearly as that allows the same length of audio.
        """
        ends = self._sizes["samples"].cum_sum()
        total, blocks = int(ends[-1]), self._sizes["block"]
        first, last = (int(ends.search_sorted(total * n / shard.of, "left")) for n in (shard.number - 1, shard.number))
        # A block belongs to the shard in which it ends.
        first, last = first + (shard.number > 1), min(last + 1, len(blocks))
        return (int(blocks[first]), int(blocks[last - 1]) + 1) if first < last else (0, 0)

    def work(self, shard: PlanShard) -> Work:
        """What is to be made in a shard."""
        import polars

        start, end = self.blocks(shard)
        within = (polars.col("block") >= start) & (polars.col("block") < end)
        with self.sealed.open(UTTERANCES) as file:
            utterances = polars.scan_parquet(file).filter(within).collect()
        with self.sealed.open(DEALT) as file:
            dealt = polars.scan_parquet(file).filter(within).collect()
        columns = self.schedule.conditions
        exposures, remembered = _exposures(dealt.iter_rows(), columns), max(1, REMEMBERED // len(columns))
        chains = [Chain(condition, self.loaded, exposures, remembered) for condition in columns]
        names = pseudonyms_of(self.loaded.recipe.corpus, self.loaded.base)
        key = str if names is None else names.item_key
        table = Items(utterances, self.schedule, chains, None, WORK_COLUMNS, key)
        return Work(table, self.corpus_folder, self.loaded.recipe.output.sample_rate_hz)


def _exposures(rows: Iterable[tuple[int, str]], conditions: Iterable[Condition]) -> dict[str, Exposure]:
    """What is dealt to some blocks, by :attr:`ChainStep.plays`: perhaps nothing of what conditions play."""
    dealt: dict[str, dict[int, Dealt]] = {s.plays: {} for condition in conditions for s in condition.chain if s.plays}
    for block, text in rows:
        for played, own in read_dealt(text).items():
            dealt[played][block] = own
    return {played: Exposure(played, "", own, 0, 0) for played, own in dealt.items()}


def read_shared(sealed: Store) -> SharedPlan:
    """Read a plan that was written down.

    Raises:
        TestSetError: There is none, or it was made by other code than ours.
        AcoustigridError: Its recipe, or what that names, is not here.
    """
    about = read_about(sealed)
    if about["code"] != found_with(EVERYTHING):
        message = "the plan was made with another version of acoustigrid, or of the libraries that make its sound"
        raise TestSetError(Fault(str(sealed.path), message, "use the same everywhere, or plan it again"))
    try:
        there = _digest({name: sealed.sha256(name) for name in (WRITTEN_RECIPE, UTTERANCES, DEALT)})
    except FileNotFoundError:
        there = ""
    if there != about["plan"]:
        message = "its files are not those that were written with plan.json"
        raise TestSetError(Fault(str(sealed.path / SHARED), message, "plan it again"))
    loaded = _loaded(sealed, location(about["recipe_folder"]))
    columns = conditions(loaded)
    if [condition.name for condition in columns] != about["conditions"]:
        message = "the recipe gives other conditions here than where it was planned"
        raise TestSetError(Fault(str(sealed.path), message, "plan it again"))
    schedule = Schedule(columns, about["each"], tuple(about["ring"]))
    return SharedPlan(sealed, loaded, schedule, location(about["corpus_folder"]), about["plan"], about["replace"])


def read_about(sealed: Store) -> dict[str, Any]:
    """What is known of a plan that was written down, apart from its tables.

    Raises:
        TestSetError: There is none, or it is damaged.
    """
    if sealed.kind(ABOUT) is not Kind.FILE:
        finished = ": the set in it is finished" if sealed.kind(IDENTITY) is Kind.FILE else ""
        message = f"there is no plan in this folder whose shards could be built{finished}"
        raise TestSetError(Fault(str(sealed.path), message, NOT_PLANNED))
    try:
        about: dict[str, Any] = strict_json(sealed.read(ABOUT).decode())
        for name, kind in SHAPE.items():
            if type(about[name]) is not kind:
                raise TypeError(f"'{name}' is of another kind")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TestSetError(Fault(str(sealed.path / ABOUT), f"is damaged: {error!r}", "plan it again")) from None
    return about


def _loaded(sealed: Store, base: Location) -> LoadedRecipe:
    if not base.is_dir():
        raise AcoustigridError(Fault(str(base), "the folder of the recipe is not there", "have it on every machine"))
    return load_recipe(sealed.path / WRITTEN_RECIPE, base)
