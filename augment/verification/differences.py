"""What the files of one utterance say of each other, without the renderer: every item, and no item rendered.

The same speech stands in them under several conditions. While a chain is linear, a file is g s + n: the speech s after
the filters that it passes, times the gain g on its row, plus the noise. Two files whose speech took the same path
differ, each divided by its gain, by nothing but noise: so the noise of an item is measured alone. Behind a codec or
another step that is not linear files do not subtract; there it is asked whether the steps did anything at all, and
whether they moved the speech in time.

A 16-bit sample is off by up to half a unit, in power 1/12 of a squared unit (Bennett 1948), and a gain on a row by up
to 0.0005 dB; tolerances follow from these two.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import speech_level
from augment.acoustics.pcm import FULL_SCALE
from augment.design.conditions import ChainStep, Condition
from augment.errors import Fault
from augment.scene import SnrDefinition, Stage
from augment.verification.lag import lag_samples
from augment.verification.meter import decibel, mean_square, through

ROUNDING = 1 / (12 * FULL_SCALE**2)
"""Power of the rounding of a 16-bit file, full scale 1.0."""
GAIN_ERROR = 10 ** (0.001 / 20) - 1
"""What two gains, each rounded to a thousandth of a dB, leave of the speech at most: 0.0005 dB each."""
LEVEL_TOLERANCE_DB = 0.1
"""The P.56 meter's thresholds are absolute: its reading moves by some hundredths of a dB with the gain."""
SAME_ROUNDING = 4.0
"""A difference of less than this many times the rounding's power is none: 6 dB above what two equal files differ by."""
LAG_TOLERANCE_S = 0.001
LAG_TOLERANCE_ROOM_S = 0.02
"""In a room reflections may be stronger than the direct sound."""


@dataclass(frozen=True, eq=False)
class Heard:
    """One file, decoded.

    Attributes:
        row: Of the manifest.
        condition: Of the item.
        pcm: Shape (n,).
        sample_rate_hz: Samples a second.
    """

    row: dict[str, Any]
    condition: Condition
    pcm: NDArray[np.int16]
    sample_rate_hz: int

    @property
    def path(self) -> tuple[ChainStep, ...]:
        """What the speech passes: the chain without its noises."""
        return tuple(step for step in self.condition.chain if not step.perturbation.is_noise())

    @property
    def noisy(self) -> bool:
        """Whether its chain adds noise."""
        return len(self.path) < len(self.condition.chain)

    @property
    def linear(self) -> bool:
        """Whether files of the same path may be subtracted."""
        return all(step.perturbation.linear for step in self.condition.chain)

    @property
    def rooms(self) -> bool:
        """Whether its speech is heard in a room."""
        return any(step.perturbation.stage is Stage.ROOM for step in self.condition.chain)

    def number(self, name: str) -> float | None:
        """A finite number of the row; None where there is none."""
        value = self.row.get(name)
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return float(value) if fits and value is not None else None

    @property
    def gain(self) -> float:
        """Factor from the source to the file."""
        return float(10 ** ((self.number("gain_db") or 0.0) / 20))

    @property
    def signal(self) -> Signal:
        """Samples, full scale 1.0."""
        return self.pcm / FULL_SCALE

    def level_dbov(self, definition: SnrDefinition | None = None) -> float:
        """P.56 level of the file, where it holds speech alone."""
        signal = self.signal if definition is None else through(self.signal, self.sample_rate_hz, definition)
        return speech_level(signal, self.sample_rate_hz).active_level_dbov


@dataclass
class Findings:
    """What comparing files told.

    Attributes:
        faults: Paths and what is wrong with them.
        compared: Items that were held against another one of their utterance.
        alone: Items for which there is no other one of the same speech without noise.
        idle: Conditions whose steps did nothing to how many utterances, though they may.
    """

    faults: list[tuple[str, str]] = field(default_factory=list)
    compared: int = 0
    alone: int = 0
    idle: dict[str, int] = field(default_factory=dict)

    def tell(self, item: Heard, message: str) -> None:
        """Something is wrong with an item."""
        self.faults.append((str(item.row["audio_filepath"]), message))


