"""What of a recording a fit may look at.

Somebody stood beside a machine with a phone: they talked, touched the phone, and the phone did what phones do. What is
none of the machine's is found here, left out, and told; so is what the recording cannot say.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.acoustics import Signal
from augment.acoustics.levels import db, power
from augment.errors import Fault, ProfileError
from augment.fitting.choice import LONGEST_S, channel_of, stretches_of
from augment.fitting.flaws import rounding_dbov
from augment.fitting.look import LeftOut, Look, Why, look
from augment.fitting.remarks import Seen, remarks_on, told
from augment.fitting.spans import Mask, runs

SHORTEST_S = 1.0
SHORTEST_STRETCH_S = 0.5
LEAST_SHARE, ENOUGH_S = 0.1, 3.0
"""A tenth of the recording must be usable, or three seconds: the rest of one that is speech is no machine."""
LEAST_RATE_HZ = 4000
QUIETEST_DBOV = -90.0
LONGEST_ASKED_S = 600.0


@dataclass(frozen=True, eq=False)
class Heard:
    """What of a recording a fit may look at.

    Attributes:
        samples: The chosen stretch of one channel without its mean and infrasound, shape (n,), full scale 1.0.
        sample_rate_hz: Sample rate, that of the recording.
        usable: Which samples may be used, shape (n,).
        begin_s: Where the stretch begins in the recording.
        channel: Which channel it is, from 0.
        to_hz: Frequency up to which the recording says anything.
        floor_dbov: Level of its noise of rounding; nothing is known of what is softer. ``-inf`` if it has none.
        left_out: What is left out, in order of time.
        remarks: What the user should know, in sentences; the gravest first.
    """

    samples: Signal
    sample_rate_hz: int
    usable: Mask
    begin_s: float
    channel: int
    to_hz: float
    floor_dbov: float
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...]

    @property
    def usable_s(self) -> float:
        """How long the usable stretches are together, in s."""
        return float(np.count_nonzero(self.usable)) / self.sample_rate_hz

    @property
    def level_dbov(self) -> float:
        """RMS level of what is usable, in dBov."""
        return db(power(self.samples[self.usable]))

    def stretches(self, shortest_s: float = 0.0) -> Iterator[Signal]:
        """The usable stretches of at least a given length, in order of time."""
        for begin, end in runs(self.usable):
            if end - begin >= shortest_s * self.sample_rate_hz:
                yield self.samples[begin:end]


def heard(
    samples: NDArray[np.float64],
    sample_rate_hz: int,
    *,
    from_s: float | None = None,
    to_s: float | None = None,
    name: str = "",
) -> Heard:
    """Find out what of a recording a fit may look at.

    Args:
        samples: Shape (n,) or (n, channels), full scale 1.0. A long recording is looked at second by second, and never
            copied as a whole.
        sample_rate_hz: Samples a second, 4000 or more.
        from_s: Where the stretch begins that is to be used, in s. With this or ``to_s`` nothing in it is left out; what
            is found is told all the same.
        to_s: Where it ends; 10 minutes behind its beginning at most.
        name: What the recording is called in errors.

    Returns:
        One channel of it; of a recording of more than a minute, the minute that stands for the whole best.

    Raises:
        ProfileError: It is silent or shorter than a second, nothing usable is left, or the stretch that is asked for is
            not in it.

    Example:
        >>> noise = 0.01 * np.random.default_rng(1).standard_normal((80000, 2))
        >>> found = heard(noise, 16000)
        >>> found.samples.shape, found.usable_s, found.left_out
        ((80000,), 5.0, ())
    """
    if sample_rate_hz < LEAST_RATE_HZ:
        message = f"it has {sample_rate_hz} samples a second, and at least {LEAST_RATE_HZ} are needed"
        raise ProfileError(Fault(name, message, "record it anew, best at 48000"))
    channels = samples[:, np.newaxis] if samples.ndim == 1 else samples
    asked = from_s is not None or to_s is not None
    part = _asked(len(channels), sample_rate_hz, from_s, to_s, name)
    channels = channels[part]
    chosen = channel_of(channels, sample_rate_hz)
    whole = channels[:, chosen.number]
    _refuse_unheard(whole, sample_rate_hz, name)
    begins = [0] if asked else [second * sample_rate_hz for second in stretches_of(whole, sample_rate_hz)]
    length = whole.size if asked else LONGEST_S * sample_rate_hz
    looks = [look(np.asarray(whole[begin : begin + length], dtype=np.float64), sample_rate_hz) for begin in begins]
    best = max(range(len(looks)), key=lambda place: (round(looks[place].usable_s), -place))
    view, begin_s = looks[best], (part.start + begins[best]) / sample_rate_hz
    left_out = view.left_out(begin_s)
    if not asked:
        _refuse_nothing_left(view, left_out, name)
    seen = Seen(view, asked, begin_s, whole.size / sample_rate_hz, chosen.reason, left_out)
    return Heard(
        samples=view.samples,
        sample_rate_hz=sample_rate_hz,
        usable=np.ones(view.samples.size, dtype=np.bool_) if asked else view.usable,
        begin_s=begin_s,
        channel=chosen.number,
        to_hz=view.to_hz,
        floor_dbov=-np.inf if view.step is None else rounding_dbov(view.step),
        left_out=() if asked else left_out,
        remarks=remarks_on(seen),
    )


def _asked(size: int, sample_rate_hz: int, from_s: float | None, to_s: float | None, name: str) -> slice:
    """The samples that are asked for; all if none are."""
    length_s = size / sample_rate_hz
    begin_s, end_s = 0.0 if from_s is None else from_s, length_s if to_s is None else to_s
    if not 0 <= begin_s < end_s or begin_s >= length_s or end_s > length_s + 0.05:
        message = f"{begin_s:g} to {end_s:g} s are asked for, and the recording lasts {length_s:.2f} s"
        raise ProfileError(Fault(name, message, "choose a stretch within it"))
    if end_s - begin_s < SHORTEST_S:
        message = f"{end_s - begin_s:.2f} s are to be used, and at least {SHORTEST_S:g} s is needed"
        raise ProfileError(Fault(name, message, "ten seconds or more say much more, half a minute is good"))
    if (from_s is not None or to_s is not None) and end_s - begin_s > LONGEST_ASKED_S:
        message = f"{end_s - begin_s:.0f} s are asked for, and at most {LONGEST_ASKED_S:g} s are looked at"
        raise ProfileError(Fault(name, message, "a minute is enough"))
    return slice(round(begin_s * sample_rate_hz), round(end_s * sample_rate_hz))


def _refuse_unheard(signal: Signal, sample_rate_hz: int, name: str) -> None:
    """Refuse silence, and what are no numbers; looked at in pieces, since an hour is long."""
    size = LONGEST_S * sample_rate_hz
    loudest = 0.0
    for begin in range(0, signal.size, size):
        piece = signal[begin : begin + size]
        if not np.isfinite(piece).all():
            raise ProfileError(Fault(name, "some of its samples are not numbers", "export the recording anew"))
        loudest = max(loudest, float(np.var(piece)))
    if db(loudest) < QUIETEST_DBOV:
        shown = "" if loudest == 0 else f" ({db(loudest):.0f} dBov)"
        raise ProfileError(Fault(name, f"the recording is silent{shown}", "record the machine while it is on"))


def _refuse_nothing_left(view: Look, left_out: tuple[LeftOut, ...], name: str) -> None:
    """Refuse a recording of which next to nothing is usable, or nothing of half a second in one piece."""
    length_s = view.samples.size / view.sample_rate_hz
    least_s = float(np.clip(LEAST_SHARE * length_s, SHORTEST_S, ENOUGH_S))
    if view.usable_s >= least_s and view.longest_usable_s >= SHORTEST_STRETCH_S:
        return
    reasons = {span.why for span in left_out}
    if reasons == {Why.SPEECH}:
        message, remedy = "next to nothing but speech is heard", "record the machine while nobody talks"
    elif reasons == {Why.CLIPPED}:
        message = "it is clipped all through"
        remedy = "record it again with less gain, or from farther away"
    else:
        message = f"nothing usable is left: {told(left_out)}"
        remedy = "record it again, ten seconds or more without these"
    rest = f"the longest stretch without lasts {view.longest_usable_s:.1f} s"
    overrule = "; a stretch that you choose is used as it is (from, to)"
    raise ProfileError(Fault(name, f"{message}; {rest}", remedy + overrule))
