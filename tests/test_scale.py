"""What makes a million rows affordable gives the same as the plain way."""

import dataclasses
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import polars
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.corpus import measuring
from augment.corpus.identities import DANGER, danger
from augment.corpus.readers.jsonl import objects
from augment.corpus.source import Source
from augment.corpus.spec import CorpusSpec
from augment.corpus.speech import MOST_AT_ONCE, facts_of
from augment.corpus.survey import survey
from augment.corpus.table import read_corpus
from augment.design.chains import BYTES_VERSION, Chain
from augment.design.voices import voices_of
from augment.errors import AcoustigridError, AudioError, CorpusError
from augment.files.audio import read_audio, read_parts
from augment.files.stretch import Part
from conftest import RATE, ROOT, speech_like, tree

SCRIPTS = ROOT / "scripts"
SPELLED = {
    "US English": "United States", "england": "England", "Indian": "India", "scottish": "Scotland", "WALES": "Wales",
}  # fmt: skip
"""Usual spelling of each unusual one."""


def test_stretches_of_one_pass_are_those_of_many(tmp_path):
    """Also where blocks of the decoder end within a stretch, stretches overlap, or one of them cannot be had."""
    rng = np.random.default_rng(1)
    path = tmp_path / "long.wav"
    soundfile.write(path, 0.1 * rng.standard_normal((400_000, 2)), RATE, subtype="PCM_16")
    places = [(0.0, None), (3.0, 9.5), (0.25, 0.5), (8.0, None), (8.0, 1.0), (24.9, 2.0), (26.0, None), (8.19, 0.004)]
    parts = [Part(*place, channel) for place, channel in zip(places, (0, 1, "mix", "first") * 2, strict=True)]
    for part, found in zip(parts, read_parts(path, parts, longest_s=20), strict=True):
        if isinstance(found, AudioError):
            with pytest.raises(AudioError, match=re.escape(str(found))):
                read_audio(path, *part[:2], longest_s=20, channel=part.channel)
            continue
        alone = read_audio(path, *part[:2], longest_s=20, channel=part.channel)
        assert np.array_equal(found.samples, alone.samples)
        assert (found.sha256, found.sample_rate_hz, found.channels) == (alone.sha256, RATE, 2)
    assert sum(isinstance(found, AudioError) for found in read_parts(path, parts, longest_s=20)) == 3


def test_many_segments_of_recordings_have_the_facts_they_have_alone(workshop):
    table = []
    for name in ("a", "b"):
        soundfile.write(workshop.folder / f"{name}.wav", speech_like(40, seed=ord(name)), RATE, subtype="PCM_16")
    for n in range(MOST_AT_ONCE + 10):
        name = "ab"[n % 5 == 0]
        table.append({"id": f"u{n}", "audio_filepath": f"{name}.wav", "offset": n / 4, "duration": 1.0 + n / 40})
    table[3]["offset"] = 99.0
    table[7]["audio_filepath"] = "none.wav"
    workshop.manifest(table)
    corpus = read_corpus(CorpusSpec(path="corpus.jsonl"), workshop.folder)
    _, unusable = survey(corpus, corpus.frame, RATE)
    assert [fault.where.rsplit(":", 1)[-1] for faults in unusable.values() for fault in faults] == ["4", "8"]
    good = corpus.frame.filter(~corpus.frame["id"].is_in(["u3", "u7"]))
    facts, _ = survey(corpus, good, RATE)
    assert list(facts) == good["id"].to_list()
    for row in good.rows(named=True):
        path = corpus.audio_path(row["audio_filepath"])
        assert facts[row["id"]] == facts_of(path, row["offset"], row["duration"], RATE)


