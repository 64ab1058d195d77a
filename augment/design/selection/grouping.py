"""Rows that may be chosen, with their group, their speaker's place in a seeded order, and the matched variables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from augment.corpus.checks import FIXED
from augment.corpus.source import where
from augment.corpus.table import TOGETHER, Corpus, label_column
from augment.corpus.texts import spoken
from augment.design.selection.problem import TEXT, Problem, problem_of
from augment.design.selection.strata import bin_name, duration_bin, match_column, strata_of
from augment.errors import DesignError, Fault, counted, nearest
from augment.recipe.experiment import DURATION, Balance, Variable
from augment.streams import rank

if TYPE_CHECKING:
    import polars

UNLABELLED = "(unlabelled)"
UNKNOWN_SPEAKER = "(unknown)"


def variables(balance: Balance) -> tuple[str, ...]:
    """The matched variables by name, including the text if it must be the same; then the parts of joint ones.

    Matching the parts one by one may be a way out where they cannot be matched jointly.
    """
    text = (TEXT,) if balance.text == "parallel" else ()
    parts = (part for variable in balance.variables for part in variable.parts)
    return tuple(dict.fromkeys((*text, *(variable.name for variable in balance.variables), *parts)))


def refuse_labels(corpus: Corpus, balance: Balance) -> None:
    """Refuse labels, and values of labels, that the corpus does not have.

    Raises:
        DesignError: With a fault for each.
    """
    faults = []
    named = {f"balances by '{label}'": label for label in balance.by}
    named |= {f"matches '{label}'": label for label in balance.labels}
    for what, label in named.items():
        if label not in corpus.labels:
            fixed = "which is not a label but a column of every corpus: one group would be one person, or one utterance"
            message = f"the recipe {what}, {fixed if label in FIXED else 'a label that the corpus does not have'}"
            faults.append(corpus.no_label(label, message))
    if balance.timed and corpus.frame["duration"].is_null().all():
        message = "the recipe matches 'duration', and no row says how long it is"
        remedy = "write each utterance's duration in seconds into the manifest: corpus: {columns: {duration: NAME}}"
        faults.append(Fault(str(corpus.manifest), message, remedy))
    faults += _unknown_values(corpus, balance)
    if faults:
        raise DesignError(faults)


def _unknown_values(corpus: Corpus, balance: Balance) -> list[Fault]:
    """A fault for each value of ``shares`` that no row has."""
    import polars

    faults = []
    for variable in balance.variables:
        if variable.name in balance.shares and set(variable.labels) <= set(corpus.labels):
            columns = [polars.col(label_column(label)) for label in variable.labels]
            if balance.unlabelled == "group":
                columns = [column.fill_null(UNLABELLED) for column in columns]
            met = corpus.frame.select(polars.concat_str(columns, separator=TOGETHER).unique().drop_nulls().sort())
            values = met.to_series().to_list()
            bare = {UNLABELLED} if balance.unlabelled == "group" else set()
            for value in sorted(set(balance.shares[variable.name]) - set(values) - bare):
                message = f"balance.shares.{variable.name} names '{value}', which no row has"
                faults.append(Fault(str(corpus.manifest), message, nearest(value, values)))
    return faults


def refuse_shares(corpus: Corpus, balance: Balance, frame: "polars.DataFrame") -> None:
    """Refuse shares for values that no eligible row has.

    Args:
        corpus: The corpus.
        balance: What the recipe asks for.
        frame: Rows as from :func:`grouped`.

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
    import polars

    left_out = dict(corpus.left_out)
    frame = corpus.frame
    needs = [("by", [label_column(label) for label in balance.by], " or no ".join(balance.by))]
    needs += [("match", [label_column(label)], label) for label in balance.labels]
    needs += [("match", [DURATION], DURATION)] if balance.timed else []
    for _, columns, words in needs:
        frame = _labelled(corpus, frame, columns, words, balance, left_out)
    frame = _with_speakers(frame, balance, left_out)
    if not frame.height:
        raise DesignError(_none_left(corpus, balance, left_out))
    frame = _with_group(corpus, frame, balance)
    frame = _with_matches(corpus, frame, balance)
    if balance.text == "parallel":
        plain = {text: spoken(text) for text in frame["text"].unique().to_list()}
        said = frame["text"].replace_strict(plain, return_dtype=polars.String).alias(match_column(TEXT))
        frame = frame.with_columns(said)
    return frame, left_out


def _none_left(corpus: Corpus, balance: Balance, left_out: Mapping[str, int]) -> Fault:
    """What every row lacks: a label that is balanced or matched, or a speaker where these are counted."""
    wanted = dict.fromkeys(part for variable in balance.variables for part in variable.parts)
    if not corpus.frame.height or corpus.frame["speaker"].null_count() < corpus.frame.height:
        lacking = {why: count for why, count in left_out.items() if why.startswith("no ")}
        told = "".join(f"; {counted(count, 'row has', 'rows have')} {why}" for why, count in lacking.items())
        return Fault(str(corpus.manifest), f"no row has all of {', '.join([*balance.by, *wanted])}{told}")
    remedy = "name them in a column 'speaker' (--column speaker=NAME takes another), or balance: {speakers: {min: 1}}"
    message = f"no row names its speaker, and the recipe asks for {counted(balance.speakers.min, 'speaker')} a group"
    if balance.speakers.min <= 1:
        message = "no row names its speaker, and the recipe limits what each may give"
        remedy = remedy.partition(", or")[0]
    return Fault(str(corpus.manifest), message, remedy)


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
        message = f"{counted(missing.height, 'row has', 'rows have')} no {words}; this is the first"
        raise DesignError(Fault(place, message, "label them, or balance: {unlabelled: leave_out}"))
    if missing.height and balance.unlabelled == "leave_out":
        left_out[f"no {words}"] = missing.height
        return frame.filter(~bare)
    return frame


