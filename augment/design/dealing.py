"""What the planner deals to blocks: stretches of recordings, voices for a babble, spectra, positions in rooms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from augment.corpus.table import Corpus
from augment.design.assignment import Schedule
from augment.design.babble import deal_talkers
from augment.design.conditions import ChainStep
from augment.design.exposure import Exposure, Grid, deal_segments
from augment.design.listeners import Listeners
from augment.design.selection import Selection
from augment.design.spectrum import deal_spectrum
from augment.design.standing import deal_positions
from augment.files.json_text import strict_json
from augment.profiles.library import DEALT, Library, Need
from augment.profiles.telling import recording_notes
from augment.scene import Dealt
from augment.scene.dealt import read


@dataclass(frozen=True)
class Dealer:
    """Everything that dealing depends on.

    Attributes:
        corpus: The corpus, whose voices may babble.
        listeners: Chosen utterances, their blocks, and which conditions these meet.
        library: Holds the recordings.
        seed: Of the recipe.
        sample_rate_hz: Of the test set.
        segment_s: Grid on which recordings are cut.
    """

    corpus: Corpus
    listeners: Listeners
    library: Library
    seed: int
    sample_rate_hz: int
    segment_s: float

    @property
    def selection(self) -> Selection:
        """Chosen utterances and their blocks."""
        return self.listeners.selection

    def deal(self, step: ChainStep, need: Need, blocks: Sequence[int], conditions: Iterable[int] = ()) -> Exposure:
        """Deal to the blocks that play one step.

        Args:
            step: The step.
            need: What it is dealt.
            blocks: Those that play it, in their order.
            conditions: Those in which it is played.

        Raises:
            ProfileError: Recordings cannot be used.
            DesignError: The corpus has not enough other voices.
        """
        if need.kind == "talkers":
            return deal_talkers(step, blocks, self.corpus, self.selection, self.seed, self.sample_rate_hz)
        if need.kind == "speech_spectrum":
            return deal_spectrum(step, blocks, self.corpus, self.selection, self.sample_rate_hz)
        places = self.listeners.places(blocks, conditions)
        if need.kind == "recording":
            grid = Grid(self.sample_rate_hz, self.segment_s)
            inventory = self.library.recordings(need.name, need.use)
            found = deal_segments(step, inventory.recordings, blocks, places, self.seed, grid)
            told = recording_notes(need.name, inventory, self.sample_rate_hz)
            return replace(found, notes=tuple(told))
        return deal_positions(step, self.library, blocks, places, self.seed)


def exposures(turns: Schedule, dealer: Dealer) -> dict[str, Exposure]:
    """Deal for every step that plays something; by :attr:`ChainStep.plays`.

    A block that never meets a source takes none of it, so that nothing is heard twice before all has been heard.

    Raises:
        ProfileError: Recordings cannot be used.
        DesignError: The corpus has not enough other voices for a babble.
    """
    playing: dict[str, set[int]] = {}
    for number, condition in enumerate(turns.conditions):
        for step in (step for step in condition.chain if step.plays):
            playing.setdefault(str(step.plays), set()).add(number)
    met = [turns.of_block(block) for block in range(dealer.selection.per_group)]
    found: dict[str, Exposure] = {}
    for step in (step for condition in turns.conditions for step in condition.chain):
        need = next((need for need in step.perturbation.needs() if need.kind in DEALT), None)
        if need is not None and step.plays and step.plays not in found:
            own = playing[step.plays]
            blocks = [block for block, heard in enumerate(met) if not own.isdisjoint(heard)]
            found[step.plays] = dealer.deal(step, need, blocks, sorted(own))
    return found


def read_dealt(text: str) -> Mapping[str, Dealt]:
    """What was dealt to an item, from the plan's column ``dealt``; by :attr:`ChainStep.plays`.

    Example:
        >>> read_dealt('{"noise/street/n a.wav": {"recording": "a.wav", "sha256": "e3", "start": 160, "round": 0}}')
        {'noise/street/n a.wav': Segment(name='a.wav', sha256='e3', start=160, round=0)}
    """
    return {played: read(values) for played, values in strict_json(text).items()}
