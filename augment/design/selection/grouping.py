"""Rows that may be chosen: with their group, their speaker's place, and the matched variables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from augment.corpus.checks import FIXED
from augment.corpus.source import where
from augment.corpus.table import Corpus, label_column
from augment.corpus.texts import spoken
from augment.design.selection.problem import TEXT
from augment.design.selection.strata import bin_name, duration_bin, match_column
from augment.errors import DesignError, Fault, nearest
from augment.recipe.experiment import DURATION, Balance
from augment.streams import rank

if TYPE_CHECKING:
    import polars

UNLABELLED = "(unlabelled)"
UNKNOWN_SPEAKER = "(unknown)"


def variables(balance: Balance) -> tuple[str, ...]:
    """The matched variables, the text among them where it must be the same."""
    return (*((TEXT,) if balance.text == "parallel" else ()), *balance.match)


def refuse_labels(corpus: Corpus, balance: Balance) -> None:
    """Refuse labels, and values of labels, that the corpus does not have.

    Raises:
        DesignError: With a fault for each.
    """
    faults = []
    known = f"labels of the corpus: {', '.join(corpus.labels) or 'none'}"
    named = {f"balances by '{label}'": label for label in balance.by}
    named |= {f"matches '{label}'": label for label in balance.match if label != DURATION}
    for what, label in named.items():
        if label not in corpus.labels:
            fixed = "which is no label but a column of every corpus: one group would be one person, or one utterance"
            message = f"the recipe {what}, {fixed if label in FIXED else 'a label that the corpus does not have'}"
            absent = Fault(str(corpus.manifest), message, f"{nearest(label, corpus.labels)}; {known}")
            faults.append(corpus.no_label(label) or absent)
    if DURATION in balance.match and corpus.frame["duration"].is_null().all():
        message = "the recipe matches 'duration', and no row says how long it is"
        remedy = "write each utterance's duration in seconds into the manifest: corpus: {columns: {duration: NAME}}"
        faults.append(Fault(str(corpus.manifest), message, remedy))
    for label, shares in balance.shares.items():
        if label in corpus.labels:
            values = corpus.frame[label_column(label)].unique().drop_nulls().sort().to_list()
            bare = {UNLABELLED} if balance.unlabelled == "group" else set()
            for value in sorted(set(shares) - set(values) - bare):
                message = f"balance.shares.{label} names '{value}', which no row has"
                faults.append(Fault(str(corpus.manifest), message, nearest(value, values)))
    if faults:
        raise DesignError(faults)


def refuse_shares(corpus: Corpus, balance: Balance, frame: "polars.DataFrame") -> None:
    """Refuse shares of values that no row has that could be chosen.

    Args:
        corpus: The corpus.
        balance: What the recipe asks for.
        frame: As of :func:`grouped`.

    Raises:
        DesignError: With a fault for each.
    """
    faults = []
    for label, shares in balance.shares.items():
        values = set(frame[match_column(label)].unique())
        for value in sorted(value for value in set(shares) - values if shares[value] > 0):
            message = f"balance.shares.{label} names '{value}', and no row that has it can be chosen"
            remedy = "they lack another label, a speaker, or a text that every group says: see `corpus audit`"
            faults.append(Fault(str(corpus.manifest), message, remedy))
    if faults:
        raise DesignError(faults)


def grouped(corpus: Corpus, balance: Balance) -> tuple["polars.DataFrame", dict[str, int]]:
    """Rows of the corpus with what the selection needs.

    Returns:
        The rows, with ``group``, ``voice`` (place of the speaker in a seeded order is added by :func:`with_voices`) and
        one text column for each matched variable; and how many rows are left out, by reason.

    Raises:
        DesignError: Rows without a label are refused, or none is left.
    """
    left_out = dict(corpus.left_out)
    frame = corpus.frame
    needs = [("by", [label_column(label) for label in balance.by], " or no ".join(balance.by))]
    needs += [("match", [DURATION if label == DURATION else label_column(label)], label) for label in balance.match]
    for _, columns, words in needs:
        frame = _labelled(corpus, frame, columns, words, balance, left_out)
    frame = _with_speakers(frame, balance, left_out)
    if not frame.height:
        raise DesignError(Fault(str(corpus.manifest), f"no row has all of {', '.join([*balance.by, *balance.match])}"))
    frame = _with_group(corpus, frame, balance)
    frame = _with_matches(frame, balance)
    if balance.text == "parallel":
        frame = _parallel(corpus, frame, left_out)
    return frame, left_out


def _labelled(
    corpus: Corpus,
    frame: "polars.DataFrame",
    columns: Sequence[str],
    words: str,
    balance: Balance,
    left_out: dict[str, int],
) -> "polars.DataFrame":
    """Rows with a label; the others are refused, counted or kept."""
    import polars

    bare = polars.any_horizontal(polars.col(columns).is_null())
    missing = frame.filter(bare)
    if missing.height and balance.unlabelled == "refuse":
        place = where(corpus.manifest, missing["row"][0])
        message = f"{missing.height} rows have no {words}; this is the first"
        raise DesignError(Fault(place, message, "label them, or balance: {unlabelled: leave_out}"))
    if missing.height and balance.unlabelled == "leave_out":
        left_out[f"no {words}"] = missing.height
        return frame.filter(~bare)
    return frame


def _with_speakers(frame: "polars.DataFrame", balance: Balance, left_out: dict[str, int]) -> "polars.DataFrame":
    """Rows that name their speaker, where the recipe says how many there are to be: nobody in particular is no one."""
    limited = balance.speakers.min > 1 or balance.speakers.max_share < 1
    unnamed = frame["speaker"].null_count()
    if not limited or not unnamed:
        return frame
    left_out["no speaker, and the recipe limits speakers"] = unnamed
    return frame.filter(frame["speaker"].is_not_null())


def _with_group(corpus: Corpus, frame: "polars.DataFrame", balance: Balance) -> "polars.DataFrame":
    import polars

    by = [label_column(label) for label in balance.by]
    group = polars.concat_str([polars.col(column).fill_null(UNLABELLED) for column in by], separator=" / ")
    speaker = polars.col("speaker").fill_null(UNKNOWN_SPEAKER)
    frame = frame.with_columns(group.alias("group"), speaker.alias("speaker"))
    if frame.select(by).unique().height != frame["group"].n_unique():
        message = f"two combinations of {', '.join(balance.by)} would be one group: a label holds ' / ' or {UNLABELLED}"
        raise DesignError(Fault(str(corpus.manifest), message, "rename it: corpus: {labels: ...}"))
    return frame


def _with_matches(frame: "polars.DataFrame", balance: Balance) -> "polars.DataFrame":
    import polars

    for label in balance.match:
        if label == DURATION:
            bins = [UNLABELLED if seconds is None else str(duration_bin(seconds)) for seconds in frame[DURATION]]
            column = polars.Series(match_column(label), bins, dtype=polars.String)
        else:
            column = frame[label_column(label)].fill_null(UNLABELLED).alias(match_column(label))
        frame = frame.with_columns(column)
    return frame


def _parallel(corpus: Corpus, frame: "polars.DataFrame", left_out: dict[str, int]) -> "polars.DataFrame":
    """Rows whose text every group says."""
    import polars

    plain = {text: spoken(text) for text in frame["text"].unique().to_list()}
    said = frame["text"].replace_strict(plain, return_dtype=polars.String).alias(match_column(TEXT))
    frame = frame.with_columns(said)
    groups = frame["group"].n_unique()
    heard = frame.filter(polars.col(match_column(TEXT)) != "").group_by(match_column(TEXT))
    common = heard.agg(polars.col("group").n_unique()).filter(polars.col("group") == groups)[match_column(TEXT)]
    kept = frame.filter(polars.col(match_column(TEXT)).is_in(common.to_list()))
    if not kept.height:
        texts = frame.group_by("group").agg(polars.col(match_column(TEXT)).n_unique()).sort("group").rows()
        shown = "; ".join(f"{group}: {count} texts" for group, count in texts)
        message = f"balance: {{text: parallel}} needs texts that every group says, and there is none ({shown})"
        raise DesignError(Fault(str(corpus.manifest), message, "balance: {text: any}, or keep groups that share texts"))
    if kept.height < frame.height:
        left_out["not every group says the text"] = frame.height - kept.height
    return kept


def with_voices(frame: "polars.DataFrame", seed: int) -> "polars.DataFrame":
    """Rows with ``voice``: a hash by which speakers are asked in turn, whoever else is in the corpus."""
    import polars

    voices = {speaker: rank(seed, "speaker", speaker) for speaker in frame["speaker"].unique().to_list()}
    return frame.with_columns(frame["speaker"].replace_strict(voices, return_dtype=polars.String).alias("voice"))


def shown_value(variable: str, value: str) -> str:
    """A value of a matched variable as people read it.

    Example:
        >>> shown_value("gender", "female"), shown_value("duration", "0")
        ('female', '1.00-1.41 s')
    """
    return bin_name(int(value)) if variable == DURATION and value != UNLABELLED else value
