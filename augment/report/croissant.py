"""Croissant: the description of a data set for search engines and loaders, with its responsible-AI fields.

It conforms to 1.1, and uses nothing that readers of 1.0 do not know: these take the first version that they know from
the list.

Reference: MLCommons, Croissant Format Specification 1.1 (2026) and 1.0 (2024), and Croissant RAI Specification 1.0.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.errors import Fault, TestSetError
from augment.perturb.columns import Kinds, known
from augment.plain_text import spreadsheet_cell, visible
from augment.testset.folder import IDENTITY

WORDS = (
    "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isLiveDataset", "jsonPath",
    "key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace",
)  # fmt: skip
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in WORDS},
    "sc": "https://schema.org/",
    **{name: f"cr:{name}" for name in ("separator", "source", "subField", "transform")},
}
KINDS = {bool: "sc:Boolean", int: "sc:Integer", float: "sc:Float", str: "sc:Text"}
VERSIONS = tuple(f"http://mlcommons.org/croissant/{version}" for version in ("1.1", "1.0", "RAI/1.0"))
KEYWORDS = ("speech recognition", "test set", "acoustic conditions", "word error rate", "robustness", "fairness")
ANYWHERE = "https://example.org/"
"""Placeholder for where the set will be published, which is not known when it is made."""


@dataclass(frozen=True)
class Table:
    """What is said of the manifest as a table.

    Attributes:
        kinds: Its columns in order, with the kind of each.
        settings: Of the factors in each condition.
    """

    kinds: Mapping[str, type]
    settings: Mapping[str, Sequence[Any]]


class TableTally:
    """Finds out what is said of the manifest as a table, a row at a time.

    Args:
        factors: Columns that hold settings.
    """

    def __init__(self, factors: Sequence[str]) -> None:
        self._factors = factors
        self._kinds = Kinds(())
        self._settings: dict[str, Sequence[Any]] = {}

    def take(self, row: Mapping[str, Any]) -> None:
        """Look at a row of the manifest."""
        if not self._settings:
            self._kinds = Kinds(row)
        self._kinds.take(row)
        self._settings[row["condition"]] = [row[factor] for factor in self._factors]

    @property
    def found(self) -> Table:
        """What all rows say."""
        return Table(self._kinds.found, self._settings)


def croissant(identity: Mapping[str, Any], table: Table, file: tuple[str, str], audio_format: str) -> bytes:
    """The description as JSON-LD.

    Args:
        identity: What ``testset.json`` will say, without checksums.
        table: What is said of the manifest.
        file: Name and hash of the manifest as CSV.
        audio_format: Ending of the audio files.
    """
    name, sha256 = file
    files = [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "encodingFormat": "text/csv",
            "sha256": sha256,
        },
        {
            "@type": "cr:FileSet",
            "@id": "audio",
            "name": "audio",
            "encodingFormat": f"audio/{audio_format}",
            "includes": f"audio/*/*.{audio_format}",
        },
    ]
    licences = [part for part in str(identity["licence"]).split(" AND ") if part != "NOASSERTION"]
    said = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSIONS,
        "name": identity["name"],
        "description": identity["about"] or f"Acoustic-condition test set {identity['name']} for speech recognisers.",
        "version": "1.0.0",
        "url": f"{ANYWHERE}{identity['name']}",
        "keywords": _keywords(identity),
        **({"license": licences} if licences else {}),
        **_responsible(identity),
        "distribution": files,
        "recordSet": [
            {"@type": "cr:RecordSet", "@id": "items", "name": "items", "field": _fields(name, table.kinds)},
            _conditions(identity, table.settings),
        ],
    }
    return (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()


def _fields(table: str, kinds: Mapping[str, type]) -> list[dict[str, Any]]:
    found, taken = [], set[str]()
    for column in kinds:
        slug = re.sub(r"[^A-Za-z0-9_.-]+", "_", column)
        while slug.casefold() in taken:
            slug += "_"
        taken.add(slug.casefold())
        kind, ours = KINDS[kinds[column]], known(column)
        source = {"fileObject": {"@id": table}, "extract": {"column": spreadsheet_cell(column)}}
        about = {"@type": "cr:Field", "@id": f"items/{slug}", "name": column}
        if ours is not None:
            about["description"] = f"{ours.meaning}, in {ours.unit}" if ours.unit else ours.meaning
        found.append({**about, "dataType": kind, "source": source})
    return found


def _keywords(identity: Mapping[str, Any]) -> list[str]:
    """What people look for: what it is, whom it compares, and under which conditions."""
    return list(dict.fromkeys([*KEYWORDS, *identity["groups"], *words_in(identity).values()]))


def words_in(identity: Mapping[str, Any]) -> dict[str, str]:
    """What speech meets in each condition, as ``testset.json`` says; its name where that says nothing.

    Raises:
        TestSetError: It has something else in their place.

    Example:
        >>> words_in({"conditions": ["fan", "rain"], "conditions_in_words": {"fan": "Fan at 5 dB"}})
        {'fan': 'Fan at 5 dB', 'rain': 'rain'}
    """
    told = identity.get("conditions_in_words", {})
    if not isinstance(told, Mapping) or not all(isinstance(text, str) for text in told.values()):
        found = f"'conditions_in_words' is {visible(repr(told)[:60])}, expected a text for each condition"
        raise TestSetError(Fault(IDENTITY, found, "fetch the set again"))
    return {name: told.get(name, name) for name in identity["conditions"]}


def _conditions(identity: Mapping[str, Any], settings: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The columns of the grid, as records of their own: name, words, and a setting of every factor."""
    factors, words = identity["factors"], words_in(identity)
    columns = ["name", "words", *(f"factor_{name}" for name in factors)]
    told = ["name of the condition", "what speech meets in it", *(f"setting of the factor {name}" for name in factors)]
    fields = [
        {"@type": "cr:Field", "@id": f"conditions/{column}", "name": column, "description": text, "dataType": "sc:Text"}
        for column, text in zip(columns, told, strict=True)
    ]
    data = [
        {
            f"conditions/{column}": value
            for column, value in zip(columns, (name, words[name], *settings[name]), strict=True)
        }
        for name in words
        if name in settings
    ]
    key = {"@id": "conditions/name"}
    return {
        "@type": "cr:RecordSet", "@id": "conditions", "name": "conditions", "key": key, "field": fields, "data": data,
    }  # fmt: skip


