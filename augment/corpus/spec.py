"""What a recipe says of its corpus."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1)]


class CorpusSpec(BaseModel):
    """Where the clean labelled speech is, and how its columns and labels are to be read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: Annotated[str, Field(min_length=1, description="manifest (.jsonl, .csv, .tsv), relative to the recipe")]
    columns: Annotated[
        dict[Name, Name],
        Field(description="where the manifest has other names: {audio_filepath: audio, speaker: client_id}"),
    ] = {}
    labels: Annotated[
        dict[Name, dict[str, str | None]],
        Field(description="label values to rename, null for unlabelled: {accent: {'US (neutral)': American}}"),
    ] = {}
    keep: Annotated[
        dict[Name, tuple[str, ...]], Field(description="use only rows with these label values: {accent: [American]}")
    ] = {}
    leave_out: Annotated[tuple[str, ...], Field(description="ids of utterances that are not to be used")] = ()
