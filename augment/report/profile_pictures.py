"""Profiles, recordings and responses as pictures: a page to look at and to listen to, or a file."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from augment.acoustics.portrait import DecayPortrait, NoisePortrait
from augment.errors import AcoustigridError, Fault
from augment.profiles.microphone import DevicePortrait
from augment.report.looked_at import LookedAt
from augment.report.page import data_table, page
from augment.report.pictures.decays import decay_panel, decay_table, decays_panel
from augment.report.pictures.drawing import Panel, legend, panels, plot_style, safe
from augment.report.pictures.files import png_file, svg_file
from augment.report.pictures.noises import noise_panels, noise_table, rhythm_table
from augment.report.pictures.of_set import folded
from augment.report.pictures.responses import response_panels, response_table
from augment.report.players import player_html
from augment.report.profile_text import ROOMS, figures_of, sentence
from augment.report.text import shown

SUFFIXES = (".html", ".svg", ".png")


def picture(seen: Sequence[LookedAt], file: str | Path) -> bytes:
    """One or several of a kind, drawn over each other, as its file name wants it.

    Args:
        seen: At least one.
        file: Its ending says what is made: ``.html`` with players and figures, ``.svg`` or ``.png``.

    Raises:
        AcoustigridError: It ends otherwise, or nothing can be drawn here.
    """
    suffix = known_suffix(file)
    if any(one.portrait is None for one in seen):
        message = "simulated rooms need pyroomacoustics, which is not installed"
        raise AcoustigridError(Fault("", message, ROOMS))
    if suffix == ".html":
        return _page(seen)
    names = [f"{one.label}: {one.title}" for one in seen] if len(seen) > 1 else []
    text = svg_file(_title(seen), drawn(seen), names)
    return text.encode() if suffix == ".svg" else png_file(text)


def known_suffix(file: str | Path) -> str:
    """What a picture's file name ends in.

    Raises:
        AcoustigridError: No picture can be made of it.
    """
    suffix = Path(file).suffix.lower()
    if suffix not in SUFFIXES:
        raise AcoustigridError(Fault(str(file), "expected a file name that ends in .html, .svg or .png"))
    return suffix


def _title(seen: Sequence[LookedAt]) -> str:
    return " beside ".join(one.label for one in seen) if len(seen) > 1 else f"{seen[0].label}: {seen[0].title}"


def drawn(seen: Sequence[LookedAt]) -> list[Panel]:
    """The panels: those of one, or one of each sort for all."""
    together = len(seen) > 1
    noises, devices, rooms = _sorted(seen)
    if noises:
        return noise_panels(noises, together)
    if devices:
        return response_panels(devices, together)
    return [decays_panel(rooms) if together else decay_panel(name, [room]) for name, room in rooms[:1]]


_Sorted = tuple[list[tuple[str, NoisePortrait]], list[tuple[str, DevicePortrait]], list[tuple[str, DecayPortrait]]]


def _sorted(seen: Sequence[LookedAt]) -> _Sorted:
    noises = [(one.label, one.portrait) for one in seen if isinstance(one.portrait, NoisePortrait)]
    devices = [(one.label, one.portrait) for one in seen if isinstance(one.portrait, DevicePortrait)]
    rooms = [(one.label, one.portrait) for one in seen if isinstance(one.portrait, DecayPortrait)]
    return noises, devices, rooms


def _page(seen: Sequence[LookedAt]) -> bytes:
    noises, devices, rooms = _sorted(seen)
    figures = [noise_table(noises) + rhythm_table(noises)] if noises else []
    figures += [response_table(devices)] if devices else []
    figures += [decay_table([(name, [room]) for name, room in rooms])] if rooms else []
    title = _title(seen)
    parts = [
        f"<h1>{safe(title)}</h1>\n",
        _players(seen),
        legend(one.label for one in seen) if len(seen) > 1 else "",
        *(f"<p><strong>{safe(one.label)}</strong>: {sentence(one.portrait)}.</p>\n" for one in seen if one.portrait),
        panels(drawn(seen)),
        folded("As figures", "".join(figures)),
        *(f"<h2>{safe(one.label)}</h2>\n<pre><code>{escape(figures_of(one))}</code></pre>\n" for one in seen),
    ]
    return page(shown(title), "".join(parts), plot_style())


def _players(seen: Sequence[LookedAt]) -> str:
    rows = []
    for one in seen:
        played = one.play()
        player = player_html(played.uri(), f"{one.label}: {played.said}")
        title, said = (f'<td class="text">{safe(text)}</td>' for text in (one.title, played.said))
        rows.append([safe(one.label), title, f"<td>{player}</td>", said])
    return data_table("To listen to", ["name", "what it is", "sound", "what is heard"], rows)
