"""What the files of one utterance reveal about each other, without the renderer: all items are checked, none rendered.

They hold the same speech under several conditions. As long as a chain is linear, a file is g s + n: the speech s after
the filters that it passes, times the gain g in its row, plus the noise n. If the speech of two files took the same
path, then, each divided by its gain, they differ by nothing but noise: so the noise of an item can be measured by
itself. After a codec or another non-linear step, files cannot be subtracted; there the question is whether the steps
did anything at all, and whether they moved the speech in time.

A 16-bit sample is off by up to half a unit, which has a power of 1/12 of a squared unit (Bennett 1948), and the gain in
a row by up to 0.0005 dB; tolerances follow from these two.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.levels import SpeechLevel, SpeechMeter
from augment.acoustics.pcm import FULL_SCALE
from augment.columns import numbered
from augment.dealt import Dealt
from augment.design.conditions import ChainStep, Condition
from augment.errors import Fault
from augment.perturb import Perturbation
from augment.perturb.columns import filled_by
from augment.recipe.model import Recipe
from augment.scene import A_WEIGHTED, FULL_BAND, Stage, Weighting
from augment.verification.claims import SOFTER_TOLERANCE_DB, claim_faults
from augment.verification.heard import Findings, Heard
from augment.verification.lag import lag_samples
from augment.verification.meter import cosines, decibel, mean_square, weights

ROUNDING = 1 / (12 * FULL_SCALE**2)
"""Power of the rounding error of a 16-bit file, full scale 1.0."""
GAIN_ERROR = 10 ** (0.001 / 20) - 1
"""Most that two gains, each rounded to a thousandth of a dB, leave of the speech: 0.0005 dB each."""
LEVEL_TOLERANCE_DB = 0.1
"""Tolerance for levels in rows, which are good to some hundredths of a dB."""
SCALE_TOLERANCE_DB = 0.3
"""Tolerance for speech that the renderer measured at another level: the P.56 meter's thresholds do not move with it."""
ACTIVITY_TOLERANCE = 0.01
"""Tolerance for a share of time: a rounded sample may cross a threshold of the meter."""
AT_MICROPHONE = (
    "snr_requested_db", "snr_db", "snr_full_band_db", "snr_a_weighted_db", "speech_effort", "speech_level_dbspl",
    "speech_distance_m",
)  # fmt: skip
FILTERED_DB = 12.0
"""How much a microphone or a room may change the power of a noise re that of speech, where nobody says it."""
SAME_ROUNDING = 4.0
"""A difference below this multiple of the rounding power does not count: 6 dB above that of two equal files."""
LAG_TOLERANCE_S = 0.001
LAG_TOLERANCE_ROOM_S = 0.02
"""Tolerance in a room, where reflections may be stronger than the direct sound."""


