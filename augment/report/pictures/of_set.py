"""The pictures of a data sheet, in sections."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from augment.acoustics.portrait import DecayPortrait
from augment.report.pictures.decays import decay_panel, decay_table
from augment.report.pictures.decays import told as decay_told
from augment.report.pictures.drawing import panels, safe
from augment.report.pictures.evenness import (
    balance_panels,
    balance_table,
    exposure_panels,
    exposure_table,
)
from augment.report.pictures.grid import Cells, cells_of, design_map, measured_table, snr_panels
from augment.report.pictures.noises import noise_panels, noise_table, rhythm_table
from augment.report.pictures.noises import told as noise_told
from augment.report.pictures.responses import response_panels, response_table
from augment.report.pictures.responses import told as response_told
from augment.testset.figures import NoiseFigures, SetFigures

MOST_DRAWN = 24
"""Noises, devices and rooms of which pictures are drawn."""
MOST_BESIDE = 8
"""Noises that stand beside one another in a table."""


@dataclass(frozen=True)
class SetPictures:
    """What pictures are drawn of.

    Attributes:
        cells: Of the grid, as rows of the manifest tell them.
        exposure: For each noise step, how many segments are heard by how many blocks.
        figures: What is written in ``figures.json``.
        words: What speech meets in each condition, by its name.
        balance: Differences of groups, as in ``testset.json``.
    """

    cells: Cells = field(default_factory=lambda: cells_of(()))
    exposure: Mapping[str, Counter[int]] = field(default_factory=dict)
    figures: SetFigures = field(default_factory=SetFigures)
    words: Mapping[str, str] = field(default_factory=dict)
    balance: Sequence[Mapping[str, Any]] = ()

    def design(self) -> str:
        """The grid as a heat map, with its conditions in words."""
        return f"<h2>The design</h2>\n{design_map(self.cells, self.words)}" if self.cells.cells else ""

    def measured(self) -> str:
        """SNR and level by cell; empty without noise."""
        drawn = snr_panels(self.cells)
        if not drawn:
            return ""
        return f"<h2>SNR, as measured</h2>\n{drawn}{folded('SNR and level of each cell', measured_table(self.cells))}"

    def heard(self) -> str:
        """Noises, devices and rooms; balance and exposure."""
        return "".join(
            f"<h2>{title}</h2>\n{html}"
            for title, html in (
                ("Noises", self._noises()),
                ("Devices", self._devices()),
                ("Rooms", self._rooms()),
                ("Balance and exposure", self._evenness()),
            )
            if html
        )

    def _noises(self) -> str:
        known = [(noise.name, noise.portrait) for noise in self.figures.noises if noise.portrait is not None]
        told = [(noise.name, _of_noise(noise)) for noise in self.figures.noises]
        tables = [
            noise_table(known[start : start + MOST_BESIDE]) + rhythm_table(known[start : start + MOST_BESIDE])
            for start in range(0, len(known), MOST_BESIDE)
        ]
        figures = folded("Third octaves and rhythms as figures", "".join(tables)) if known else ""
        drawn = panels(noise_panels(known[:MOST_DRAWN])) if known else ""
        return _sentences(told) + drawn + _left(len(known)) + figures

    def _devices(self) -> str:
        known = [(device.name, device.portrait) for device in self.figures.devices]
        if not known:
            return ""
        told = _sentences((name, response_told(portrait)) for name, portrait in known)
        drawn = panels(response_panels(known[:MOST_DRAWN]))
        return told + drawn + _left(len(known)) + folded("Responses as figures", response_table(known))

    def _rooms(self) -> str:
        known = [(room.name, room.places) for room in self.figures.rooms if room.places]
        if not known:
            return ""
        told = _sentences((name, _of_places(places)) for name, places in known)
        drawn = panels(decay_panel(name, places) for name, places in known[:MOST_DRAWN])
        return told + drawn + _left(len(known)) + folded("Decays as figures", decay_table(known))

    def _evenness(self) -> str:
        drawn, exposure = balance_panels(self.balance), self.exposure
        figures = folded("Differences as figures", balance_table(self.balance)) if drawn else ""
        heard = folded("Exposure as figures", exposure_table(exposure)) if exposure else ""
        return drawn + figures + exposure_panels(exposure) + heard


def folded(title: str, html: str) -> str:
    """What is shown when somebody asks for it, which takes no script."""
    return f"<details><summary>{title}</summary>\n{html}</details>\n"


def _of_noise(noise: NoiseFigures) -> str:
    """What it sounds like, and the steps of the recipe that play it; HTML."""
    said = (
        "not heard by itself, or gone when the set was finished"
        if noise.portrait is None
        else noise_told(noise.portrait)
    )
    return f"{said}; step {safe(', '.join(noise.steps))}"


def _of_places(places: Sequence[DecayPortrait]) -> str:
    return decay_told(places[0]) + (f" (in the first of {len(places)} places)" if len(places) > 1 else "")


def _sentences(told: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"<li><strong>{safe(name)}</strong>: {said}.</li>\n" for name, said in told)
    return f"<ul>\n{lines}</ul>\n" if lines else ""


def _left(known: int) -> str:
    return f'<p class="remark">{MOST_DRAWN} of {known} are drawn</p>\n' if known > MOST_DRAWN else ""
