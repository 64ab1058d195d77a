"""Hugging Face data set: Parquet shards with the audio in them, and a card.

Reference: the documentation of Hugging Face Datasets, "Audio", and of the hub, "Dataset Cards"; features are described
in the table's own metadata under the key ``huggingface``.
"""

import importlib.util
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from augment.corpus.foreign_tables import free_name
from augment.formats.shards import shards
from augment.licences import UNSTATED
from augment.perturb.columns import as_kind, kinds_of
from augment.testset.folder import DATASHEET
from augment.testset.reading import Finished, Row

ABOUT = "Parquet with embedded audio for load_dataset('parquet', data_dir=...), or to upload as it is"
EXTRA = "huggingface"
BESIDE = (DATASHEET,)
KINDS = {bool: "bool", int: "int64", float: "float64", str: "string"}


def installed() -> bool:
    """Whether pyarrow is installed."""
    return importlib.util.find_spec("pyarrow") is not None


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``README.md``, the card, and ``data/test-NNNNN-of-NNNNN.parquet``."""
    yield "README.md", _card(finished)
    kinds = kinds_of((name for name in finished.columns if name != "audio_filepath"), finished.rows)
    parts = shards(finished.rows)
    for number, part in enumerate(parts):
        yield f"data/test-{number:05d}-of-{len(parts):05d}.parquet", _shard(finished, finished.rows[part], kinds)


def _card(finished: Finished) -> bytes:
    """The data sheet, headed by the fields that the hub and ``load_dataset`` read."""
    parts = [part for part in str(finished.identity["licence"]).split(" AND ") if part != UNSTATED]
    licences = ["other" if part.startswith("LicenseRef-") else part.lower() for part in parts] or ["unknown"]
    said = {
        "pretty_name": finished.name,
        "license": list(dict.fromkeys(licences)),
        "task_categories": ["automatic-speech-recognition"],
        "configs": [{"config_name": "default", "data_files": [{"split": "test", "path": "data/test-*.parquet"}]}],
    }
    # JSON is valid YAML, and is unambiguous whatever the names are.
    head = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in said.items())
    return f"---\n{head}---\n\n".encode() + finished.beside(DATASHEET)


def _shard(finished: Finished, rows: Sequence[Row], kinds: dict[str, type]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    name_of = {name: free_name(name, ("audio",), kinds) for name in kinds}
    features: dict[str, Any] = {"audio": {"sampling_rate": rows[0]["sample_rate"], "_type": "Audio"}}
    features |= {name_of[name]: {"dtype": KINDS[kind], "_type": "Value"} for name, kind in kinds.items()}
    audio = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    makers = {"bool": pyarrow.bool_, "int64": pyarrow.int64, "float64": pyarrow.float64, "string": pyarrow.string}
    fields = [("audio", audio), *((name_of[name], makers[KINDS[kind]]()) for name, kind in kinds.items())]
    said = json.dumps({"info": {"features": features}})
    schema = pyarrow.schema(fields, metadata={"huggingface": said})
    columns = {name_of[name]: [as_kind(row[name], kind) for row in rows] for name, kind in kinds.items()}
    columns["audio"] = [
        {"bytes": finished.audio(row), "path": row["audio_filepath"].rpartition("/")[2]} for row in rows
    ]
    memory = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns, schema=schema), memory, row_group_size=100)
    return memory.getvalue()
