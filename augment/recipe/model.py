"""The model of a recipe. What YAML spells is a pydantic model: frozen, strict, no unknown keys."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Field, field_validator, model_validator

from augment.acoustics.levels import EFFORT_DBSPL
from augment.bounds import MOST_FACTORS
from augment.corpus.spec import CorpusSpec
from augment.files.audio import AudioFormat
from augment.licences import spdx
from augment.perturb import Perturbation, kinds
from augment.recipe.experiment import Assignment, Balance, Budget, Combinations, Design, Reference, Statistics
from augment.recipe.spec import Slug, Spec
from augment.scene import Weighting

if TYPE_CHECKING:
    Step = Perturbation
else:
    Step = Annotated[Union[tuple(kinds().values())], Field(discriminator="kind")]  # noqa: UP007

SweepValue = float | int | str


class NamedValue(Spec):
    """A value of a sweep, and what its setting is called after it."""

    name: Slug
    value: SweepValue


class SpeechLevel(Spec):
    """Level of the speech: in the file, and in the air."""

    level_dbov: Annotated[
        float, Field(ge=-60, le=-10, description="active speech level in the file, ITU-T P.56")
    ] = -26.0
    effort: Annotated[
        Literal["normal", "raised", "loud", "shouted"] | None,
        Field(description="vocal effort after ANSI S3.5: what levels in dB SPL are relative to"),
    ] = None
    dbspl_at_1m: Annotated[
        float | None, Field(ge=20, le=110, description="active speech level 1 m from the mouth, in place of effort")
    ] = None
    distance_m: Annotated[
        float | None, Field(gt=0, le=50, description="from the mouth to the microphone, free field; 1 if not given")
    ] = None

    @model_validator(mode="after")
    def _one_loudness(self) -> "SpeechLevel":
        if self.effort is not None and self.dbspl_at_1m is not None:
            raise ValueError("expected one of 'effort' and 'dbspl_at_1m', found both")
        if self.distance_m is not None and self.loudness_dbspl() is None:
            raise ValueError("'distance_m' says nothing without 'effort' or 'dbspl_at_1m'")
        return self

    def loudness_dbspl(self) -> float | None:
        """Active speech level in dB SPL at 1 m; None if the recipe does not say."""
        return self.dbspl_at_1m if self.effort is None else EFFORT_DBSPL[self.effort]

    @property
    def talker_m(self) -> float:
        """Distance from the mouth to the microphone in m."""
        return 1.0 if self.distance_m is None else self.distance_m


class Snr(Spec):
    """What SNR means in this test set."""

    @field_validator("band_hz")
    @classmethod
    def _rises(cls, band: Any) -> Any:
        if isinstance(band, tuple) and not band[0] < band[1]:
            raise ValueError(f"the band {band[0]:g}-{band[1]:g} Hz does not rise")
        return band

    band_hz: Annotated[
        Literal["full"] | tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]] | None,
        Field(description="band of both levels; 100-7000 Hz (300-3400 Hz at 8 kHz) if not given, or 'full'"),
    ] = None
    weighting: Annotated[Literal["none", "A"], Field(description="frequency weighting of both levels")] = "none"


class Noise(Spec):
    """How noise recordings are dealt to blocks."""

    segment_s: Annotated[
        float, Field(ge=0.5, le=600, description="grid on which recordings are cut; at least the longest utterance")
    ] = 10.0


class Output(Spec):
    """How the test set is written."""

    format: Annotated[AudioFormat, Field(description="of the audio files")] = "flac"
    sample_rate_hz: Annotated[int, Field(ge=8000, le=48000, description="of all audio files")] = 16000
    labels: Annotated[
        Literal["used", "all"] | tuple[str, ...],
        Field(description="labels of the corpus that leave it: those the recipe uses, all, or these and those used"),
    ] = "used"


class SourceLicence(Spec):
    """The licence of a recording, a response or a profile."""

    licence: Annotated[str, Field(min_length=1, description="SPDX identifier, such as CC-BY-4.0, or LicenseRef-NAME")]
    credit: Annotated[str, Field(description="whom to name")] = ""

    @field_validator("licence")
    @classmethod
    def _known(cls, licence: str) -> str:
        return known_licence(licence)


class Licences(Spec):
    """Licences of the sounds that a recipe names, and who allowed a mixture that licences forbid."""

    sources: Annotated[
        dict[str, SourceLicence],
        Field(description="by path, as the recipe names it, or a file or folder below it"),
    ] = {}
    allow: Annotated[
        str | None, Field(min_length=1, description="who allows a forbidden mixture, when and why; it is written down")
    ] = None


def known_licence(written: str) -> str:
    """The SPDX identifier that is meant.

    Raises:
        ValueError: No known licence is meant.
    """
    found = spdx(written)
    if found is None:
        raise ValueError(
            f"'{written}' is not an SPDX licence identifier known here: write LicenseRef-NAME for another one"
        )
    return found


class SettingSpec(Spec):
    """One setting of a factor: its steps, and any of their fields that take several values in turn."""

    steps: tuple[Step, ...] = ()
    sweep: Annotated[
        dict[str, Annotated[tuple[SweepValue | NamedValue, ...], Field(min_length=1)]],
        Field(
            description="values for a field of a step, one setting for each: {snr_db: [20, 10, 0]}; with their own "
            "names: {profile: [{name: ward, value: noises/2026-11-29.yaml}]}"
        ),
    ] = {}


class Recipe(Spec):
    """An acoustic test set: clean speech, groups to compare, and the conditions to put them under."""

    name: Annotated[Slug, Field(description="identity of the test set; an output folder holds one")]
    about: Annotated[str, Field(description="what it is for, in a line or a few; it stands on the data sheet")] = ""
    seed: Annotated[int, Field(ge=0, description="another seed, other speech and noise")] = 1
    corpus: CorpusSpec
    balance: Balance
    speech: SpeechLevel = SpeechLevel()
    snr: Snr = Snr()
    noise: Noise = Noise()
    factors: Annotated[
        dict[Slug, Annotated[dict[Slug, SettingSpec], Field(min_length=1)]],
        Field(
            min_length=1,
            max_length=MOST_FACTORS,
            description="dimensions of the acoustic design in the order of the signal chain",
        ),
    ]
    design: Design = "full"
    reference: Reference = {}
    conditions: Combinations = ()
    exclude: Annotated[
        Combinations, Field(description="combinations that are left out: [{noise: clean, device: handset}]")
    ] = ()
    assignment: Assignment = "crossed"
    budget: Budget | None = None
    statistics: Statistics = Statistics()
    licences: Licences = Licences()
    output: Output = Output()

    @model_validator(mode="after")
    def _band_fits(self) -> "Recipe":
        band = self.snr.band_hz
        half = self.output.sample_rate_hz / 2
        if isinstance(band, tuple) and band[1] > half:
            raise ValueError(f"snr.band_hz: {band[0]:g}-{band[1]:g} Hz does not end at or below {half:g} Hz")
        return self

    @model_validator(mode="after")
    def _licensed(self) -> "Recipe":
        if self.corpus.licence is not None:
            known_licence(self.corpus.licence)
        return self

    @model_validator(mode="after")
    def _assigns(self) -> "Recipe":
        if self.assignment == "rotated" and self.budget is None:
            raise ValueError("assignment: 'rotated' needs a budget, or write {rotated: k}")
        if self.assignment != "crossed" and self.balance.text == "parallel":
            raise ValueError("'text: parallel' goes with 'assignment: crossed': texts fix who meets what, not speakers")
        return self

    def outgoing(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Which labels of the corpus are part of the test set: those that the design uses, and those asked for."""
        if self.output.labels == "all":
            return tuple(labels)
        named = () if self.output.labels == "used" else self.output.labels
        used = {*self.balance.by, *self.balance.labels, *self.corpus.keep, *self.corpus.labels, *named}
        return tuple(label for label in labels if label in used)

    @property
    def rotated(self) -> bool:
        """Whether utterances meet only some of the conditions."""
        return self.assignment != "crossed"

    def snr_definition(self) -> Weighting:
        """The recipe's definition of SNR, with the default band filled in."""
        band = self.snr.band_hz
        if band is None:
            band = (100.0, 7000.0) if self.output.sample_rate_hz >= 16000 else (300.0, 3400.0)
        return Weighting(None if band == "full" else (band[0], band[1]), self.snr.weighting == "A")
