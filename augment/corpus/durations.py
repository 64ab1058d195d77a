"""Measuring how long utterances are whose rows do not say so."""

import dataclasses
from typing import TYPE_CHECKING

from augment.acoustics.channels import channel_of
from augment.corpus.cells import MOST_FAULTS
from augment.corpus.source import where
from augment.corpus.table import Corpus
from augment.errors import AudioError, CorpusError, Fault
from augment.files.audio import read_audio
from augment.progress import SILENT, Progress, each

if TYPE_CHECKING:
    import polars


def measured_durations(corpus: Corpus, progress: Progress = SILENT) -> Corpus:
    """A corpus in which every row declares its duration: where one does not, its audio is read.

    Args:
        corpus: The corpus.
        progress: Shows how far it has got.

    Raises:
        CorpusError: Some audio cannot be used; up to 50 rows are named.
    """
    frame, faults = corpus.frame, list[Fault]()
    bare = frame.filter(frame["duration"].is_null())
    found: dict[str, float] = {}
    columns = ("id", "audio_filepath", "offset", "audio_channel", "row")
    for identity, audio, offset, channel, row in each(
        progress, "measuring durations", bare.select(columns).rows(), bare.height, "file"
    ):
        try:
            named = channel_of(channel)  # which one does not matter: all channels are equally long
            heard = read_audio(corpus.audio_path(audio), offset or 0.0, channel=named if isinstance(named, int) else 0)
            found[identity] = heard.samples.size / heard.sample_rate_hz
        except AudioError as error:
            faults += error.seen_from(where(corpus.manifest, row))
            if len(faults) >= MOST_FAULTS:
                break
    if faults:
        raise CorpusError(faults)
    return dataclasses.replace(corpus, frame=_filled(frame, found))


def _filled(frame: "polars.DataFrame", found: dict[str, float]) -> "polars.DataFrame":
    import polars

    measured = polars.DataFrame(list(found.items()), {"id": polars.String, "measured": polars.Float64}, orient="row")
    joined = frame.join(measured, on="id", how="left", maintain_order="left")
    return joined.with_columns(polars.coalesce("duration", "measured").alias("duration")).drop("measured")