class Comparison:
    """Compares the items of one utterance.

    Args:
        items: The items.
        recipe: The set's recipe.
        findings: Where to record what is found.
    """

    def __init__(self, items: Sequence[Heard], recipe: Recipe, findings: Findings) -> None:
        self.items, self.recipe, self.findings = items, recipe, findings
        self.definition = recipe.snr_definition()
        self.controls = [_Control(item, self.definition) for item in items if not item.noisy]
        self.swept: dict[tuple[Any, ...], tuple[Heard, NDArray[np.float64]]] = {}

    def run(self) -> tuple[Fault, ...]:
        """Compare all of them, and record in the findings what is wrong."""
        for item in self.items:
            for message in claim_faults(item, self.recipe):
                self.findings.tell(item, message)
        sizes = {item.pcm.size for item in self.items}
        if len(sizes) > 1:
            for item in self.items:
                self.findings.tell(item, f"has {item.pcm.size} samples; items of its utterance have {sorted(sizes)}")
            return ()
        for control in self.controls:
            self._speech_alone(control)
        self._alike()
        self._at_microphone()
        for item in self.items:
            fits = [c for c in self.controls if c.item is not item and c.item.path == (item.path if item.noisy else ())]
            if not fits:
                self.findings.alone += item.noisy
                self.findings.untreated += bool(item.condition.chain) and not item.noisy
                continue
            self.findings.compared += 1
            if item.noisy and item.linear:
                self._noise(item, fits[0])
            else:
                self._effect(item, fits[0])
        return ()

    def _alike(self) -> None:
        """Find items with the same samples as another one, although their chains differ."""
        first: dict[bytes, list[Heard]] = {}
        for item in self.items:
            others = first.setdefault(hashlib.sha256(item.pcm.tobytes()).digest(), [])
            odd = next((other for other in others if not may_be_alike(item.condition, other.condition)), None)
            if odd is not None:
                self.findings.alike.append((item.row["audio_filepath"], odd.row["audio_filepath"]))
            others.append(item)

    def _at_microphone(self) -> None:
        """Check what was measured at the microphone, where items that took the same steps must agree."""
        first: dict[tuple[ChainStep, ...], Heard] = {}
        for item in self.items:
            chain = item.condition.chain
            ends = [number for number, step in enumerate(chain, start=1) if step.perturbation.stage <= Stage.NOISE]
            arrived = chain[: max(ends, default=0)]
            other = first.setdefault(arrived, item)
            measured = filled_by(step.perturbation for step in arrived)
            for name in (*AT_MICROPHONE, *(column.name for column in measured)):
                one, beside = item.row.get(name), other.row.get(name)
                if not (same_level(one, beside) or one == beside):
                    says = f"{other.row['audio_filepath']}, the same at the microphone, has {beside!r}"
                    self.findings.tell(item, f"{name}: the manifest says {one!r}; {says}")

    def _speech_alone(self, control: "_Control") -> None:
        """Compare the speech in a file without noise with its row, and for the clean control with the source's."""
        item = control.item
        self._level(item, "speech_level_out_dbov", control.level_dbov(1.0))
        if item.linear:
            self._activity(item, control, 1.0)
        if not item.condition.chain:
            self._level(item, "source_level_dbov", control.level_dbov(1 / item.gain))

    def _level(self, item: Heard, name: str, found: float) -> None:
        told = item.number(name)
        if told is not None and math.isfinite(found) and abs(found - told) > LEVEL_TOLERANCE_DB:
            self.findings.tell(item, f"its speech has {found:.2f} dBov; the manifest says {name}: {told:.2f}")

    def _activity(self, item: Heard, control: "_Control", factor: float) -> None:
        told, found = item.number("speech_activity"), control.level(factor).activity
        if told is None or abs(found - told) > ACTIVITY_TOLERANCE:
            self.findings.tell(item, f"its speech is active for {found:.3f}; the manifest says speech_activity: {told}")

    def _noise(self, item: Heard, control: "_Control") -> None:
        """Compare the noise of an item, by itself, with its labels and with other settings of the same sweep."""
        noise = cosines(item.signal / item.gain - control.item.signal / control.item.gain)

        def seen(definition: Weighting) -> NDArray[np.float64]:
            return noise * weights(noise.size, item.sample_rate_hz, definition)

        heard = seen(self.definition)
        plain = all(step.perturbation.stage <= Stage.NOISE for step in item.condition.chain)
        mingled = control.mingled(item)
        if mingled is not None:
            self.findings.mingled += 1
            self._of_several(item, mean_square(heard), *mingled, LEVEL_TOLERANCE_DB if plain else FILTERED_DB)
        elif not self._labelled(item, control, "snr_delivered_db", self.definition, mean_square(heard)):
            self.findings.alone += 1
            return
        if plain and mingled is None:
            within_db = SCALE_TOLERANCE_DB if item.number("headroom_gain_db") == 0 else SOFTER_TOLERANCE_DB
            for name, definition in (("snr_full_band_db", FULL_BAND), ("snr_a_weighted_db", A_WEIGHTED)):
                self._labelled(item, control, name, definition, mean_square(seen(definition)), within_db)
        factor = item.gain / control.item.gain
        self._level(item, "speech_level_dbov", control.level_dbov(factor))
        self._activity(item, control, factor)
        self._sweep(item, control, heard)

    def _of_several(self, item: Heard, found: float, least: float, most: float, within_db: float) -> None:
        """Compare the power of noises that are not always on with what each of them has while it is on."""
        slack = 10 ** (within_db / 10)
        if not least / slack <= found <= most * slack:
            told = f"its noise has {decibel(found):.1f} dBov before its gain; what its row says of each noise makes"
            self.findings.tell(item, f"{told} {decibel(least):.1f} to {decibel(most):.1f} (noise_snr_db and others)")

    def _labelled(
        self,
        item: Heard,
        control: "_Control",
        name: str,
        definition: Weighting,
        found: float,
        within_db: float = LEVEL_TOLERANCE_DB,
    ) -> bool:
        """Compare the power of a noise with an SNR in its row; returns whether the row has one."""
        expected = control.noise_power(item, name, definition, within_db)
        if expected is None:
            return False
        least, most = expected
        if not least <= found <= most:
            told = decibel(found) - decibel(math.sqrt(max(least, 1e-30) * most))
            speech = f"the same speech without noise ({control.item.row['audio_filepath']})"
            self.findings.tell(item, f"differs from {speech} by {told:+.1f} dB from what {name} says")
        return True

    def _sweep(self, item: Heard, control: "_Control", noise: NDArray[np.float64]) -> None:
        """Check that settings of one sweep hear the same noise: by their cosines, one signal at several levels."""
        key = tuple((s.factor, s.name, repr(_without_snr(s))) for s in item.condition.chain)
        if key not in self.swept:
            self.swept[key] = (item, noise)
            return
        other, its = self.swept[key]
        power, own = mean_square(its), mean_square(noise)
        if not power or not own:
            return
        alike = float(np.mean(its * noise)) / math.sqrt(power * own)
        # Each noise also holds rounding errors and the speech that rounded gains leave, both of its own.
        odd = control.error(item) / own + control.error(other) / power
        if alike < 1 - odd - 0.001:
            beside = other.row["audio_filepath"]
            self.findings.tell(item, f"its noise is not that of {beside} at another level (correlation {alike:.3f})")

    def _effect(self, item: Heard, control: "_Control") -> None:
        """Check whether non-linear steps did anything, and whether they moved the speech in time."""
        plain, signal = control.item.signal, item.signal
        power = mean_square(plain)
        share = float(np.mean(plain * signal)) / power if power else 0.0
        left = mean_square(signal - share * plain)
        if left <= SAME_ROUNDING * ROUNDING * (1 + share * share):
            steps = [step.perturbation for step in item.condition.chain]
            if not all(map(may_do_nothing, steps)):
                self.findings.tell(item, f"its steps did nothing: it is {control.item.row['audio_filepath']}")
            else:  # a gain control or an overload may leave a soft word as it is
                self.findings.idle[item.condition.name] = self.findings.idle.get(item.condition.name, 0) + 1
            return
        tolerance_s = LAG_TOLERANCE_ROOM_S if item.rooms else LAG_TOLERANCE_S
        found = lag_samples(plain, signal, item.sample_rate_hz, tolerance_s)
        if found is not None and abs(found) > tolerance_s * item.sample_rate_hz:
            beside = control.item.row["audio_filepath"]
            self.findings.tell(item, f"its speech comes {1000 * found / item.sample_rate_hz:+.1f} ms after {beside}")


