"""Who is behind the pseudonyms, for those who hold the key."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augment.corpus.pseudonyms import pseudonymised, pseudonyms_of
from augment.corpus.table import read_corpus
from augment.dealt import read_dealt
from augment.errors import FEW_NAMED, AcoustigridError, Fault, TestSetError, named, nearest
from augment.files.location import Location, location
from augment.recipe.loader import RecipeLike, load_recipe
from augment.testset.folder import PLAN
from augment.testset.planned import read_plan
from augment.testset.reading import read_finished

if TYPE_CHECKING:
    import polars


def pseudonyms(recipe: RecipeLike, speakers: Sequence[str] = ()) -> "polars.DataFrame":
    """Which pseudonym stands for whom: for those who hold the key, and for nobody else.

    Args:
        recipe: Path of a recipe with ``corpus: {pseudonyms: KEY}``, or a loaded one.
        speakers: Only these, by name or pseudonym; all if empty.

    Returns:
        One row for each utterance of the corpus: ``speaker``, ``speaker_pseudonym``, ``id``, ``id_pseudonym``.

    Raises:
        AcoustigridError: The recipe, its corpus or its key has faults, it asks for no pseudonyms, or there is no such
            speaker.

    Example: see ``acoustigrid corpus pseudonyms --help``.
    """
    import polars

    loaded = load_recipe(recipe)
    spec = loaded.recipe.corpus
    names = pseudonyms_of(spec, loaded.base)
    if names is None:
        remedy = "expected corpus: {pseudonyms: KEY}, a file with a secret key"
        place = str(recipe) if isinstance(recipe, str | Path) else loaded.recipe.name
        raise AcoustigridError(Fault(place, "the recipe asks for no pseudonyms", remedy))
    bare = spec.model_copy(update={"pseudonyms": None, "leave_out": (), "keep": {}})
    frame = read_corpus(bare, loaded.base).frame.select("speaker", "id").sort("speaker", "id")
    renamed = pseudonymised(frame, names)
    found = frame.select(
        "speaker", renamed["speaker"].alias("speaker_pseudonym"), "id", renamed["id"].alias("id_pseudonym")
    )
    if not speakers:
        return found
    known = {*found["speaker"], *found["speaker_pseudonym"]} - {None}
    faults = [
        Fault("speaker", f"no speaker of the corpus is called '{name}'", nearest(name, sorted(known)))
        for name in speakers
        if name not in known
    ]
    if faults:
        raise AcoustigridError(faults)
    return found.filter(polars.any_horizontal(polars.col("speaker", "speaker_pseudonym").is_in(list(speakers))))


def heard_in(folder: str | Location, known: "polars.DataFrame") -> "polars.DataFrame":
    """The files of a finished test set in which speakers are heard.

    Args:
        folder: The test set.
        known: Speakers, as from :func:`pseudonyms`.

    Returns:
        One row for each file and speaker: ``speaker``, ``speaker_pseudonym``, ``audio_filepath``, ``heard``, which is
        ``speaks`` or ``babbles``.

    Raises:
        TestSetError: There is no finished test set, or its plan is another one's.

    Example: see ``acoustigrid corpus pseudonyms --help``.
    """
    import polars

    name_of = dict(known.select("speaker_pseudonym", "speaker").rows())
    finished = read_finished(location(folder))
    plan = read_plan(finished.beside(PLAN), finished.folder.path / PLAN)
    found: dict[tuple[str, str], str] = {}
    if strange := [row["audio_filepath"] for row in finished.rows if row["audio_filepath"] not in plan]:
        message = f"no row of the plan is about {named(strange, FEW_NAMED)}"
        raise TestSetError(Fault(str(finished.folder.path / PLAN), message, "build the test set again"))
    for row in finished.rows:
        for dealt in read_dealt(plan[row["audio_filepath"]]["dealt"]).values():
            found |= {(who, row["audio_filepath"]): "babbles" for who in dealt.speakers() if who in name_of}
        if row["speaker"] in name_of:
            found[row["speaker"], row["audio_filepath"]] = "speaks"
    rows = [(name_of[speaker], speaker, file, heard) for (speaker, file), heard in sorted(found.items())]
    columns = ("speaker", "speaker_pseudonym", "audio_filepath", "heard")
    return polars.DataFrame(rows, dict.fromkeys(columns, polars.String), orient="row")