def _responsible(identity: Mapping[str, Any]) -> dict[str, Any]:
    """The responsible-AI fields: how the set came about, what it is for and not for, and who is in it."""
    labels = ", ".join(identity["labels"]) or "none"
    hidden = identity["pseudonyms"] is not None
    named, key = ("pseudonyms", ", with the key of the pseudonyms,") if hidden else ("names", "")
    sources = [f"{s['name'] or s['kind']} ({s['licence']}) {s['credit']}".strip() for s in identity["sources"]]
    return {
        "rai:dataCollection": "Speech of an existing corpus; noises, rooms and devices were added by a program.",
        "rai:dataManipulationProtocol": f"Made by {identity['made_by']} from recipe.yaml; every level is measured.",
        "rai:dataUseCases": ["Testing: word error rates of groups of speakers under acoustic conditions."],
        "rai:dataLimitations": list(identity["limits"]),
        "rai:dataBiases": list(identity["notes"]),
        "rai:personalSensitiveInformation": [f"Voices, transcripts, {named} of speakers; labels: {labels}"],
        "rai:dataImputationProtocol": "None: what is not known stays empty.",
        "rai:annotationsPerItem": "1",
        "rai:dataReleaseMaintenancePlan": f"None: the recipe{key} makes the set again, to the byte.",
        "rai:dataSocialImpact": "Differences between groups concern these speakers; few people are no population.",
        "rai:dataPreprocessingProtocol": sources,
    }