class _Control:
    """A file without noise, by which others with the same path are measured."""

    def __init__(self, item: Heard, definition: Weighting) -> None:
        self.item, self.definition = item, definition
        self.meters: dict[Weighting, SpeechMeter] = {}

    def level(self, factor: float, definition: Weighting = FULL_BAND) -> SpeechLevel:
        """The P.56 reading of its speech at another gain."""
        if definition not in self.meters:
            self.meters[definition] = self.item.meter(definition)
        return self.meters[definition].read(factor)

    def level_dbov(self, factor: float, definition: Weighting = FULL_BAND) -> float:
        """Level of its speech at another gain."""
        return self.level(factor, definition).active_level_dbov

    @cached_property
    def power(self) -> float:
        """Power of the speech, before the gain."""
        return mean_square(self.item.signal) / self.item.gain**2

    def error(self, item: Heard) -> float:
        """Power that a difference has from rounding alone, before the gain."""
        rounding = ROUNDING * (item.gain**-2 + self.item.gain**-2)
        return rounding + self.power * GAIN_ERROR**2

    def mingled(self, item: Heard) -> tuple[float, float] | None:
        """Least and most power that several noises can have in a file if one is not always on, before the gain.

        None for others. Their label is the power of a sum in which each is as loud over the whole time as it is while
        it is on, and what a file holds of them may be far from it: a short noise may cancel much of that sum. But over
        the whole time a noise that is on for the share s has the amplitude a sqrt(s), and several have between the
        square of the largest less all others and the square of their sum.
        """
        count = len(item.condition.chain) - len(item.path)
        shares, ratios = (
            [item.number(numbered(name, number)) for number in range(1, count + 1)]
            for name in ("noise_active_share", "noise_snr_db")
        )
        speech_db = self.level_dbov(item.gain / self.item.gain, self.definition)
        if count < 2 or all(share == 1 for share in shares) or not math.isfinite(speech_db):
            return None
        # A row that lacks a figure says nothing of that noise: it may be anything.
        known = [(s, r) for s, r in zip(shares, ratios, strict=True) if s is not None and r is not None]
        amplitudes = sorted(math.sqrt(share) * 10 ** (-ratio_db / 20) for share, ratio_db in known)
        scale, error = 10 ** ((speech_db - decibel(item.gain**2)) / 10), self.error(item)
        if len(known) < count:
            return 0.0, math.inf
        least, most = max(0.0, amplitudes[-1] - sum(amplitudes[:-1])) ** 2, sum(amplitudes) ** 2
        spread = 2 * math.sqrt(scale * most * error / max(1, item.pcm.size)) * 4  # of the cross term, at four sigma
        return max(0.0, scale * least - spread), scale * most + 2 * error + spread

    def noise_power(
        self, item: Heard, name: str, definition: Weighting, within_db: float
    ) -> tuple[float, float] | None:
        """Least and most power that the noise of an item can have according to an SNR in its row, before the gain.

        The label refers to the time in which a noise is on; averaged over the whole time, its power is between that
        share and all of it. Several that are always on have the power of their sum; see :meth:`mingled` for others.
        """
        snr_db = item.number(name)
        speech_db = self.level_dbov(item.gain / self.item.gain, definition)
        if snr_db is None or not math.isfinite(speech_db):
            return None
        whole = 10 ** ((speech_db - decibel(item.gain**2) - snr_db) / 10)
        share = item.number("noise_active_share")
        share = 1.0 if share is None else share
        slack = 10 ** (within_db / 10)
        error = self.error(item)
        spread = 2 * math.sqrt(whole * error / max(1, item.pcm.size)) * 4  # of their cross term, at four sigma
        return max(0.0, whole * share / slack - spread), whole * slack + error * 2 + spread


