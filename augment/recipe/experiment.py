"""What a recipe says about its experiment: groups, conditions, who meets which, and what is to be detected."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from augment.corpus.table import TOGETHER
from augment.errors import flow_text
from augment.recipe.spec import Slug, Spec

DURATION = "duration"
"""A variable that can be matched in addition to the labels of the corpus."""

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Variable:
    """What groups may differ in: a label, ``duration``, or several of these taken jointly.

    Groups that are alike in each of two labels need not be alike in both jointly: a group of young women and old men is
    half women and half young, and so is one of old women and young men.

    Attributes:
        parts: Names of labels, possibly with ``duration``.

    Example:
        >>> Variable(("gender", "age_band")).name, Variable(("gender", "age_band")).written
        ('gender / age_band', '[gender, age_band]')
        >>> Variable(("gender",)).written
        'gender'
    """

    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in columns, messages and ``shares``."""
        return TOGETHER.join(self.parts)

    @property
    def written(self) -> str:
        """Its spelling in a recipe's ``match``."""
        parts = [flow_text(part) for part in self.parts]
        return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels."""
        return tuple(part for part in self.parts if part != DURATION)

    @property
    def timed(self) -> bool:
        """Whether the duration is a part of it."""
        return DURATION in self.parts


class Speakers(Spec):
    """How many speakers a group must have, and how evenly they must share its utterances."""

    min: Annotated[int, Field(ge=1, description="fewest speakers in a group")] = 1
    max_share: Annotated[
        float, Field(gt=0, le=1, description="largest share of a group's utterances that one speaker may give")
    ] = 1.0


class Balance(Spec):
    """What the groups are, how many utterances each of them gives, and what they must have in common."""

    by: Annotated[tuple[str, ...], Field(min_length=1, description="labels whose values make the groups")]
    utterances: Annotated[
        Literal["max"] | Annotated[int, Field(ge=1)],
        Field(description="utterances for each group, or 'max' for as many as all groups can give"),
    ] = "max"
    speakers: Speakers = Speakers()
    match: Annotated[
        tuple[str | Annotated[tuple[str, ...], Field(min_length=2)], ...],
        Field(
            description="labels, and 'duration', that must be distributed alike in all groups: [gender, duration] one "
            "by one, [[gender, age_band], duration] the first two together"
        ),
    ] = ()
    tolerance: Annotated[
        float, Field(ge=0, lt=1, description="how far the shares of a matched value may differ between two groups")
    ] = 0.05
    shares: Annotated[
        dict[str, Annotated[dict[str, Share], Field(min_length=1)]],
        Field(
            description="shares of a matched label instead of the corpus's own: {gender: {female: 0.5, male: 0.5}}; of "
            "labels matched together: {gender / age_band: {female / young: 0.5, male / old: 0.5}}"
        ),
    ] = {}
    text: Annotated[
        Literal["any", "parallel"], Field(description="'parallel': every group says the very same texts")
    ] = "any"
    unlabelled: Annotated[
        Literal["leave_out", "refuse", "group"],
        Field(
            description="rows without a label of 'by' or 'match': leave out and count, refuse, or a value of its own"
        ),
    ] = "leave_out"

    @property
    def variables(self) -> tuple[Variable, ...]:
        """What is matched, in the recipe's order."""
        return tuple(Variable((entry,) if isinstance(entry, str) else entry) for entry in self.match)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels that are matched, by themselves or with others, each once."""
        return tuple(dict.fromkeys(label for variable in self.variables for label in variable.labels))

    @property
    def timed(self) -> bool:
        """Whether durations are matched, by themselves or jointly with labels."""
        return any(variable.timed for variable in self.variables)

    @model_validator(mode="after")
    def _once(self) -> "Balance":
        names = [variable.name for variable in self.variables]
        sets = [frozenset(variable.parts) for variable in self.variables]
        twice = [name for name in self.by if self.by.count(name) > 1]
        twice += [
            name for name, parts in zip(names, sets, strict=True) if names.count(name) > 1 or sets.count(parts) > 1
        ]
        twice += [part for variable in self.variables for part in variable.parts if variable.parts.count(part) > 1]
        if twice:
            raise ValueError(f"'{min(twice)}' appears twice")
        return self

    @model_validator(mode="after")
    def _fits(self) -> "Balance":
        both = sorted(set(self.by) & set(self.labels))
        if both:
            raise ValueError(f"'{both[0]}' stands in 'by' and in 'match': groups differ in it by what they are")
        if self.text == "parallel" and self.timed:
            raise ValueError("'match: [duration]' cannot be asked for with 'text: parallel': the texts decide how long")
        known = {variable.name: variable for variable in self.variables if not variable.timed}
        for label, shares in self.shares.items():
            if label not in known:
                raise ValueError(f"'shares' names '{label}', which is not a label of 'match'")
            if abs(sum(shares.values()) - 1) > 1e-6:
                raise ValueError(f"the shares of '{label}' sum up to {sum(shares.values()):g}, not 1")
        return self


class Strength(Spec):
    """A covering array."""

    strength: Annotated[int, Field(ge=1, le=6, description="any so many settings of different factors meet somewhere")]


Design = Annotated[
    Literal["full", "pairwise", "one_at_a_time", "list"] | Strength,
    Field(
        description="which combinations of settings: all; any two together; {strength: 3}; one changed; 'conditions'"
    ),
]

Reference = Annotated[
    dict[Slug, Slug],
    Field(description="settings that stand where a condition does not name one; the first of its factor if not given"),
]

Combinations = Annotated[
    tuple[dict[Slug, Slug | Annotated[tuple[Slug, ...], Field(min_length=1)]], ...],
    Field(description="combinations of settings: [{noise: scanner_5db, device: [studio, handset]}]"),
]


class Rotated(Spec):
    """Every utterance under some conditions only."""

    rotated: Annotated[int, Field(ge=1, description="conditions for each utterance")]


Assignment = Annotated[
    Literal["crossed", "rotated"] | Rotated,
    Field(description="every utterance under all conditions, under {rotated: k}, or as many as the budget allows"),
]


class Budget(Spec):
    """How large a test set may become."""

    files: Annotated[int | None, Field(ge=1, description="of audio")] = None
    hours: Annotated[float | None, Field(gt=0, description="of audio")] = None
    gigabytes: Annotated[float | None, Field(gt=0, description="of audio files, 10^9 bytes")] = None

    @model_validator(mode="after")
    def _says_something(self) -> "Budget":
        if self.files is self.hours is self.gigabytes is None:
            raise ValueError("a budget is empty without 'files', 'hours' or 'gigabytes'")
        return self


class Statistics(Spec):
    """Assumptions for computing how small a difference in word error rate a design can detect.

    The correlations are estimates. A correlation r within speakers means that their word error rates around a mean p
    have a standard deviation of sqrt(r p (1 - p)): 6 points for r = 0.03 at 15 %. Results of a recogniser give better
    ones.
    """

    wer: Annotated[float, Field(gt=0, lt=1, description="word error rate of the better group in a cell")] = 0.15
    detect: Annotated[
        float | None,
        Field(gt=0, lt=1, description="difference in word error rate between two groups one wishes to see"),
    ] = None
    power: Annotated[float, Field(ge=0.5, lt=1, description="chance to detect a difference that is there")] = 0.8
    significance: Annotated[
        float, Field(gt=0, le=0.2, description="chance to report a difference that is not there, two-sided")
    ] = 0.05
    family: Annotated[
        int,
        Field(ge=1, le=1_000_000, description="comparisons that share this chance: each is judged by its part of it"),
    ] = 1
    within_utterance: Annotated[
        float, Field(ge=0, lt=1, description="correlation of the errors of two words of one utterance")
    ] = 0.1
    within_speaker: Annotated[
        float, Field(ge=0, lt=1, description="correlation of the errors of two words of one speaker")
    ] = 0.03

    @model_validator(mode="after")
    def _nested(self) -> "Statistics":
        if self.within_speaker > self.within_utterance:
            raise ValueError("words of one utterance are of one speaker: 'within_speaker' cannot exceed it")
        if self.detect is not None and self.wer + self.detect >= 1:
            raise ValueError(f"a word error rate of {self.wer:g} cannot be worse by {self.detect:g}: both add up to 1")
        return self