def test_a_stretch_that_several_rows_share_is_measured_once(workshop, monkeypatch):
    soundfile.write(workshop.folder / "a.wav", speech_like(8, seed=1), RATE, subtype="PCM_16")
    places = [(0.0, 1.0), (2.0, 1.5), (0.0, 1.0), (4.0, 2.0), (2.0, 1.5)]
    rows = [{"id": f"u{n}", "audio_filepath": "a.wav", "offset": at, "duration": s} for n, (at, s) in enumerate(places)]
    workshop.manifest(rows)
    corpus = read_corpus(CorpusSpec(path="corpus.jsonl"), workshop.folder)
    measured, measure = [], measuring.facts_of_audio
    monkeypatch.setattr(measuring, "facts_of_audio", lambda *given: measured.append(given) or measure(*given))
    facts, _ = survey(corpus, corpus.frame, RATE)
    assert [found.samples for found in facts.values()] == [int(s * RATE) for _, s in places]
    assert len(measured) == 3


COLONS = st.sampled_from(["a", ":", 'b":', "\\", "é", "\u2028", "{", "x: y"])
KEYS = st.sampled_from(["id", "text", "a:b", 'q"', "é"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.lists(COLONS, max_size=3).map("".join),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)


def spelled(pairs: list, space: str, ascii_only: bool) -> str:
    parts = [f"{json.dumps(k, ensure_ascii=ascii_only)}{space}:{space}{json.dumps(v)}" for k, v in pairs]
    return f"{{{', '.join(parts)}}}"


@given(st.lists(st.tuples(KEYS, VALUES), max_size=4), st.sampled_from(["", " ", "\t"]), st.booleans())
def test_a_key_that_stands_twice_is_found_on_every_line(pairs, space, ascii_only):
    """The quick way through a line is taken only where it says the same: here against a count of what was written."""
    line = spelled(pairs, space, ascii_only)
    first = '{"id": "a", "audio_filepath": "a.wav"}\n'  # a file of one line may be a document
    _, (number, row) = objects(Source(Path()), Path("m.jsonl"), [first, line + "\n"])
    assert number == 2
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        assert "appears twice" in row.message
    else:
        assert json.dumps(row) == json.dumps(dict(pairs))


@given(st.lists(st.sampled_from(["a", "/", "\\", "..", ".", "C:", "\x00", "\x7f", "é", " "]), max_size=5).map("".join))
def test_no_dangerous_id_passes_the_expression_that_looks_for_them(identity):
    assert polars.Series([identity]).str.contains(DANGER).item() == (danger(identity) is not None)


def test_portions_of_rows_make_no_difference(workshop, monkeypatch):
    """Columns that begin or end within the manifest, faults and ids that are met again portions later."""
    table = [{"id": f"u{n}", "audio_filepath": "x.wav", **({"accent": "N"} if 7 <= n < 11 else {})} for n in range(25)]
    workshop.manifest(table)
    monkeypatch.setattr("augment.corpus.cells.ROWS_AT_ONCE", 5)
    corpus = read_corpus(CorpusSpec(path="corpus.jsonl"), workshop.folder)
    assert corpus.frame["row"].to_list() == [str(line) for line in range(1, 26)]
    assert [n for n, accent in enumerate(corpus.frame["label:accent"]) if accent == "N"] == [7, 8, 9, 10]
    table[3]["offset"], table[13]["id"], table[22]["audio_filepath"], table[24]["id"] = -1, "u2", " ", "u13"
    workshop.manifest(table)
    with pytest.raises(CorpusError) as caught:
        read_corpus(CorpusSpec(path="corpus.jsonl"), workshop.folder)
    assert [fault.where.rsplit(":", 1)[1] for fault in caught.value.faults] == ["4", "14", "23"]
    assert "the id 'u2' is also that of row 3" in str(caught.value)


def test_fifty_faults_are_enough(workshop):
    workshop.manifest([{"id": "same", "audio_filepath": "x.wav", "offset": -(n % 3)} for n in range(200)])
    with pytest.raises(CorpusError) as caught:
        read_corpus(CorpusSpec(path="corpus.jsonl"), workshop.folder)
    *told, last = caught.value.faults
    assert [int(fault.where.rsplit(":", 1)[1]) for fault in told] == [2, 3, 4]
    assert [re.search("and ([0-9]+) more like it", fault.message).group(1) for fault in told] == ["16", "16", "15"]
    assert "reading stopped here" in last.message


def test_keys_are_hashes_of_json_with_sorted_keys(stocked):
    """As they always were, although what a block's items have in common is hashed once."""
    stocked.recipe(
        speech="{effort: normal}",
        noise="{segment_s: 1}",
        balance="{by: [accent], utterances: 3}",
        factors=(
            "{noise: {quiet: [], street: [{kind: background_noise, source: noise/street, snr_db: 5}]}, "
            "device: {studio: [], phone: [{kind: microphone, profile: phone_call}]}}"
        ),
    )
    planned = augment.plan(stocked.folder / "recipe.yaml")
    chains = {c.name: Chain(c, planned.loaded, planned.exposures) for c in planned.conditions}
    heard = {(c.name, block): [] for c in planned.conditions for block in range(3)}
    for condition, block in heard:
        if condition.startswith("street"):
            (exposure,) = planned.exposures.values()
            heard[condition, block] = [[exposure.dealt[block].sha256, exposure.dealt[block].start]]
    assert planned.items.height == 2 * 3 * 4
    for item in planned.items.rows(named=True):
        street = item["condition"].startswith("street")
        identity = {
            "speech": [item["source_sha256"], item["source_offset"], item["source_duration"]],
            "output": [RATE, "flac"],
            "loudness": [62.35, 1.0, "normal"],
            "level_dbov": -26.0,
            "draw": [1, item["block"], [100.0, 7000.0], False, heard[item["condition"], item["block"]]]
            if street
            else None,
            "chain": chains[item["condition"]].identity,
            "bytes_version": BYTES_VERSION,
        }
        assert item["key"] == hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def test_a_plan_too_large_to_be_kept_has_the_items_of_one_that_is_kept(monkeypatch, tmp_path):
    """The table made as a whole is the referee of everything that is made without it."""
    planned = augment.plan("accent_experiment")
    assert not planned.schedule.crossed
    items, table = planned.items, planned.table
    monkeypatch.setattr("augment.design.items.KEPT", 0)
    monkeypatch.setattr("augment.design.items.SLICE", 50)
    lazy = dataclasses.replace(table)
    slices = list(lazy.slices())
    assert len(slices) > 2
    assert polars.concat(slices).equals(items)
    assert polars.concat(lazy.slices(lazy.by_block())).equals(items.sort("block", maintain_order=True))
    one = items["utterance"][17]
    assert lazy.of_utterance(one).equals(items.filter(utterance=one))
    assert lazy.of_utterance("nobody").is_empty()
    assert (lazy.height, lazy.samples) == (items.height, items["samples"].sum())
    assert lazy.counts == Counter(items.select("condition", "group").rows())
    some = {one: [items.filter(utterance=one)["condition"][0]], items["utterance"][0]: []}
    assert [(row["utterance"], row["condition"]) for row in lazy.of_cells(some)] == [(one, *some[one])]
    voices = voices_of(items, "condition")
    assert lazy.voices.select(voices.columns).sort(voices.columns).equals(voices.sort(voices.columns))
    met = items.group_by("block").agg(polars.col("samples").filter(condition=items["condition"][0]).max()).drop_nulls()
    assert lazy.longest_samples([items["condition"][0]]) == dict(met.rows())
    longest = items.sort("samples", "utterance", descending=True).unique("condition", keep="first")
    found = {(lazy.utterances["utterance"][n], name) for n, names in lazy.longest() for name in names}
    assert found == set(longest.select("utterance", "condition").rows())
    augment.write_plan(dataclasses.replace(planned, table=lazy), tmp_path / "plan.parquet")
    augment.write_plan(planned, tmp_path / "whole.parquet")
    assert (tmp_path / "plan.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_plan_is_written_whole_or_not_at_all(stocked, tmp_path):
    planned = augment.plan(stocked.folder / "recipe.yaml")
    augment.write_plan(planned, tmp_path / "plan.parquet")
    assert polars.read_parquet(tmp_path / "plan.parquet").equals(planned.items)
    with pytest.raises(AcoustigridError, match=r"ends in \.parquet"):
        augment.write_plan(planned, tmp_path / "plan.csv")
    assert [path.name for path in tmp_path.glob("plan*")] == ["plan.parquet"]


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> tuple[Path, list[dict]]:
    """The short twin of the million rows, and its rows as the json module reads them."""
    folder = tmp_path_factory.mktemp("large")
    subprocess.run([sys.executable, SCRIPTS / "make_large_corpus.py", folder, "--rows=10000", "--files=6"], check=True)
    return folder, [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]


def test_the_large_corpus_has_the_skew_it_claims(large):
    _, table = large
    assert len({row["id"] for row in table}) == 10_000
    accents = Counter(SPELLED.get(row["accent"], row["accent"]) for row in table)
    assert 0.4 < accents.pop(None) / 10_000 < 0.6
    assert 0.5 < accents["United States"] / accents.total() < 0.7
    assert len(accents) > 12
    voices = Counter(row["speaker"] for row in table)
    assert max(voices.values()) > 100 * np.median(list(voices.values()))
    assert np.median(list(voices.values())) <= 3
    spread = np.log([row["duration"] for row in table])
    assert abs(np.mean(spread) - np.median(spread)) < 0.1 * np.std(spread)  # log-normal: symmetric in its logarithm


def test_the_same_seed_gives_the_same_corpus(tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        arguments = [tmp_path / name, "--rows=300", "--files=2", f"--seed={seed}"]
        subprocess.run([sys.executable, SCRIPTS / "make_large_corpus.py", *arguments], check=True)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert all(tree(tmp_path / "a")[name] != data for name, data in tree(tmp_path / "c").items())


def test_the_short_twin_is_read_and_planned_as_counted(large, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(SCRIPTS)
    from benchmark_scale import recipe_text

    folder, table = large
    recipe = tmp_path / "scale.yaml"
    recipe.write_text(recipe_text(folder / "corpus.jsonl", groups=3, utterances=20))
    groups = ["United States", "England", "India"]
    usual = {row["id"]: SPELLED.get(row["accent"], row["accent"]) for row in table}
    loaded = augment.load_recipe(recipe)
    corpus = read_corpus(loaded.recipe.corpus, loaded.base)
    used = [row for row in table if usual[row["id"]] in (*groups, None)]
    assert corpus.left_out == {"accent is not one of those to keep": 10_000 - len(used)}
    names = {"label:accent": "accent", "label:gender": "gender", "label:age_band": "age_band", "label:device": "device"}
    for row, found in zip(used, corpus.frame.rows(named=True), strict=True):
        told = {names.get(n, n): v for n, v in found.items() if n not in ("row", "audio_channel", "licence", "credit")}
        assert told == {**row, "accent": usual[row["id"]]}

    target = tmp_path / "plan.parquet"
    command = [sys.executable, "-m", "augment.cli", "plan", str(recipe), "--out", str(target)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "3 groups x 60 conditions" in told
    assert "3,600 files" in told
    items = polars.read_parquet(target).rows(named=True)
    cells = Counter((item["group"], item["condition"]) for item in items)
    assert set(cells.values()) == {20}
    assert {group for group, _ in cells} == set(groups)
    assert len(cells) == 3 * 60
    assert len({item["key"] for item in items}) == len(items) == 3600
    written = {row["id"]: row for row in table}
    for item in items:
        row = written[item["utterance"]]
        assert item["group"] == usual[row["id"]]
        assert item["samples"] == pytest.approx(row["duration"] * RATE, abs=1)
        assert (float(item["source_offset"]), item["text"], item["speaker"]) == (
            row["offset"], row["text"], row["speaker"]
        )  # fmt: skip
