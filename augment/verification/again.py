"""Items rendered again: from the plan, with today's sources and profiles."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from augment.acoustics.levels import speech_level
from augment.bounds import SLOWEST, STARTUP_S
from augment.corpus.source import folder_of
from augment.errors import AcoustigridError, Fault, StoreError, TestSetError
from augment.execute import Afar, Lost, Way
from augment.files.audio import encode, pcm_sha256
from augment.files.json_rows import Rows
from augment.files.location import Location, Url, joined
from augment.files.members import MARK
from augment.progress import Progress
from augment.recipe.loader import LoadedRecipe
from augment.render import Failed
from augment.scene import Scene, Weighting
from augment.testset.completion import described, profile_digests, snr_columns
from augment.testset.folder import IDENTITY, PROFILES
from augment.testset.outgoing import outgoing_cells
from augment.testset.portions import job_of, utterance_of
from augment.testset.shard import Job, Utterance, render_utterance
from augment.testset.softer import made_softer
from augment.verification.meter import decibel, mean_square, through
from augment.verification.remade import WORDS, Made
from augment.verification.sources import SelfDescription, with_recordings

SNR_TOLERANCE_DB = 0.1
COULD_NOT = "could not be rendered again: {}"
UNUSABLE = (AcoustigridError, KeyError, ValueError, TypeError, AttributeError)
"""What rows raise that are not as a build writes them."""


@dataclass
class Rendering:
    """What came of rendering items again.

    Attributes:
        faults: What deviates.
        count: Number of items that were rendered.
        absent: Recordings of speech that are missing.
    """

    faults: list[Fault] = field(default_factory=list)
    count: int = 0
    absent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ItemAgain:
    """What is compared of an item that was rendered again.

    Attributes:
        data: The whole file.
        pcm_sha256: Hash of its samples.
        measured: What the renderer measured.
        speech_level_dbov: Active level of its speech, by the referee.
        snr_db: SNR at the microphone, by the referee; None without noise.
    """

    data: bytes
    pcm_sha256: str
    measured: dict[str, Any]
    speech_level_dbov: float
    snr_db: float | None


@dataclass(frozen=True)
class RendersAgain:
    """Renders items again, in whatever process it is called.

    Attributes:
        job: How.
        definition: Under which SNR is defined.
    """

    job: Job
    definition: Weighting

    def __call__(self, numbered: tuple[int, Utterance]) -> tuple[int, ItemAgain | str]:
        """The number of an item, and the item or why it cannot be rendered."""
        number, work = numbered
        try:
            return number, self._rendered(work)
        except StoreError:
            raise  # which says nothing about the item
        except UNUSABLE as error:
            return number, str(error)

    def _rendered(self, work: Utterance) -> ItemAgain | str:
        again, rate_hz = next(iter(render_utterance(self.job, work))), self.job.spec.sample_rate_hz
        if isinstance(again, Failed):
            return again.reason
        level = speech_level(again.delivered.speech.signal(), rate_hz).active_level_dbov
        data = encode(again.pcm, rate_hz, self.job.audio_format)
        snr_db = _snr_db(again.at_microphone, self.definition)
        return ItemAgain(data, pcm_sha256(again.pcm), again.measured, level, snr_db)

    def limit_s(self, numbered: tuple[int, Utterance]) -> float:
        """Time after which whoever renders an item is taken to hang."""
        return STARTUP_S + SLOWEST * numbered[1].samples / self.job.spec.sample_rate_hz


def rendered_again(
    told: SelfDescription, loaded: LoadedRecipe, base: Location, chosen: Rows, way: Way, progress: Progress
) -> Rendering:
    """Render chosen items again.

    Args:
        told: The set.
        loaded: Its recipe, with everything that it names.
        base: Folder of the recipe.
        chosen: Rows of the manifest that are in the plan.
        way: Where they are rendered, unless its workers see other folders than this process.
        progress: Shows how far it has got.

    Raises:
        AcoustigridError: The folder of the corpus is missing, it is no longer known which recordings they are, or a
            store refuses to be read.
    """
    root = folder_of(joined(base, loaded.recipe.corpus.path))
    if not root.is_dir():
        raise TestSetError(Fault(str(root), "the folder of the corpus is not there"))
    found, faults = Rendering(), dict[int, list[str]]()
    job = RendersAgain(job_of(loaded, told.conditions), loaded.recipe.snr_definition())
    works, done = _works(told, chosen, root, found, faults), 0
    with progress.step("rendering again", len(chosen), "item") as step:
        for outcome in map(job, works) if isinstance(way, Afar) else way.run(job, works, job.limit_s):
            if isinstance(outcome, Lost):
                faults[outcome.task[0]] = [COULD_NOT.format(f"a worker {outcome.fate}")]
            else:
                number, again = outcome
                found.count += 1
                try:
                    faults[number] = _compare(told, chosen[number], again, loaded)
                except StoreError:
                    raise
                except UNUSABLE as error:
                    faults[number] = [COULD_NOT.format(error)]
            step.advance()
            done += 1
        step.advance(len(chosen) - done)  # what is not there, or is no row
    for number in sorted(faults):
        place = told.disk.place(chosen[number]["audio_filepath"])
        found.faults += [Fault(place, message) for message in faults[number]]
    return found


def _works(
    told: SelfDescription, chosen: Rows, root: Location, found: Rendering, faults: dict[int, list[str]]
) -> Iterator[tuple[int, Utterance]]:
    """What is to be rendered, by the number of its row; recordings that are not there, and rows without, are noted."""
    planned = with_recordings(told)
    for number, row in enumerate(chosen):
        try:
            work = utterance_of([planned[row["audio_filepath"]]], root)
            outer = work.path if isinstance(work.path, Url) else Path(str(work.path).split(MARK)[0])
            if outer.exists():
                yield number, work
            else:
                found.absent.append(str(work.path))
        except StoreError:
            raise  # which says nothing about the item
        except UNUSABLE as error:
            faults[number] = [COULD_NOT.format(error)]


def recipe_faults(told: SelfDescription) -> Made:
    """``testset.json`` compared with the recipe, and with the rows of the manifest."""
    softer = json.loads(json.dumps(made_softer(told.rows).as_identity()))
    expected = [("the recipe says", *said) for said in described(told.loaded, told.conditions).items()]
    expected.append(("the manifest says", "made_softer_against_clipping", softer))
    place = told.disk.place(IDENTITY)
    return Made.of(
        (name in WORDS, Fault(place, f"{name}: {source} {value!r}, it says {told.identity.get(name)!r}"))
        for source, name, value in expected
        if name != "made_by" and told.identity.get(name) != value
    )


def profile_faults(told: SelfDescription, loaded: LoadedRecipe) -> list[Fault]:
    """Today's profiles compared with those of the build.

    Args:
        told: The set.
        loaded: Its recipe, with everything that it names.
    """
    then, today = told.identity["profiles"], profile_digests(told.conditions, loaded.library)
    remedy = f"its figures at that time are in {PROFILES}"
    return [
        Fault(str(told.disk.folder), f"the profile '{name}' has changed since the test set was built", remedy)
        for name in sorted({*then, *today})
        if today.get(name) != then.get(name)
    ]


def _compare(told: SelfDescription, row: dict[str, Any], again: ItemAgain | str, loaded: LoadedRecipe) -> list[str]:
    """A file and its row compared with a new rendering."""
    if isinstance(again, str):
        return [COULD_NOT.format(again)]
    found = []
    name = row["audio_filepath"]
    if again.pcm_sha256 != row["pcm_sha256"]:
        found.append("rendered again, it has other samples")
    elif told.disk.has(name) and told.disk.hash(name) == row["sha256"] and again.data != told.disk.read(name):
        found.append("rendered again, it has other bytes, though the same samples: another version of libsndfile?")
    measured = again.measured if told.identity.get("pseudonyms") is None else outgoing_cells(again.measured)
    for name, value in {**measured, **snr_columns(loaded)}.items():
        if row.get(name) != value:
            found.append(f"{name}: measured again {value!r}, the manifest says {row.get(name)!r}")
    if abs(again.speech_level_dbov - row["speech_level_dbov"]) > SNR_TOLERANCE_DB:
        said = f"the manifest says {row['speech_level_dbov']}"
        found.append(f"its speech has {again.speech_level_dbov:.2f} dBov; {said}")
    return [*found, *_snr_faults(row, again)]


def _snr_faults(row: dict[str, Any], again: ItemAgain) -> list[str]:
    """The SNR of the stems, by an independent meter, compared with the row."""
    snr, found = again.snr_db, []
    for name in ("snr_db", "snr_requested_db") if snr is not None else ():
        if row[name] is None and again.measured[name] is None:
            continue  # a noise with a level in dB(A): its SNR was not asked for but resulted from the level
        if name == "snr_requested_db" and again.measured.get("noise2_step") is not None:
            continue  # each has its own, and together they have what comes of it
        if not isinstance(row[name], int | float) or abs(snr - row[name]) > SNR_TOLERANCE_DB:
            found.append(f"its stems have an SNR of {snr:.2f} dB; the manifest says {name}: {row[name]}")
    return found


def _snr_db(scene: Scene, definition: Weighting) -> float | None:
    """SNR of stems by the referee's own meter, which shares nothing with the renderer but the P.56 meter."""
    if not scene.noises:
        return None
    rate, together = scene.sample_rate_hz, np.zeros(scene.samples)
    for stem in scene.noises:  # each as loud over the whole time as it is while it is on
        on = np.ones(scene.samples) if stem.active is None else stem.active.astype(float)
        together += through(stem.signal(), rate, definition) * on / math.sqrt(max(float(np.mean(on)), 1e-9))
    noise = mean_square(together)
    speech = through(scene.speech.signal(), rate, definition)
    return speech_level(speech, rate).active_level_dbov - decibel(noise)
