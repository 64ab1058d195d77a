"""The page of a fit: how good it is, the recording and its synthesis side by side, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.levels import gain, rms_level_dbov
from augment.acoustics.pcm import headroom_gain, quantise
from augment.acoustics.portrait import NoisePortrait, noise_portrait
from augment.acoustics.resample import resample
from augment.fitting.goodness import Goodness
from augment.fitting.likeness import Stretch
from augment.fitting.look import LeftOut
from augment.fitting.spans import runs
from augment.profiles.noise import NoiseProfile
from augment.report.listening.matrix import MATRIX_STYLE
from augment.report.listening.spectrogram import Spectrogram, scale_html
from augment.report.looked_at import PLAYED_RATE_HZ
from augment.report.page import data_table, page
from augment.report.pictures.drawing import Panel, legend, panels, plot_style, safe
from augment.report.pictures.fits import modulation_panel, spectra_panel
from augment.report.pictures.noises import noise_panels, noise_table, rhythm_table
from augment.report.pictures.of_set import folded
from augment.report.players import audio_uri, player_html
from augment.report.profile_sound import LISTENING_DBOV
from augment.report.text import shown

HEARD_S, MEASURED_S = 15.0, 60.0
"""How much is played, and how much is drawn and told in figures, at most: the longest stretch of the recording that was
used, from its beginning. What comes at random times, such as blows, says little of itself in a quarter of a minute."""
SHORTEST_S = 0.1
RECORDING, SYNTHESIS = "recording", "synthesis"
FIT_STYLE = """
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.2rem; }
.sides img { display: block; width: 100%; height: 11rem; } .sides audio { width: 100%; margin-top: .3rem; }
"""


@dataclass(frozen=True)
class ComponentRow:
    """A component as the page tells it; all texts may be untrusted.

    Attributes:
        name: What it is: "series on 49.98 Hz".
        found: Its figures, with their uncertainty.
        level: Its level, with its reference.
    """

    name: str
    found: str
    level: str


@dataclass(frozen=True, eq=False)
class FitShown:
    """What the page shows; all texts may be untrusted.

    Attributes:
        profile: What was fitted; its title is the page's.
        source: The recording's name.
        recording: The recording, and which of its samples were used.
        synthesis: A synthesis at the recording's rate, as long as what is measured of the recording, or longer.
        goodness: How good it is.
        components: A row for each, or for each series.
        lines_hz: Where lines were found.
        left_out: Spans that were not used.
        unexplained: Share of the energy that no component explains, 0 to 1; None if that is not known.
        unidentified: What could not be identified, a sentence each.
        remarks: What else should be known, a sentence each.
        yaml: The profile as a file.
    """

    profile: NoiseProfile
    source: str
    recording: Stretch
    synthesis: Signal
    goodness: Goodness
    components: Sequence[ComponentRow] = ()
    lines_hz: Sequence[float] = ()
    left_out: Sequence[LeftOut] = ()
    unexplained: float | None = None
    unidentified: Sequence[str] = ()
    remarks: Sequence[str] = ()
    yaml: str = ""


def fit_page(fit: FitShown) -> bytes:
    """The page, self-contained.

    Raises:
        ValueError: Nothing of the recording was used for 0.1 s on end, or it is silent there, or the synthesis is.

    Example:
        >>> from augment.fitting.goodness import judged
        >>> from augment.profiles.library import Library
        >>> from pathlib import Path
        >>> noise = np.random.default_rng(1).standard_normal(32000)
        >>> recording = Stretch.whole(noise, 16000)
        >>> goodness = judged(*recording.parts(2), lambda samples, seed: noise[:samples])
        >>> shown_of = FitShown(Library(Path()).noise_profile("mri_epi"), "ward.wav", recording, noise, goodness)
        >>> b"cannot be said: half of what can be used are 1.0 s" in fit_page(shown_of)
        True
    """
    rate = fit.recording.sample_rate_hz
    sounds, measured = _both(fit, HEARD_S), _both(fit, MEASURED_S)
    seen = [(name, noise_portrait([(sound, None)], rate)) for name, sound in measured]
    title = f"{fit.profile.title}, fitted from {fit.source}"
    parts = [
        f"<h1>{safe(title)}</h1>\n",
        _verdict(fit.goodness),
        _unexplained(fit),
        _listed("What could not be identified", fit.unidentified),
        _sides(sounds, rate),
        legend([RECORDING, SYNTHESIS]),
        panels(_drawn(fit, measured, seen)),
        _judged(fit.goodness),
        _components(fit.components),
        _left_out(fit),
        _listed("What else to know", fit.remarks),
        folded("As figures", noise_table(seen) + rhythm_table(seen)),
        f"<h2>The profile</h2>\n<pre><code>{escape(fit.yaml)}</code></pre>\n" if fit.yaml else "",
    ]
    return page(shown(title), "".join(parts), "\n".join((MATRIX_STYLE, FIT_STYLE, plot_style())))


def _both(fit: FitShown, most_s: float) -> list[tuple[str, Signal]]:
    """Recording and synthesis at one level, equally long."""
    heard = heard_of(fit.recording, most_s)
    return [(RECORDING, _levelled(heard)), (SYNTHESIS, _levelled(fit.synthesis[: heard.size]))]


def heard_of(recording: Stretch, most_s: float = HEARD_S) -> Signal:
    """The longest stretch of a recording that was used, or its beginning, shape (n,).

    Args:
        recording: The recording.
        most_s: How much of it is wanted at most.

    Raises:
        ValueError: None is 0.1 s long.

    Example:
        >>> used = np.arange(16000) >= 4000
        >>> heard_of(Stretch(np.arange(16000.0), 16000, used))[:2].tolist()
        [4000.0, 4001.0]
    """
    start, end = max(runs(recording.usable).tolist(), key=lambda run: run[1] - run[0], default=(0, 0))
    if end - start < SHORTEST_S * recording.sample_rate_hz:
        raise ValueError(f"expected at least {SHORTEST_S:g} s of the recording to be used in one piece")
    return recording.samples[start : min(end, start + round(most_s * recording.sample_rate_hz))]


def _levelled(sound: Signal) -> Signal:
    level = rms_level_dbov(sound)
    if not np.isfinite(level):
        raise ValueError("expected a recording and a synthesis that are not silent")
    return sound * gain(LISTENING_DBOV - level)


def _verdict(goodness: Goodness) -> str:
    """The verdict, in words of ours; what is beyond the spread of the halves, a line each."""
    beyond = [one for one in goodness.judgements if not one.within]
    said = goodness.summary
    items = "".join(f"<li>{escape(one.words)}</li>" for one in beyond)
    listed = f"<ul>{items}</ul>\n" if items else ""
    return f"<p><strong>{escape(said[:1].upper() + said[1:])}{':' if items else '.'}</strong></p>\n{listed}"


def _unexplained(fit: FitShown) -> str:
    if fit.unexplained is None:
        return ""
    return f"<p>{100 * fit.unexplained:.1f} % of the recording's energy are explained by no component.</p>\n"


def _listed(heading: str, sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{safe(one)}</li>" for one in sentences)
    return f"<h2>{heading}</h2>\n<ul>{items}</ul>\n" if items else ""


def _sides(sounds: Sequence[tuple[str, Signal]], rate: int) -> str:
    """Players and spectrograms side by side, all at one gain: a sound with peaks makes both softer."""
    axis_s = max(sound.size for _, sound in sounds) / rate
    played = [resample(sound, rate, PLAYED_RATE_HZ) for _, sound in sounds]
    softer = min(headroom_gain(sound) for sound in played)
    sides = []
    for (name, sound), own in zip(sounds, played, strict=True):
        picture = Spectrogram.of(sound, rate, axis_s)
        player = player_html(audio_uri(quantise(own * softer)[0], PLAYED_RATE_HZ), name)
        sides.append(
            f"<figure><figcaption>{name.capitalize()}</figcaption>"
            f'<img src="{picture.uri}" alt="{safe(picture.told)}">{player}</figure>\n'
        )
    level = f"Both at {LISTENING_DBOV:g} dBov"
    if softer < 1:
        level += f", and made softer by {-20 * np.log10(softer):.1f} dB for their peaks"
    told = f'<p class="remark">{level}. Upwards: 0 to {rate / 2000:g} kHz.</p>\n'
    return f'<h2>To listen to</h2>\n<div class="sides">{"".join(sides)}</div>\n{told}{scale_html()}'


def _drawn(
    fit: FitShown, sounds: Sequence[tuple[str, Signal]], seen: Sequence[tuple[str, NoisePortrait]]
) -> list[Panel]:
    """The pictures; envelope spectra are those of the half that the synthesis is held against, if there is one."""
    drawn = [spectra_panel(sounds, fit.recording.sample_rate_hz, fit.lines_hz), *noise_panels(seen, together=True)]
    if fit.goodness.second is not None and fit.goodness.synthesis is not None:
        drawn.append(modulation_panel([(RECORDING, fit.goodness.second), (SYNTHESIS, fit.goodness.synthesis)]))
    return drawn


def _judged(goodness: Goodness) -> str:
    if goodness.too_short:
        return ""
    rows = [
        [
            one.quantity.name,
            one.quantity.said(one.halves),
            one.quantity.said(one.spread),
            f"{one.quantity.said(one.synthesis)} ({one.quantity.said(one.least)} to {one.quantity.said(one.most)})",
            f'<td class="text">{escape(one.words.partition(": ")[2])}</td>',
        ]
        for one in goodness.judgements
    ]
    header = ["quantity", "halves apart", "their spread", "synthesis to the second half (draws)", "verdict"]
    caption = "The synthesis of the first half against the second half of the recording"
    return f"<h2>How good it is</h2>\n{data_table(caption, header, rows)}"


def _components(components: Sequence[ComponentRow]) -> str:
    if not components:
        return ""
    rows = [
        [safe(one.name), f'<td class="text">{safe(one.found)}</td>', f'<td class="text">{safe(one.level)}</td>']
        for one in components
    ]
    return f"<h2>What it is made of</h2>\n{data_table('Components', ['component', 'found', 'level'], rows)}"


def _left_out(fit: FitShown) -> str:
    whole_s = fit.recording.samples.size / fit.recording.sample_rate_hz
    rows = [
        [f"{one.begin_s:.2f} s", f"{one.end_s:.2f} s", f'<td class="text">{safe(one.why)}</td>'] for one in fit.left_out
    ]
    table = data_table("Left out", ["from", "to", "why"], rows) if rows else ""
    return f"<h2>What was used</h2>\n<p>{fit.recording.seconds:.1f} s of {whole_s:.1f} s were used.</p>\n{table}"
