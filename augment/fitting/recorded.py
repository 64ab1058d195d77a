"""A field recording, from its samples to a profile that has been judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from augment.acoustics import Signal
from augment.acoustics.filters import without_infrasound
from augment.fitting.fitted import Fitted, drawn, fitted
from augment.fitting.goodness import Goodness, judged
from augment.fitting.heard import Heard
from augment.fitting.likeness import Stretch
from augment.fitting.spectra import Usable

DRAWS = 3
BEYOND_RECORDING = 1000
"""Seeds of the draws that are judged, apart from those that a fit is brought to its spectrum with."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """A recording that has been fitted.

    Attributes:
        heard: What of it could be used.
        half: The fit of its first half.
        whole: The fit of all of that.
        goodness: What the fit of its first half is worth against its second.
        unidentified: What could not be told, in sentences.
    """

    heard: Heard
    half: Fitted
    whole: Fitted
    goodness: Goodness
    unidentified: tuple[str, ...]

    def synthesis(self, samples: int, seed: int) -> Signal:
        """A synthesis at the level of the recording."""
        return drawn(self.whole.profile, samples, self.heard.sample_rate_hz, seed)


def usable_of(heard: Heard, part: Stretch | None = None) -> Usable:
    """What a fit looks at: all that is usable, or that of a part of it."""
    if part is None:
        return Usable(heard.samples, heard.sample_rate_hz, heard.usable, heard.to_hz)
    return Usable(part.samples, part.sample_rate_hz, part.usable, heard.to_hz)


def recorded(heard: Heard, done: Callable[[], None] = lambda: None) -> Recorded:
    """Fit a recording, and judge the fit of its first half by its second.

    Args:
        heard: What of it may be used.
        done: Told after each of three steps.
    """
    half = fitted(usable_of(heard, _halves(heard)[0]))
    done()
    goodness = judged_by_other_half(heard, half)
    done()
    whole = fitted(usable_of(heard))
    done()
    return Recorded(heard, half, whole, goodness, tuple(_unidentified(heard, whole)))


def judged_by_other_half(heard: Heard, half: Fitted, draws: int = DRAWS) -> Goodness:
    """How good the fit of the first half of a recording is, by its second half.

    Args:
        heard: The recording.
        half: The fit of its first half.
        draws: How many syntheses are made.
    """
    rate = heard.sample_rate_hz

    def synthesis(samples: int, seed: int) -> Signal:
        return without_infrasound(drawn(half.profile, samples, rate, BEYOND_RECORDING + seed), rate)

    first, second = _halves(heard)
    return judged(first, second, synthesis, draws)


def _halves(heard: Heard) -> list[Stretch]:
    return Stretch(heard.samples, heard.sample_rate_hz, heard.usable).parts(2)


def _unidentified(heard: Heard, fit: Fitted) -> list[str]:
    """What a fit cannot tell, in sentences."""
    found = []
    if fit.parts.lives is not None:
        found.append(
            "what the noise is made of besides its tones is not told apart: its level in each band is drawn with the "
            "distribution and the speed that were heard, and single sounds are not drawn as they were"
        )
    if fit.parts.impacts is not None:
        found.append("impacts at random times may be of several sources, which cannot be told apart by their times")
    if len(fit.parts.voices) > 0 and any(voice.drift is not None for voice in fit.parts.voices):
        found.append(f"how tones drift over more than {heard.usable_s:.0f} s is not known")
    if fit.unexplained > 0.1:
        found.append(f"{100 * fit.unexplained:.0f} % of the energy is in other bands than in the synthesis")
    return found


def lines_of(fit: Fitted) -> Sequence[float]:
    """Frequencies of the tones of a fit, in Hz."""
    return sorted(tone.line.frequency_hz for voice in fit.parts.voices for tone in voice.tones.values())
