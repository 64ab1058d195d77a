"""What rows say about the speech, compared with the corpus: for sets whose plan cannot be made again."""

from typing import Any

from augment.corpus.table import Corpus, label_column, read_corpus
from augment.design.plan import label_columns
from augment.design.provenance import speech_source
from augment.design.selection.grouping import UNKNOWN_SPEAKER
from augment.errors import Fault
from augment.testset.folder import PLAN
from augment.verification.comparing import Differences
from augment.verification.sources import SelfDescription


def label_faults(told: SelfDescription, base: Any) -> list[Fault]:
    """Compare text, speaker, labels, licence and credit of every item with the rows of the corpus.

    Args:
        told: The set.
        base: Folder of the recipe.

    Raises:
        AcoustigridError: The corpus, or the key of its pseudonyms, is missing or cannot be read.
    """
    corpus = read_corpus(told.loaded.recipe.corpus, base, told.loaded.text)
    expected, clean = _expected(told, corpus), {c.name for c in told.conditions if not c.chain}
    differences = Differences(told.disk.place(PLAN), "the corpus")
    faults = []
    for row in told.planned.rows:
        known = expected.get(row["utterance"])
        if known is None:
            faults.append(Fault(told.disk.place(PLAN), f"the corpus has no utterance '{row['utterance']}'"))
            continue
        said, (licence, credit) = known
        wanted = {**said, "credit names the speech's": True}
        if row["condition"] in clean:  # nothing else is heard there
            wanted["licence"] = licence
        credited = not credit or credit in str(row.get("credit")).split("; ")
        differences.compare(row["audio_filepath"], {**row, "credit names the speech's": credited}, wanted)
    return [*faults[:20], *differences.faults]


def _expected(told: SelfDescription, corpus: Corpus) -> dict[str, tuple[dict[str, Any], tuple[str, str]]]:
    """What rows must say about each utterance, with licence and credit of its speech."""
    columns = label_columns(corpus, told.loaded)
    names = {"text": "text", "speaker": "speaker"} | {column: label_column(label) for label, column in columns.items()}
    wanted = told.planned.frame["utterance"].unique()
    expected = {}
    for row in corpus.frame.filter(corpus.frame["id"].is_in(wanted.implode())).iter_rows(named=True):
        said = {column: row[name] for column, name in names.items()}
        if said["speaker"] == UNKNOWN_SPEAKER:
            said["speaker"] = None
        source = speech_source(row["licence"], row["credit"])
        expected[str(row["id"])] = said, (source.licence, source.credit)
    return expected
