"""Items and profiles in memory, or as one file to listen to."""

from collections.abc import Sequence
from pathlib import Path

from augment.acoustics import Signal
from augment.acoustics.pcm import headroom_gain, quantise
from augment.design.plan import Plan
from augment.errors import AcoustigridError, Fault, counted, nearest
from augment.files.atomic import write_atomically
from augment.files.audio import AudioFormat, encode
from augment.plain_text import visible
from augment.render import Failed, Rendered
from augment.report.looked_at import LookedAt, looked_at
from augment.report.profile_pictures import picture
from augment.report.profile_sound import profile_sound
from augment.report.profile_text import refuse_unlike
from augment.showing import Picture, Player, Presented, picture_of, player_of
from augment.testset.portions import job_of, utterance_of
from augment.testset.shard import render_utterance as render_items


class Renderings(dict[str, Rendered], Presented):
    """The items of one utterance by their condition: a dict that a notebook shows and plays.

    Example:
        >>> from augment.api.planning import plan
        >>> planned = plan("demo")
        >>> render_utterance(planned, planned.items["utterance"][0])
        <Renderings: 8 conditions of one utterance, quiet__studio to fan__handset>
    """

    def __repr__(self) -> str:
        names = [visible(name) for name in self]
        few = f", {names[0]} to {names[-1]}" if len(names) > 1 else f", {names[0]}" if names else ""
        return f"<Renderings: {counted(len(self), 'condition')} of one utterance{few}>"

    def plot(self) -> Picture:
        """Their spectrograms."""
        return picture_of(self)

    def play(self) -> Player:
        """All of them, to listen to."""
        return player_of(self)


def render_utterance(planned: Plan, utterance: str) -> Renderings:
    """Render one utterance of a plan, with its stems, without writing anything.

    Args:
        planned: A plan.
        utterance: Id of a chosen utterance.

    Returns:
        For each condition: the samples, the scene at the microphone and the scene in the file, as a dict.

    Raises:
        AcoustigridError: There is no such utterance in the plan, or an item cannot be rendered.

    Example:
        >>> from augment.api.planning import plan
        >>> planned = plan("demo")
        >>> items = render_utterance(planned, planned.items["utterance"][0])
        >>> round(items["scanner_5db__studio"].measured["snr_db"], 2)
        5.0
    """
    rows = planned.table.of_utterance(utterance).rows(named=True)
    if not rows:
        known = planned.utterances["utterance"].to_list()
        raise AcoustigridError(Fault("", f"the plan has no utterance '{utterance}'", nearest(utterance, known)))
    made = Renderings()
    job = job_of(planned.loaded, planned.conditions)
    for outcome in render_items(job, utterance_of(rows, planned.corpus.folder)):
        if isinstance(outcome, Failed):
            raise AcoustigridError(Fault(f"{utterance} under {outcome.condition.name}", outcome.reason))
        made[outcome.condition.name] = outcome
    return Renderings((row["condition"], made[row["condition"]]) for row in rows)  # long ones come in another order


def stems(rendered: Rendered) -> dict[str, Signal]:
    """The stems of an item as they are in its file: ``speech``, ``noise``, ``noise2`` ..., each of shape (n,).

    Args:
        rendered: Of :func:`render_utterance`.

    Example:
        >>> from augment.api.planning import plan
        >>> planned = plan("demo")
        >>> items = render_utterance(planned, planned.items["utterance"][0])
        >>> list(stems(items["fan__studio"])), list(stems(items["quiet__studio"]))
        (['speech', 'noise'], ['speech'])
    """
    scene = rendered.delivered
    named = {"noise" if n == 1 else f"noise{n}": stem for n, stem in enumerate(scene.noises, start=1)}
    return {"speech": scene.speech.signal(), **{name: stem.signal() for name, stem in named.items()}}


def render_profile(
    name: str, out: str | Path, seconds: float = 10.0, sample_rate_hz: int = 16000, seed: int = 1
) -> str:
    """Write a noise profile to a file at -26 dBov; for a microphone or a room, its impulse response.

    Args:
        name: A bundled profile, or the path of your own.
        out: File to write, ``.wav`` or ``.flac``.
        seconds: Length of a noise.
        sample_rate_hz: Sample rate of the file.
        seed: Another seed gives another stretch of noise.

    Returns:
        One line that describes what was written.

    Raises:
        AcoustigridError: There is no such profile, it is faulty, or the file cannot be written.

    Example:
        >>> import tempfile
        >>> said = render_profile("mri_epi", Path(tempfile.mkdtemp()) / "mri.wav", seconds=1)
        >>> said.partition(": ")[2].endswith("1.00 s at 16000 Hz")
        True
    """
    path = Path(out)
    formats: dict[str, AudioFormat] = {".wav": "wav", ".flac": "flac"}
    if path.suffix.lower() not in formats:
        raise AcoustigridError(Fault(str(path), "expected a file name that ends in .wav or .flac"))
    samples, said = profile_sound(name, seconds, sample_rate_hz, seed)
    pcm, _ = quantise(samples * headroom_gain(samples))
    write_atomically(path, encode(pcm, sample_rate_hz, formats[path.suffix.lower()]))
    return f"{path}: {said}, {pcm.size / sample_rate_hz:.2f} s at {sample_rate_hz} Hz"


def draw_profiles(profiles: Sequence[str | LookedAt], out: str | Path) -> None:
    """Draw a profile, a recording or an impulse response; or several of a kind, over each other.

    Args:
        profiles: Bundled profiles, or paths of your own, or of audio.
        out: File to write: ``.html`` with players and figures, ``.svg`` or ``.png``.

    Raises:
        AcoustigridError: There is no such profile, they cannot be compared, or the file cannot be written.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "handset.svg"
        >>> draw_profiles(["itu_p48_handset"], target)
        >>> target.read_text().startswith("<svg")
        True
    """
    seen = [looked_at(one) if isinstance(one, str) else one for one in profiles]
    if len(seen) != 1:
        refuse_unlike(seen)
    write_atomically(Path(out), picture(seen, out))
