"""Which utterances: equal numbers for each group, from as many speakers as possible, in matched blocks.

Every group's utterances stand in a fixed order of their own: one of each speaker, then a second of each, and so on;
speakers and utterances shuffled by the hash of seed and name. A group gives the first n of its order. So another
group, or another n, moves no utterance to another block.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.corpus.table import Corpus, label_column
from augment.errors import DesignError, Fault, nearest
from augment.recipe.experiment import Balance
from augment.streams import rank

if TYPE_CHECKING:
    import polars

UNLABELLED = "(unlabelled)"
UNKNOWN_SPEAKER = "(unknown)"


@dataclass(frozen=True)
class Selection:
    """The utterances of a plan.

    Attributes:
        frame: Rows of the corpus that were chosen, with ``group`` and ``block``, sorted by both.
        groups: Names of the groups, sorted.
        per_group: Utterances in each group.
        left_out: How many rows are not used, by reason.
        notes: What the user should know.
    """

    frame: "polars.DataFrame"
    groups: tuple[str, ...]
    per_group: int
    left_out: dict[str, int]
    notes: tuple[str, ...]


def select(corpus: Corpus, balance: Balance, seed: int) -> Selection:
    """Choose equal numbers of utterances for every group.

    Args:
        corpus: Clean labelled speech.
        balance: Groups and numbers.
        seed: Of the recipe.

    Raises:
        DesignError: The corpus cannot carry it; with the numbers, and what would be feasible.
    """
    _refuse_labels(corpus, balance)
    frame, left_out = _grouped(corpus, balance)
    ordered = _in_order(frame, seed)
    sizes = {str(g): int(n) for g, n in ordered.group_by("group").len().rows()}
    speakers = {str(g): int(n) for g, n in ordered.group_by("group").agg(_speakers()).rows()}
    wanted = min(sizes.values()) if balance.utterances == "max" else balance.utterances
    _refuse_infeasible(corpus, balance, sizes, speakers, wanted)
    chosen = ordered.filter(ordered["block"] < wanted).sort("group", "block")
    surplus = ordered.height - chosen.height
    if surplus:
        left_out["more than the groups give"] = surplus
    notes = [*_case_notes(corpus, balance), *_speaker_notes(balance, speakers, wanted)]
    if len(sizes) == 1:
        notes.append(f"there is only one group, {next(iter(sizes))}: nothing can be compared")
    if balance.utterances == "max":
        smallest = min(sizes, key=lambda g: (sizes[g], g))
        notes.append(f"each group gives {wanted} utterances, all that the smallest, {smallest}, has")
    return Selection(chosen, tuple(sorted(sizes)), wanted, left_out, tuple(notes))


def _speakers() -> "polars.Expr":
    import polars

    return polars.col("speaker").n_unique()


def _refuse_labels(corpus: Corpus, balance: Balance) -> None:
    faults = []
    for label in balance.by:
        if label not in corpus.labels:
            known = f"labels of the corpus: {', '.join(corpus.labels) or 'none'}"
            message = f"the recipe balances by '{label}', a label that the corpus does not have"
            faults.append(Fault(str(corpus.manifest), message, f"{nearest(label, corpus.labels)}; {known}"))
    if faults:
        raise DesignError(faults)


def _grouped(corpus: Corpus, balance: Balance) -> tuple["polars.DataFrame", dict[str, int]]:
    """Rows with their group, and the count of rows left out for want of a label."""
    import polars

    left_out = dict(corpus.left_out)
    by = [label_column(label) for label in balance.by]
    words = " or no ".join(balance.by)
    frame = corpus.frame
    missing = frame.filter(polars.any_horizontal(polars.col(by).is_null()))
    if missing.height and balance.unlabelled == "refuse":
        place = f"{corpus.manifest}:{missing['row'][0]}"
        message = f"{missing.height} rows have no {words}; this is the first"
        raise DesignError(Fault(place, message, "label them, or balance: {unlabelled: leave_out}"))
    if missing.height and balance.unlabelled == "leave_out":
        left_out[f"no {words}"] = missing.height
        frame = frame.filter(~polars.any_horizontal(polars.col(by).is_null()))
    if not frame.height:
        raise DesignError(Fault(str(corpus.manifest), f"no row has a {' and a '.join(balance.by)}"))
    group = polars.concat_str([polars.col(column).fill_null(UNLABELLED) for column in by], separator=" / ")
    speaker = polars.col("speaker").fill_null(UNKNOWN_SPEAKER)
    frame = frame.with_columns(group.alias("group"), speaker.alias("speaker"))
    if frame.select(by).unique().height != frame["group"].n_unique():
        message = f"two combinations of {', '.join(balance.by)} would be one group: a label holds ' / ' or {UNLABELLED}"
        raise DesignError(Fault(str(corpus.manifest), message, "rename it: corpus: {labels: ...}"))
    return frame, left_out


def _in_order(frame: "polars.DataFrame", seed: int) -> "polars.DataFrame":
    """Rows with ``block``: their place in the order of their group.

    A speaker's utterances are shuffled by their texts, and each speaker of a group begins one text further on. So
    where all speakers read the same sentences and groups have equally many of them, a block holds one sentence, and
    the blocks hold many.
    """
    import polars

    texts = {text: rank(seed, "text", text) for text in frame["text"].unique().to_list()}
    voices = {speaker: rank(seed, "speaker", speaker) for speaker in frame["speaker"].unique().to_list()}
    ranked = frame.with_columns(
        polars.Series("_text", [texts[text] for text in frame["text"]]),
        polars.Series("_own", [rank(seed, "utterance", identity) for identity in frame["id"]]),
        polars.Series("_voice", [voices[speaker] for speaker in frame["speaker"]]),
    )
    ranked = ranked.sort("group", "speaker", "_text", "_own")
    own = polars.int_range(polars.len()).over("group", "speaker")
    count = polars.len().over("group", "speaker")
    place = polars.col("_voice").rank("dense").over("group").cast(polars.Int64) - 1
    ranked = ranked.with_columns(((own - place) % count).alias("_turn"))
    ranked = ranked.sort("group", "_turn", "_voice")
    ranked = ranked.with_columns(polars.int_range(polars.len()).over("group").alias("block"))
    return ranked.drop("_text", "_own", "_voice", "_turn")


def _refuse_infeasible(
    corpus: Corpus, balance: Balance, sizes: dict[str, int], speakers: dict[str, int], wanted: int
) -> None:
    few = {g: n for g, n in sorted(sizes.items()) if n < wanted}
    lone = {g: n for g, n in sorted(speakers.items()) if min(n, wanted) < balance.speakers.min}
    if not few and not lone:
        return
    faults = [
        Fault(str(corpus.manifest), f"group {g}: {n} of {wanted} utterances that the recipe asks for")
        for g, n in few.items()
    ]
    for g, n in lone.items():
        message = f"group {g}: {min(n, wanted)} of at least {balance.speakers.min} speakers that the recipe asks for"
        faults.append(Fault(str(corpus.manifest), message))
    rest = [g for g in sizes if g not in few and g not in lone and UNLABELLED not in g]
    wanting = any(UNLABELLED in g for g in [*few, *lone])
    options = [_nearest_request(balance, sizes, speakers, wanted)]
    if len(rest) > 1 and len(balance.by) == 1:
        also = ", and balance: {unlabelled: leave_out}" if wanting else ""
        kept = f"corpus: {{keep: {{{balance.by[0]}: {sorted(rest)}}}}}{also}"
        options.insert(0, f"keep only {len(rest)} groups: {kept}")
    faults.append(Fault("", f"feasible would be: {'; or '.join(options)}"))
    raise DesignError(faults)


def _nearest_request(balance: Balance, sizes: dict[str, int], speakers: dict[str, int], wanted: int) -> str:
    """What all groups can carry, as near to the request as possible."""
    utterances = min(wanted, min(sizes.values()))
    voices = min(speakers.values())
    if min(sizes.values()) >= balance.speakers.min <= voices:
        utterances = max(utterances, balance.speakers.min)  # more utterances make room for the speakers
    fewest = min(balance.speakers.min, voices, utterances)
    return f"balance: {{utterances: {utterances}, speakers: {{min: {fewest}}}}}"


def _speaker_notes(balance: Balance, speakers: dict[str, int], wanted: int) -> list[str]:
    """A group of one voice compares a person, not an accent."""
    single = sorted(g for g, n in speakers.items() if min(n, wanted) == 1)
    if not single or "speaker" in balance.by:
        return []
    return [f"one speaker stands for the whole group: {', '.join(single)}; a difference may be that person's alone"]


def _case_notes(corpus: Corpus, balance: Balance) -> list[str]:
    """Label values that differ in case or space only and are probably one."""
    notes = []
    for label in balance.by:
        alike: dict[str, list[str]] = {}
        for value in sorted(v for v in corpus.frame[label_column(label)].unique().to_list() if v is not None):
            alike.setdefault(" ".join(value.casefold().split()), []).append(value)
        for values in alike.values():
            if len(values) > 1:
                mapping = ", ".join(f"'{v}': '{values[-1]}'" for v in values[:-1])
                notes.append(
                    f"{label} has values that differ in case or spaces only, and counts them as {len(values)} groups: "
                    f"{values}; to make them one: corpus: {{labels: {{{label}: {{{mapping}}}}}}}"
                )
    return notes