def _with_speakers(frame: "polars.DataFrame", balance: Balance, left_out: dict[str, int]) -> "polars.DataFrame":
    """Rows that name their speaker, if the recipe limits speakers: an unknown speaker cannot be counted."""
    limited = balance.speakers.min > 1 or balance.speakers.max_share < 1
    unnamed = frame["speaker"].null_count()
    if not limited or not unnamed:
        return frame
    left_out["no speaker, and the recipe limits speakers"] = unnamed
    return frame.filter(frame["speaker"].is_not_null())


def with_named_speakers(frame: "polars.DataFrame") -> "polars.DataFrame":
    """Chosen rows in which an unknown speaker is null again."""
    import polars

    speaker = polars.col("speaker")
    return frame.with_columns(polars.when(speaker != UNKNOWN_SPEAKER).then(speaker).alias("speaker"))


def _with_group(corpus: Corpus, frame: "polars.DataFrame", balance: Balance) -> "polars.DataFrame":
    import polars

    speaker = polars.col("speaker").fill_null(UNKNOWN_SPEAKER)
    return frame.with_columns(
        _joined(corpus, frame, Variable(balance.by), "group").alias("group"), speaker.alias("speaker")
    )


def _joined(corpus: Corpus, frame: "polars.DataFrame", variable: Variable, what: str) -> "polars.Series":
    """Values of labels that are taken jointly, as one text for each row; durations by their bins.

    Raises:
        DesignError: Two combinations would have the same text.
    """
    import polars

    columns = {part: DURATION if part == DURATION else label_column(part) for part in variable.parts}
    values = frame.select(columns.values())
    if variable.timed:
        bins = [None if seconds is None else bin_name(duration_bin(seconds)) for seconds in frame[DURATION]]
        values = values.with_columns(polars.Series(DURATION, bins, dtype=polars.String))
    text = values.select(polars.concat_str(polars.all().fill_null(UNLABELLED), separator=TOGETHER)).to_series()
    if values.unique().height != text.n_unique():
        message = (
            f"two combinations of {', '.join(columns)} would be one {what}: a label holds '{TOGETHER}' or {UNLABELLED}"
        )
        raise DesignError(Fault(str(corpus.manifest), message, "rename it: corpus: {labels: ...}"))
    return text


def _with_matches(corpus: Corpus, frame: "polars.DataFrame", balance: Balance) -> "polars.DataFrame":
    import polars

    for variable in balance.variables:
        for part in variable.parts:
            if part == DURATION:
                bins = [UNLABELLED if seconds is None else str(duration_bin(seconds)) for seconds in frame[DURATION]]
                column = polars.Series(match_column(part), bins, dtype=polars.String)
            else:
                column = frame[label_column(part)].fill_null(UNLABELLED).alias(match_column(part))
            frame = frame.with_columns(column)
        if len(variable.parts) > 1:
            frame = frame.with_columns(_joined(corpus, frame, variable, "value").alias(match_column(variable.name)))
    return frame


def of_common_texts(frame: "polars.DataFrame") -> "polars.DataFrame":
    """Rows whose text every group says; texts without words do not count.

    Args:
        frame: Rows as from :func:`grouped`, of a recipe with ``text: parallel``.
    """
    import polars

    said = match_column(TEXT)
    heard = frame.filter(polars.col(said) != "").group_by(said).agg(polars.col("group").n_unique())
    common = heard.filter(polars.col("group") == frame["group"].n_unique())[said]
    return frame.filter(polars.col(said).is_in(common.to_list()))


def with_voices(frame: "polars.DataFrame", seed: int) -> "polars.DataFrame":
    """Rows with ``voice``: a hash that puts speakers in order, independent of who else is in the corpus."""
    import polars

    voices = {speaker: rank(seed, "speaker", speaker) for speaker in frame["speaker"].unique().to_list()}
    return frame.with_columns(frame["speaker"].replace_strict(voices, return_dtype=polars.String).alias("voice"))


def posed(frame: "polars.DataFrame", balance: Balance, seed: int) -> Problem:
    """The selection problem that a recipe poses for eligible rows with their ``voice``."""
    return problem_of(*strata_of(frame, variables(balance)), balance, seed)


def shown_value(variable: str, value: str) -> str:
    """A value of a matched variable in readable form.

    Example:
        >>> shown_value("gender", "female"), shown_value("duration", "0")
        ('female', '1.00-1.41 s')
    """
    return bin_name(int(value)) if variable == DURATION and value != UNLABELLED else value
