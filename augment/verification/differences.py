"""What the files of one utterance say of each other, without the renderer: every item, and no item rendered.

The same speech stands in them under several conditions. While a chain is linear, a file is g s + n: the speech s after
the filters that it passes, times the gain g on its row, plus the noise. Two files whose speech took the same path
differ, each divided by its gain, by nothing but noise: so the noise of an item is measured alone. Behind a codec or
another step that is not linear files do not subtract; there it is asked whether the steps did anything at all, and
whether they moved the speech in time.

A 16-bit sample is off by up to half a unit, in power 1/12 of a squared unit (Bennett 1948), and a gain on a row by up
to 0.0005 dB; tolerances follow from these two.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics.levels import SpeechLevel, SpeechMeter
from augment.acoustics.pcm import FULL_SCALE
from augment.columns import numbered
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
"""Power of the rounding of a 16-bit file, full scale 1.0."""
GAIN_ERROR = 10 ** (0.001 / 20) - 1
"""What two gains, each rounded to a thousandth of a dB, leave of the speech at most: 0.0005 dB each."""
LEVEL_TOLERANCE_DB = 0.1
"""Of rows, which say levels to some hundredths of a dB."""
SCALE_TOLERANCE_DB = 0.3
"""Of speech that the renderer met at another level: the thresholds of the P.56 meter do not move with it."""
ACTIVITY_TOLERANCE = 0.01
"""Of a share: a sample that is rounded may pass a threshold of the meter."""
AT_MICROPHONE = (
    "snr_requested_db", "snr_db", "snr_full_band_db", "snr_a_weighted_db", "speech_effort", "speech_level_dbspl",
    "speech_distance_m",
)  # fmt: skip
SAME_ROUNDING = 4.0
"""A difference of less than this many times the rounding's power is none: 6 dB above what two equal files differ by."""
LAG_TOLERANCE_S = 0.001
LAG_TOLERANCE_ROOM_S = 0.02
"""In a room reflections may be stronger than the direct sound."""


class Comparison:
    """The items of one utterance.

    Args:
        items: Its items.
        recipe: Of the set.
        findings: Where to tell what is found.
    """

    def __init__(self, items: Sequence[Heard], recipe: Recipe, findings: Findings) -> None:
        self.items, self.recipe, self.findings = items, recipe, findings
        self.definition = recipe.snr_definition()
        self.controls = [_Control(item, self.definition) for item in items if not item.noisy]
        self.swept: dict[tuple[Any, ...], tuple[Heard, NDArray[np.float64]]] = {}

    def run(self) -> tuple[Fault, ...]:
        """Compare all of them; what is wrong is told to the findings."""
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
                self.findings.alone += bool(item.condition.chain)
                continue
            self.findings.compared += 1
            if item.noisy and item.linear:
                self._noise(item, fits[0])
            else:
                self._effect(item, fits[0])
        return ()

    def _alike(self) -> None:
        """Items with the very samples of another one, whose chain should have given others."""
        first: dict[bytes, list[Heard]] = {}
        for item in self.items:
            others = first.setdefault(hashlib.sha256(item.pcm.tobytes()).digest(), [])
            odd = next((other for other in others if not may_be_alike(item.condition, other.condition)), None)
            if odd is not None:
                beside = odd.row["audio_filepath"]
                self.findings.tell(item, f"has the samples of {beside}, though its steps are others")
            others.append(item)

    def _at_microphone(self) -> None:
        """What was measured at the microphone, which items say alike that came there by the same steps."""
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
        """The speech of a file without noise: as its row says it, and for the clean control as that of the source."""
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
        """The noise of an item, alone: its level against the labels, and against other steps of the same sweep."""
        noise = cosines(item.signal / item.gain - control.item.signal / control.item.gain)

        def seen(definition: Weighting) -> NDArray[np.float64]:
            return noise * weights(noise.size, item.sample_rate_hz, definition)

        heard = seen(self.definition)
        if not self._labelled(item, control, "snr_delivered_db", self.definition, mean_square(heard)):
            self.findings.alone += 1
            return
        if all(step.perturbation.stage <= Stage.NOISE for step in item.condition.chain):
            within_db = SCALE_TOLERANCE_DB if item.number("headroom_gain_db") == 0 else SOFTER_TOLERANCE_DB
            for name, definition in (("snr_full_band_db", FULL_BAND), ("snr_a_weighted_db", A_WEIGHTED)):
                self._labelled(item, control, name, definition, mean_square(seen(definition)), within_db)
        factor = item.gain / control.item.gain
        self._level(item, "speech_level_dbov", control.level_dbov(factor))
        self._activity(item, control, factor)
        self._sweep(item, control, heard)

    def _labelled(
        self,
        item: Heard,
        control: "_Control",
        name: str,
        definition: Weighting,
        found: float,
        within_db: float = LEVEL_TOLERANCE_DB,
    ) -> bool:
        """Hold the power of a noise against an SNR of its row; whether the row has one."""
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
        """Steps of one sweep hear one noise: their noises, told by their cosines, are one signal at several levels."""
        key = tuple((s.factor, s.name, repr(_without_snr(s))) for s in item.condition.chain)
        if key not in self.swept:
            self.swept[key] = (item, noise)
            return
        other, its = self.swept[key]
        power, own = mean_square(its), mean_square(noise)
        if not power or not own:
            return
        alike = float(np.mean(its * noise)) / math.sqrt(power * own)
        # Rounding and the speech that rounded gains leave stand in each noise, and belong to it alone.
        odd = control.error(item) / own + control.error(other) / power
        if alike < 1 - odd - 0.001:
            beside = other.row["audio_filepath"]
            self.findings.tell(item, f"its noise is not that of {beside} at another level (correlation {alike:.3f})")

    def _effect(self, item: Heard, control: "_Control") -> None:
        """Whether steps that do not subtract did anything, and moved the speech in time."""
        plain, signal = control.item.signal, item.signal
        power = mean_square(plain)
        share = float(np.mean(plain * signal)) / power if power else 0.0
        left = mean_square(signal - share * plain)
        if left <= SAME_ROUNDING * ROUNDING * (1 + share * share):
            steps = [step.perturbation for step in item.condition.chain]
            if not all(map(may_do_nothing, steps)):
                self.findings.tell(item, f"its steps did nothing: it is {control.item.row['audio_filepath']}")
            else:  # a gain control or an overload may have nothing to do to a soft word
                self.findings.idle[item.condition.name] = self.findings.idle.get(item.condition.name, 0) + 1
            return
        found = lag_samples(plain, signal, item.sample_rate_hz)
        tolerance = LAG_TOLERANCE_ROOM_S if item.rooms else LAG_TOLERANCE_S
        if found is not None and abs(found) > tolerance * item.sample_rate_hz:
            beside = control.item.row["audio_filepath"]
            self.findings.tell(item, f"its speech comes {1000 * found / item.sample_rate_hz:+.1f} ms after {beside}")