def may_do_nothing(step: Perturbation) -> bool:
    """Whether a step may leave samples as they are, as a gain control or an overload does with a soft word."""
    return not (step.is_noise() or step.linear or step.stage is Stage.CHANNEL)


def may_be_alike(one: Condition, other: Condition) -> bool:
    """Whether two conditions may give the same samples, because the steps in which they differ may do nothing."""
    return effects_of(one, {}) == effects_of(other, {})


def effects_of(condition: Condition, dealt: Mapping[str, Dealt]) -> Counter[str]:
    """The steps of a condition that certainly have an effect.

    Args:
        condition: The condition.
        dealt: What was dealt to an item, by :attr:`ChainStep.plays`, if that counts in place of what it is dealt from:
            a recording may lie in two folders.
    """
    return Counter(
        _spelled(step, dealt.get(step.plays)) for step in condition.chain if not may_do_nothing(step.perturbation)
    )


def _spelled(step: ChainStep, dealt: Dealt | None) -> str:
    perturbation = step.perturbation
    nameless = {step.asked.field} if step.asked and dealt is not None else set[str]()
    said = perturbation.model_dump_json(exclude={*perturbation.unheard, *perturbation.planned, *nameless})
    return f"{perturbation.kind} {said} {None if dealt is None else json.dumps(dealt.content())}"


def same_level(one: Any, other: Any) -> bool:
    """Whether two values are levels that differ by no more than the last digit in a row."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return numbers and math.isclose(one, other, rel_tol=0, abs_tol=0.002)


def _without_snr(step: ChainStep) -> dict[str, Any]:
    return step.perturbation.model_dump(exclude={"snr_db"})
