"""What is odd about the labels of a corpus, from its table alone and without a Python loop over its rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from augment.corpus.table import label_column
from augment.errors import counted, named
from augment.notes import Effect, Note

if TYPE_CHECKING:
    import polars

MOST_OF_A_GROUP = 0.5


def missing(frame: "polars.DataFrame", labels: Sequence[str]) -> dict[str, int]:
    """How many rows lack a value, by label; labels that every row has are left out."""
    found = {label: int(frame[label_column(label)].null_count()) for label in labels}
    return {label: count for label, count in found.items() if count}


def speaker_notes(frame: "polars.DataFrame") -> list[Note]:
    """Groups of a single speaker, groups that one speaker dominates, and speakers who are in two groups.

    Args:
        frame: Rows of a corpus with ``group``; those without a group are skipped.
    """
    import polars

    known = frame.filter(polars.col("group").is_not_null())
    if not known.height or known["speaker"].null_count() == known.height:
        told = "no row names its speaker: whether a difference is one person's cannot be told"
        return [Note(told, Effect.TOO_WEAK)] if known.height else []
    unnamed = known["speaker"].null_count()
    bare = counted(unnamed, "row names no speaker", "rows name no speaker")
    notes = [Note(f"{bare}; they count as one", Effect.TOO_WEAK)] if unnamed else []
    counts = known.group_by("group", "speaker").len()
    share = counts.with_columns((polars.col("len") / polars.col("len").sum().over("group")).alias("share"))
    voices = polars.len().over("group")
    single = share.filter(voices == 1).sort("group")["group"].to_list()
    if single:
        told = (
            f"one speaker stands for the whole group: {named(single)}; a difference may be that person's alone; "
            "add speakers, or ask for them: balance: {speakers: {min: 4}}"
        )
        notes.append(Note(told, Effect.CONFOUNDED, f"one speaker stands for the whole group: {named(single)}", 1.0))
    ruling = share.filter((voices > 1) & (polars.col("share") > MOST_OF_A_GROUP)).sort("group")
    if ruling.height:
        shown = [f"{g}: {s or '(unnamed)'} {100 * part:.0f} %" for g, s, _, part in ruling.rows()]
        told = (
            f"one speaker gives more than half of a group's utterances: {named(shown)}; "
            "limit it: balance: {speakers: {max_share: 0.3}}"
        )
        short = f"one speaker gives more than half of a group: {named(shown)}"
        notes.append(Note(told, Effect.CONFOUNDED, short, float(ruling["share"].to_list()[0])))
    return [*notes, *_wanderers(counts)]


def _wanderers(counts: "polars.DataFrame") -> list[Note]:
    """Notes on speakers in more than one group."""
    import polars

    of_speaker = counts.drop_nulls("speaker").group_by("speaker").agg(polars.col("group").sort()).sort("speaker")
    several = of_speaker.filter(polars.col("group").list.len() > 1)
    if not several.height:
        return []
    shown = [f"{speaker} ({', '.join(groups[:4])})" for speaker, groups in several.rows()]
    told = (
        f"{counted(several.height, 'speaker stands', 'speakers stand')} in more than one group, of "
        f"{of_speaker.height}: {named(shown)}; for an accent "
        "that is probably an error of the labels, or one name for two people"
    )
    short = f"{counted(several.height, 'speaker stands', 'speakers stand')} in more than one group: {named(shown)}"
    return [Note(told, Effect.LABEL, short)]


def twin_notes(frame: "polars.DataFrame") -> list[Note]:
    """Notes on the same stretch of a file under two ids, which is one observation, not two."""
    place = ["audio_filepath", "audio_channel", "offset", "duration"]
    twins = frame.height - frame.select(place).with_columns(frame["duration"].is_null().alias("_")).unique().height
    rows = counted(twins, "row names", "rows name")
    return [Note(f"{rows} the very stretch of audio of another row", Effect.LABEL)] if twins else []
