"""What builders of shards leave behind: which shard is done, and which of its items could not be made."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from augment.design.plan import Plan
from augment.errors import FEW_NAMED, AcoustigridError, Fault, TestSetError, counted, named
from augment.files.json_text import json_text, strict_json
from augment.files.store import Store
from augment.testset.folder import FAILURE, RECEIPTS
from augment.testset.planned import ItemRows
from augment.testset.resume import Folder
from augment.testset.shared import PlanShard

MISSING = "build what is missing: acoustigrid build --out DIR --shard K/N"


@dataclass(frozen=True)
class Receipt:
    """That a shard is done.

    Attributes:
        plan: Hash of the plan that it belongs to.
        shard: Which it is, ``3/40``.
        failures: Its items that could not be made, and why.
    """

    plan: str
    shard: str
    failures: list[dict[str, Any]]


def receipt_text(receipt: Receipt) -> bytes:
    """A receipt as its file holds it."""
    return json_text(asdict(receipt))


def read_receipts(sealed: Store, plan: str) -> list[Receipt]:
    """Receipts of the shards of a plan.

    Args:
        sealed: The test set.
        plan: Hash of the plan; receipts of others are passed over.

    Raises:
        TestSetError: One is damaged.
    """
    found, faults = list[Receipt](), list[Fault]()
    for name in (name for name in sealed.files(RECEIPTS) if name.endswith(".json")):
        try:
            receipt = Receipt(**strict_json(sealed.read(name).decode()))
            said = [receipt.plan, receipt.shard, *(failure[key] for failure in receipt.failures for key in FAILURE)]
            if not all(isinstance(text, str) for text in said):
                raise TypeError("expected text")
            PlanShard.read(receipt.shard)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, AcoustigridError) as error:
            faults.append(Fault(str(sealed.path / name), f"is damaged: {error!r}", "build that shard again"))
            continue
        found += [receipt] if receipt.plan == plan else []
    if faults:
        raise TestSetError(faults)
    return found


def refuse_missing(opened: Folder, planned: Plan, receipts: Sequence[Receipt]) -> list[dict[str, Any]]:
    """Refuse to finish a set whose shards are not all done.

    Args:
        opened: The set's folder.
        planned: Its plan.
        receipts: Of its shards.

    Returns:
        Items that could not be made, and why.

    Raises:
        TestSetError: Items are missing; it says which shards left no receipt, as far as that is known.
    """
    lacking = opened.finished.lacks(np.arange(planned.table.height, dtype=np.int32))
    told = [failure for receipt in receipts for failure in receipt.failures]
    numbers = opened.keys.numbers([failure["audio_filepath"] for failure in told]).tolist()
    failures = {number: own for number, own in zip(numbers, told, strict=True) if number >= 0 and lacking[number]}
    lacking[list(failures)] = False
    missing = np.flatnonzero(lacking)
    if missing.size:
        first = ItemRows(planned.table)[int(missing[0])]["audio_filepath"]
        message = f"{counted(missing.size, 'item')} of {planned.table.height:,} are not there, such as {first}"
        raise TestSetError(Fault(str(opened.sealed.path), f"{message}{_undone(receipts)}", MISSING))
    return list(failures.values())


def _undone(receipts: Sequence[Receipt]) -> str:
    """Which shards have no receipt, if all agree on how many there are."""
    done = [PlanShard.read(receipt.shard) for receipt in receipts]
    if len({shard.of for shard in done}) != 1:
        return ""
    of, numbers = done[0].of, {shard.number for shard in done}
    lacking = [f"{number}/{of}" for number in range(1, of + 1) if number not in numbers]
    return f"; not done: {named(lacking, FEW_NAMED)}" if lacking else ""