class Comparison:
    """The items of one utterance.

    Args:
        items: Its items.
        definition: What SNR means in the set.
        findings: Where to tell what is found.
    """

    def __init__(self, items: Sequence[Heard], definition: SnrDefinition, findings: Findings) -> None:
        self.items, self.definition, self.findings = items, definition, findings
        self.controls = [_Control(item, definition) for item in items if not item.noisy]
        self.swept: dict[tuple[Any, ...], tuple[Heard, Signal]] = {}

    def run(self) -> tuple[Fault, ...]:
        """Compare all of them; what is wrong is told to the findings."""
        sizes = {item.pcm.size for item in self.items}
        if len(sizes) > 1:
            for item in self.items:
                self.findings.tell(item, f"has {item.pcm.size} samples; items of its utterance have {sorted(sizes)}")
            return ()
        for control in self.controls:
            self._speech_alone(control)
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

    def _speech_alone(self, control: "_Control") -> None:
        """The level of a file without noise: that of its row, and for the clean control that of the source."""
        item, found = control.item, control.level_dbov
        said = [("speech_level_out_dbov", item.number("speech_level_out_dbov"))]
        if not item.condition.chain:
            source, gain_db = item.number("source_level_dbov"), item.number("gain_db")
            if source is not None and gain_db is not None:
                said.append(("source_level_dbov + gain_db", source + gain_db))
        for name, value in said:
            if value is not None and math.isfinite(found) and abs(found - value) > LEVEL_TOLERANCE_DB:
                self.findings.tell(item, f"its speech has {found:.2f} dBov; the manifest says {name}: {value:.2f}")

    def _noise(self, item: Heard, control: "_Control") -> None:
        """The noise of an item, alone: its level against the label, and against other steps of the same sweep."""
        noise = item.signal / item.gain - control.item.signal / control.item.gain
        heard = through(noise, item.sample_rate_hz, self.definition)
        expected = control.noise_power(item)
        if expected is None:
            self.findings.alone += 1
            return
        least, most = expected
        found = mean_square(heard)
        if not least <= found <= most:
            told = decibel(found) - decibel(math.sqrt(max(least, 1e-30) * most))
            speech = f"the same speech without noise ({control.item.row['audio_filepath']})"
            self.findings.tell(item, f"differs from {speech} by {told:+.1f} dB from what snr_delivered_db says")
        self._speech_beside(item, control)
        self._sweep(item, control, heard)

    def _speech_beside(self, item: Heard, control: "_Control") -> None:
        """The level of the speech in a noisy file: that of the control, moved by the gains of the two rows."""
        told = item.number("speech_level_dbov")
        level = control.level_dbov + decibel((item.gain / control.item.gain) ** 2)
        if told is not None and math.isfinite(level) and abs(level - told) > LEVEL_TOLERANCE_DB:
            message = f"its speech has {level:.2f} dBov by its gain_db; the manifest says speech_level_dbov: {told}"
            self.findings.tell(item, message)

    def _sweep(self, item: Heard, control: "_Control", noise: Signal) -> None:
        """Steps of one sweep hear one noise: their noises are the same signal at several levels."""
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
            if item.noisy or any(step.linear or step.stage is Stage.CHANNEL for step in steps):
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

    def __init__(self, item: Heard, definition: SnrDefinition) -> None:
        self.item, self.definition = item, definition

    @cached_property
    def level_dbov(self) -> float:
        return self.item.level_dbov()

    @cached_property
    def in_band_dbov(self) -> float:
        return self.item.level_dbov(self.definition)

    @cached_property
    def power(self) -> float:
        """Of the speech, before the gain."""
        return mean_square(self.item.signal) / self.item.gain**2

    def error(self, item: Heard) -> float:
        """Power that a difference has by rounding alone, before the gain."""
        rounding = ROUNDING * (item.gain**-2 + self.item.gain**-2)
        return rounding + self.power * GAIN_ERROR**2

    def noise_power(self, item: Heard) -> tuple[float, float] | None:
        """Least and most power that the noise of an item has in the band, before the gain.

        The label counts the time in which a noise is on. Over all the time it has at least that share of it, and at
        most all of it. Noises that come together may have more or less than the sum of their powers, as far as they are
        alike: between (a - b)^2 and (a + b)^2, with a the amplitude of the strongest and b that of all others.
        """
        snr_db = item.number("snr_delivered_db")
        if snr_db is None or not math.isfinite(self.in_band_dbov):
            return None
        whole = 10 ** ((self.in_band_dbov - decibel(self.item.gain**2) - snr_db) / 10)
        count = len(item.condition.chain) - len(item.path)
        prefixes = ["noise" if n == 1 else f"noise{n}" for n in range(1, count + 1)]
        shares = [share for p in prefixes if (share := item.number(f"{p}_active_share")) is not None]
        ratios = [ratio for p in prefixes if (ratio := item.number(f"{p}_snr_db")) is not None]
        share = min(shares, default=1.0)
        together = _together(ratios) if len(ratios) == count else (0.0, float(count))
        slack = 10 ** (LEVEL_TOLERANCE_DB / 10)
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


def _without_snr(step: ChainStep) -> dict[str, Any]:
    return step.perturbation.model_dump(exclude={"snr_db"})