class _Control:
    """A file without noise, and what others of its path are measured by."""

    def __init__(self, item: Heard, definition: Weighting) -> None:
        self.item, self.definition = item, definition
        self.meters: dict[Weighting, SpeechMeter] = {}

    def level(self, factor: float, definition: Weighting = FULL_BAND) -> SpeechLevel:
        """Its speech at another gain."""
        if definition not in self.meters:
            self.meters[definition] = self.item.meter(definition)
        return self.meters[definition].read(factor)

    def level_dbov(self, factor: float, definition: Weighting = FULL_BAND) -> float:
        """Level of its speech at another gain."""
        return self.level(factor, definition).active_level_dbov

    @cached_property
    def power(self) -> float:
        """Of the speech, before the gain."""
        return mean_square(self.item.signal) / self.item.gain**2

    def error(self, item: Heard) -> float:
        """Power that a difference has by rounding alone, before the gain."""
        rounding = ROUNDING * (item.gain**-2 + self.item.gain**-2)
        return rounding + self.power * GAIN_ERROR**2

    def noise_power(
        self, item: Heard, name: str, definition: Weighting, within_db: float
    ) -> tuple[float, float] | None:
        """Least and most power that the noise of an item has by an SNR of its row, before the gain.

        The label counts the time in which a noise is on. Over all the time it has at least that share of it, and at
        most all of it. Noises that come together may have more or less than the sum of their powers, as far as they are
        alike: between (a - b)^2 and (a + b)^2, with a the amplitude of the strongest and b that of all others.
        """
        snr_db = item.number(name)
        speech_db = self.level_dbov(item.gain / self.item.gain, definition)
        if snr_db is None or not math.isfinite(speech_db):
            return None
        whole = 10 ** ((speech_db - decibel(item.gain**2) - snr_db) / 10)
        count = len(item.condition.chain) - len(item.path)
        shares, ratios = (
            [value for n in range(1, count + 1) if (value := item.number(numbered(name, n))) is not None]
            for name in ("noise_active_share", "noise_snr_db")
        )
        share = min(shares, default=1.0)
        known = len(ratios) == count and (count == 1 or definition == self.definition)
        together = _together(ratios) if known else (0.0, float(count))
        slack = 10 ** (within_db / 10)
        error = self.error(item)
        spread = 2 * math.sqrt(whole * error / max(1, item.pcm.size)) * 4  # of their product, at four sigma
        return max(0.0, whole * share * together[0] / slack - spread), (
            whole * together[1]
        ) * slack + error * 2 + spread


def _together(ratios_db: Sequence[float]) -> tuple[float, float]:
    """Least and most power of several noises, against the sum of their powers.

    Example:
        >>> _together([10.0])
        (1.0, 1.0)
    """
    amplitudes = sorted(10 ** (-ratio / 20) for ratio in ratios_db)
    most, others = amplitudes[-1], sum(amplitudes[:-1])
    total = sum(amplitude**2 for amplitude in amplitudes)
    return max(0.0, most - others) ** 2 / total, (most + others) ** 2 / total


def may_do_nothing(step: Perturbation) -> bool:
    """Whether a step may leave samples as they are: a gain control or an overload has nothing to do to a soft word."""
    return not (step.is_noise() or step.linear or step.stage is Stage.CHANNEL)


def may_be_alike(one: Condition, other: Condition) -> bool:
    """Whether two conditions may give the same samples: what they have not in common may do nothing."""
    return _does(one) == _does(other)


def _does(condition: Condition) -> Counter[str]:
    """What a condition certainly does."""
    steps = [step.perturbation for step in condition.chain if not may_do_nothing(step.perturbation)]
    return Counter(f"{step.kind} {step.model_dump_json(exclude={*step.unheard, *step.planned})}" for step in steps)


def same_level(one: Any, other: Any) -> bool:
    """Whether two values are levels that do not differ by more than the last digit of a row."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return numbers and math.isclose(one, other, rel_tol=0, abs_tol=0.002)


def _without_snr(step: ChainStep) -> dict[str, Any]:
    return step.perturbation.model_dump(exclude={"snr_db"})
