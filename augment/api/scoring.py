"""Scoring what recognisers made of a test set."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from augment.errors import Fault, ScoreError
from augment.files.atomic import write_atomically
from augment.files.content import larger
from augment.files.location import Location, Url, location
from augment.progress import SILENT, Progress
from augment.report.conclusions import conclusions
from augment.report.scores import as_json, as_parquet, markdown
from augment.report.scores_page import scores_page
from augment.scoring import scores as scoring
from augment.scoring.scores import PLAIN, ScoreOptions, Scores
from augment.testset.reading import Finished, read_finished

Hypotheses = Mapping[str, str | Path]
"""File of each recogniser, by the name that it is to have in the results."""


def score(
    folder: str | Location,
    hypotheses: Hypotheses,
    options: ScoreOptions | None = None,
    progress: Progress = SILENT,
) -> Scores:
    """Score what recognisers made of a finished test set.

    Args:
        folder: The test set.
        hypotheses: File of each recogniser, by the name that it is to have in the results.
        options: How; see :class:`~augment.scoring.scores.ScoreOptions`.
        progress: Told how far it has got.

    Raises:
        AcoustigridError: The set is not as it was built, or hypotheses do not fit it.

    Example: see ``acoustigrid score --help``.
    """
    with progress.step("reading the test set"):
        finished = read_finished(location(folder))
    return scored(finished, hypotheses, options, progress)


def scored(finished: Finished, hypotheses: Hypotheses, options: ScoreOptions | None, progress: Progress) -> Scores:
    """Score what recognisers made of an open test set; arguments and errors as for :func:`score`."""
    if not isinstance(hypotheses, Mapping) or not all(isinstance(path, str | Path) for path in hypotheses.values()):
        raise ScoreError(
            Fault("hypotheses", "expected the file of each recogniser by its name", "{'tiny': 'tiny.jsonl'}")
        )
    files = {name: Path(path) for name, path in hypotheses.items()}
    return scoring.score(finished, files, options or ScoreOptions(PLAIN), progress)


def write_scores(scores: Scores, folder: str | Path) -> list[Path]:
    """Write ``scores.md``, ``scores.json``, ``scores.parquet`` and ``scores.html`` into a folder.

    Args:
        scores: Of :func:`score`.
        folder: Made if it is not there; not inside the test set, whose every file is accounted for.

    Raises:
        AcoustigridError: The folder lies in the test set or holds something else, or a file cannot be replaced.
        OSError: It cannot be written.

    Example: ``write_scores(augment.score("testset", {"tiny": "whisper.jsonl"}), "scores")``
    """
    target, root = location(folder), scores.finished.folder.path
    if isinstance(target, Url):
        raise ScoreError(Fault(str(target), "scores are written to this machine", "choose a folder on it"))
    if isinstance(root, Path) and target.resolve().is_relative_to(root.resolve()):
        raise ScoreError(Fault(str(target), "this folder lies in the test set", "choose one beside it"))
    if target.exists() and not target.is_dir():
        raise ScoreError(Fault(str(target), "this is a file; scores are several files, in a folder", "name a folder"))
    if target.is_dir() and any(target.iterdir()) and not (target / "scores.json").is_file():
        raise ScoreError(
            Fault(str(target), "the folder holds something that is no scores", "choose a new or empty one")
        )
    target.mkdir(parents=True, exist_ok=True)
    audio_root = f"{root}/"
    if isinstance(root, Path):
        audio_root = Path(os.path.relpath(root.resolve(), target.resolve())).as_posix() + "/"
    several = len(scores.recognisers) > 1
    told = [
        f"{one.name}: {said}" if several else said for one in scores.recognisers for said in conclusions(scores, one)
    ]
    files = {
        "scores.md": markdown(scores).encode(),
        "scores.json": as_json(scores).encode(),
        "scores.parquet": as_parquet(scores),
        "scores.html": scores_page(scores, told, audio_root),
    }
    for name, data in files.items():
        write_atomically(target / name, data)
    return [target / name for name in files]


def write_list(folder: str | Location, path: str | Path) -> int:
    """Write what a recogniser is handed: the id, the audio file and its length of every item, without texts.

    Args:
        folder: The test set.
        path: JSON Lines to write.

    Returns:
        How many items there are.

    Raises:
        AcoustigridError: There is no finished test set in the folder.

    Example: ``write_list("testset", "items.jsonl")``, or :meth:`augment.TestSet.write_list`.
    """
    return listed_items(read_finished(location(folder)), path)


def listed_items(finished: Finished, path: str | Path) -> int:
    """The same, of an open test set."""
    root, rows = finished.folder.path.resolve(), finished.rows
    lines = (
        {"id": row["id"], "audio_filepath": str(root / row["audio_filepath"]), "duration": row["duration"]}
        for row in rows
    )
    write_atomically(Path(path), larger((json.dumps(line) + "\n").encode() for line in lines))
    return len(rows)
