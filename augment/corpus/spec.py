"""What a recipe says about its corpus."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from augment.corpus.source import known_layout, readers
from augment.files.channels import ChannelField
from augment.tolerance import AtMost, Tolerance, Unusable, tolerance_of

Name = Annotated[str, Field(min_length=1)]


class CorpusSpec(BaseModel):
    """Where the clean labelled speech is, and how its columns and labels are to be read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    path: Annotated[
        str, Field(min_length=1, description="manifest (.jsonl, .csv, .tsv) or folder, relative to the recipe")
    ]
    layout: Annotated[
        Literal[tuple(readers())] | None,  # type: ignore[valid-type]
        Field(description="how the corpus is laid out; by the ending of the manifest's name if not given"),
    ] = None
    pattern: Annotated[
        str | None,
        Field(description="layout folder: how its files are called, such as {accent}/{speaker}/{id}.wav"),
    ] = None
    licence: Annotated[
        str | None, Field(description="SPDX identifier, such as CC-BY-4.0, for rows without a licence of their own")
    ] = None
    credit: Annotated[str | None, Field(description="whom to name, for rows without a credit of their own")] = None
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
    values: Annotated[
        dict[Name, tuple[str, ...]],
        Field(
            description="speakers and label values that look like none and are some: {speaker: ['Null'], area: [NA]}"
        ),
    ] = {}
    leave_out: Annotated[
        Annotated[tuple[str, ...], Tag("ids")] | Annotated[dict[Name, tuple[str, ...]], Tag("by")],
        Discriminator(lambda given: "by" if isinstance(given, dict) else "ids"),
        Field(description="ids of utterances that are not to be used, or by speaker or label: {speaker: [p225]}"),
    ] = ()
    pseudonyms: Annotated[
        str | None,
        Field(
            min_length=1, description="file with a secret key, relative to the recipe: speakers and ids get other names"
        ),
    ] = None

    channel: Annotated[
        ChannelField, Field(description="which channel of files with several, from 0, or mix for their mean")
    ] = None
    unusable: Unusable = "refuse"
    at_most: AtMost = None

    @model_validator(mode="after")
    def _tolerable(self) -> "CorpusSpec":
        tolerance_of(self.unusable, self.at_most)
        return self

    @property
    def tolerance(self) -> Tolerance:
        """How many utterances may be left out because they cannot be used."""
        return tolerance_of(self.unusable, self.at_most)

    @property
    def dropped(self) -> dict[str, tuple[str, ...]]:
        """Rows that are left out, by ``id``, ``speaker`` or label."""
        given = self.leave_out if isinstance(self.leave_out, dict) else {"id": self.leave_out}
        return {name: values for name, values in given.items() if values}


def corpus_at(path: str | Path, layout: str | None, pattern: str | None, columns: Mapping[str, str]) -> CorpusSpec:
    """A corpus without a recipe.

    Raises:
        CorpusError: There is no such layout.
    """
    layout = None if layout is None else known_layout(layout)
    return CorpusSpec(path=str(path), layout=layout, pattern=pattern, columns=dict(columns))
