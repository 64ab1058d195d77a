"""What a user should know about a recording, in sentences; the gravest first."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from augment.acoustics.levels import db, power
from augment.fitting.flaws import FEWEST_GATES, rounding_dbov
from augment.fitting.look import LeftOut, Look, Why
from augment.fitting.spans import runs, spoken

NARROW_SHARE = 0.9
SHORT_S = 10.0
PERIODS = 2
DC_DBOV = -40.0
QUIET_DBOV = -60.0
NEAR_FLOOR_DB = 40.0
COARSE_STEP = 2.0**-12
PAUSES_DB = 20.0
MOSTLY = 0.5


@dataclass(frozen=True)
class Seen:
    """A stretch of a recording, and how it was chosen.

    Attributes:
        look: What is found in it.
        asked: Whether the user chose it.
        begin_s: Where it begins in the recording.
        whole_s: How long the recording is, or the stretch that the user chose.
        channel: Why this channel, in words; empty if there is no other.
        left_out: What is left out, or would be if the user had not chosen the stretch.
    """

    look: Look
    asked: bool
    begin_s: float
    whole_s: float
    channel: str
    left_out: tuple[LeftOut, ...]


def told(left_out: tuple[LeftOut, ...]) -> str:
    """What is left out in words, by reason.

    Example:
        >>> told((LeftOut(1.0, 2.0, Why.SPEECH), LeftOut(4.0, 4.2, Why.CLIPPED), LeftOut(5.0, 6.5, Why.SPEECH)))
        'speech (1.0-2.0 s, 5.0-6.5 s), clipping (4.0-4.2 s)'
    """
    found = []
    for why in Why:
        spans = [(span.begin_s, span.end_s) for span in left_out if span.why is why]
        if spans:
            found.append(f"{why} ({spoken(spans)})")
    return ", ".join(found)


def remarks_on(seen: Seen) -> tuple[str, ...]:
    """The sentences.

    Example:
        >>> from augment.fitting.look import look
        >>> noise = 0.01 * np.random.default_rng(1).standard_normal(32000)
        >>> view = look(noise, 16000)
        >>> seen = Seen(view, asked=False, begin_s=0.0, whole_s=2.0, channel="it is the loudest", left_out=())
        >>> remarks_on(seen)[-1]
        'it is the loudest'
    """
    parts = (_music, _suppressor, _voices, _left_out, _doubtful, _band, _floor, _length, _mean, _choice)
    return tuple(sentence for part in parts for sentence in part(seen))


def _music(seen: Seen) -> Iterator[str]:
    if seen.look.notes.musical:
        yield (
            f"it sounds like music ({seen.look.notes.different} notes of one scale), or a machine that plays a tune: "
            "profiles do not describe melodies, and a fit has its average only"
        )


def _suppressor(seen: Seen) -> Iterator[str]:
    gate = seen.look.gate
    if gate is not None and not gate.sure:
        yield (
            f"the level falls {gate.times} times, by {gate.depth_db:.0f} dB within 50 ms, to a floor of white noise: a "
            "recorder's noise suppressor does that, and so does a machine that stops in a quiet room; if voice "
            "processing is on, switch it off and record again: what it lets through is not the machine"
        )
        return
    if gate is not None:
        yield (
            f"the recorder's noise suppressor is on: it closes {gate.times} times, and the level falls by "
            f"{gate.depth_db:.0f} dB; what it lets through is not the machine: switch it off (voice processing), or "
            "use another recorder"
        )
        return
    still = seen.look.between | seen.look.silent
    if seen.look.between.any() or len(runs(still)) >= FEWEST_GATES:
        share = 100 * float(np.mean(still))
        yield (
            f"between its sounds it is digitally silent ({share:.0f} % of the time): a noise gate or suppressor does "
            "that, and takes the machine's softer sounds with it: switch voice processing off, if it is the recorder's"
        )


def _voices(seen: Seen) -> Iterator[str]:
    speech = seen.look.speech
    if seen.look.voices_all_through:
        yield (
            "voices are heard all through: they are taken as part of the noise; if you want them out, record while "
            "nobody talks, or choose a stretch without them (from, to)"
        )
    elif speech.over_rest_db > PAUSES_DB and speech.share > MOSTLY:
        yield (
            f"it is mostly speech, and what is left is {speech.over_rest_db:.0f} dB softer: the noise of its pauses, "
            "which may be that of the room or of the recorder"
        )


def _left_out(seen: Seen) -> Iterator[str]:
    if not seen.left_out:
        return
    if seen.asked:
        yield f"the stretch is used as it is, with {told(seen.left_out)}"
        return
    lost_s = np.count_nonzero(~seen.look.usable) / seen.look.sample_rate_hz
    length_s = seen.look.samples.size / seen.look.sample_rate_hz
    yield f"{lost_s:.1f} of {length_s:.1f} s are left out: {told(seen.left_out)}"


def _doubtful(seen: Seen) -> Iterator[str]:
    if seen.look.doubtful.any():
        rate = seen.look.sample_rate_hz
        spans = [(seen.begin_s + a / rate, seen.begin_s + b / rate) for a, b in runs(seen.look.doubtful)]
        yield f"it has blows far above everything else ({spoken(spans)}): they count as the machine's"


def _band(seen: Seen) -> Iterator[str]:
    half = seen.look.sample_rate_hz / 2
    if seen.look.to_hz < NARROW_SHARE * half:
        yield (
            f"it is cut off at {seen.look.to_hz / 1000:.1f} kHz (MP3, a telephone, or another sample rate): above that "
            "nothing is known, and nothing is made up"
        )


def _floor(seen: Seen) -> Iterator[str]:
    step, level = seen.look.step, db(power(seen.look.samples[seen.look.usable]))
    if step is not None and (step > COARSE_STEP or level - rounding_dbov(step) < NEAR_FLOOR_DB):
        floor = rounding_dbov(step)
        yield (
            f"its steps are of 1/{round(1 / step)} of full scale: they make a noise of {floor:.0f} dBov, "
            f"{level - floor:.0f} dB below the sound, and what is softer is not known"
        )
    if level < QUIET_DBOV:
        yield f"it is very quiet ({level:.0f} dBov): the recorder's own noise may be part of what is heard"


def _length(seen: Seen) -> Iterator[str]:
    usable_s = seen.look.samples.size / seen.look.sample_rate_hz if seen.asked else seen.look.usable_s
    if usable_s < SHORT_S:
        # What repeats is known by two periods at least, and a rate to about one period in the whole length.
        yield (
            f"{usable_s:.1f} s are usable: nothing is known of what happens less than once in "
            f"{usable_s / PERIODS:.1f} s, and rates are known to {1 / usable_s:.2f} Hz only"
        )


def _mean(seen: Seen) -> Iterator[str]:
    level = db(seen.look.mean**2)
    if level > DC_DBOV:
        yield f"it has a DC offset of {level:.0f} dBov, which is taken out"


def _choice(seen: Seen) -> Iterator[str]:
    if seen.channel:
        yield seen.channel
    length_s = seen.look.samples.size / seen.look.sample_rate_hz
    if not seen.asked and length_s < seen.whole_s:
        end_s = seen.begin_s + length_s
        yield (
            f"of {seen.whole_s:.0f} s the stretch from {seen.begin_s:.0f} to {end_s:.0f} s is used, which stands for "
            "the whole best"
        )
