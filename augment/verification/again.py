"""Items rendered again: from the plan, with today's sources and profiles."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augment.acoustics.levels import speech_level
from augment.corpus.source import folder_of
from augment.errors import AcoustigridError, Fault, StoreError, TestSetError
from augment.files.audio import encode, pcm_sha256
from augment.files.json_rows import Rows
from augment.files.location import Location, Url, joined
from augment.files.members import MARK
from augment.progress import Progress, each
from augment.recipe.loader import LoadedRecipe
from augment.render import Failed, Rendered
from augment.scene import Scene
from augment.testset.completion import described, profile_digests, snr_columns
from augment.testset.folder import IDENTITY, PROFILES
from augment.testset.outgoing import outgoing_cells
from augment.testset.portions import job_of, utterance_of
from augment.testset.shard import Job, render_utterance
from augment.testset.softer import made_softer
from augment.verification.meter import decibel, mean_square, through
from augment.verification.remade import WORDS, Made
from augment.verification.sources import SelfDescription, with_recordings

SNR_TOLERANCE_DB = 0.1


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


def rendered_again(
    told: SelfDescription, loaded: LoadedRecipe, base: Location, chosen: Rows, progress: Progress
) -> Rendering:
    """Render chosen items again.

    Args:
        told: The set.
        loaded: Its recipe, with everything that it names.
        base: Folder of the recipe.
        chosen: Rows of the manifest that are in the plan.
        progress: Shows how far it has got.

    Raises:
        AcoustigridError: The folder of the corpus is missing, it is no longer known which recordings they are, or a
            store refuses to be read.
    """
    root = folder_of(joined(base, loaded.recipe.corpus.path))
    if not root.is_dir():
        raise TestSetError(Fault(str(root), "the folder of the corpus is not there"))
    planned, found = with_recordings(told), Rendering()
    job = job_of(loaded, told.conditions)
    for row in each(progress, "rendering again", chosen, len(chosen), "item"):
        place = told.disk.place(row["audio_filepath"])
        try:
            work = utterance_of([planned[row["audio_filepath"]]], root)
            outer = work.path if isinstance(work.path, Url) else Path(str(work.path).split(MARK)[0])
            if not outer.exists():
                found.absent.append(str(work.path))
                continue
            found.count += 1
            outcome = next(iter(render_utterance(job, work)))
            if isinstance(outcome, Failed):
                raise TestSetError(outcome.reason)
            found.faults += [Fault(place, message) for message in _compare(told, row, outcome, job, loaded)]
        except StoreError:
            raise  # which says nothing about the item
        except (AcoustigridError, KeyError, ValueError, TypeError, AttributeError) as error:
            found.faults.append(Fault(place, f"could not be rendered again: {error}"))
    return found


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


def _compare(told: SelfDescription, row: dict[str, Any], again: Rendered, job: Job, loaded: LoadedRecipe) -> list[str]:
    """A file and its row compared with a new rendering."""
    found = []
    data = encode(again.pcm, job.spec.sample_rate_hz, job.audio_format)
    name = row["audio_filepath"]
    if pcm_sha256(again.pcm) != row["pcm_sha256"]:
        found.append("rendered again, it has other samples")
    elif told.disk.has(name) and told.disk.hash(name) == row["sha256"] and data != told.disk.read(name):
        found.append("rendered again, it has other bytes, though the same samples: another version of libsndfile?")
    measured = again.measured if told.identity.get("pseudonyms") is None else outgoing_cells(again.measured)
    for name, value in {**measured, **snr_columns(loaded)}.items():
        if row.get(name) != value:
            found.append(f"{name}: measured again {value!r}, the manifest says {row.get(name)!r}")
    level = speech_level(again.delivered.speech.signal(), job.spec.sample_rate_hz).active_level_dbov
    if abs(level - row["speech_level_dbov"]) > SNR_TOLERANCE_DB:
        found.append(f"its speech has {level:.2f} dBov; the manifest says {row['speech_level_dbov']}")
    return [*found, *_snr_faults(row, again, loaded)]


def _snr_faults(row: dict[str, Any], again: Rendered, loaded: LoadedRecipe) -> list[str]:
    """The SNR of the stems, by an independent meter, compared with the row."""
    snr, found = _snr_db(again.at_microphone, loaded), []
    for name in ("snr_db", "snr_requested_db") if snr is not None else ():
        if row[name] is None and again.measured[name] is None:
            continue  # a noise with a level in dB(A): its SNR was not asked for but resulted from the level
        if not isinstance(row[name], int | float) or abs(snr - row[name]) > SNR_TOLERANCE_DB:
            found.append(f"its stems have an SNR of {snr:.2f} dB; the manifest says {name}: {row[name]}")
    return found


def _snr_db(scene: Scene, loaded: LoadedRecipe) -> float | None:
    """SNR of stems by the referee's own meter, which shares nothing with the renderer but the P.56 meter."""
    if not scene.noises:
        return None
    definition, rate = loaded.recipe.snr_definition(), scene.sample_rate_hz
    noise = 0.0
    for stem in scene.noises:
        heard = through(stem.signal(), rate, definition)
        noise += mean_square(heard if stem.active is None else heard[stem.active])
    speech = through(scene.speech.signal(), rate, definition)
    return speech_level(speech, rate).active_level_dbov - decibel(noise)
