"""Under pseudonyms no file of a test set tells who spoke, or from which recording an item was made."""

import csv
import hashlib
import hmac
import io
import json

import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import augment
from augment.cli import app
from augment.corpus.pseudonyms import Pseudonyms
from augment.errors import AcoustigridError, CorpusError
from augment.export import exporters
from conftest import tree

KEY = "0123456789abcdef"
FACTORS = "{noise: {quiet: [], voices: [{kind: babble, talkers: 1, snr_db: 5}]}}"
CORPUS = "{{path: corpus.jsonl, pseudonyms: speakers.key{more}}}"
PEOPLE = ("Mwangi", "Okonkwo", "Sigurdsson", "Castellanos")


@pytest.fixture
def shop(workshop):
    rows = workshop.corpus({"North": 4, "South": 4}, seconds=0.8)
    for number, row in enumerate(rows):
        row["speaker"] = PEOPLE[number // 4 * 2 + number % 2]
        renamed = f"audio/{row['speaker']}_{row['id']}.wav"
        (workshop.folder / row["audio_filepath"]).rename(workshop.folder / renamed)
        row |= {"id": f"{row['speaker']}/{row['id']}", "audio_filepath": renamed, "nickname": f"nick{row['speaker']}"}
        row |= {"age": "80s" if row["speaker"] == "Okonkwo" else "20s"}
    workshop.manifest(rows)
    (workshop.folder / "speakers.key").write_text(KEY + "\n")
    workshop.rows = rows
    return workshop


def recipe(shop, more="", **fields):
    return shop.recipe(**{"factors": FACTORS, "corpus": CORPUS.format(more=more), **fields})


def texts(name, data):
    """Everything that a file of a test set says, as text."""
    if name.endswith(".parquet"):
        return str(polars.read_parquet(io.BytesIO(data)).rows())
    if name.endswith(".gz"):
        import gzip

        return gzip.decompress(data).decode()
    return data.decode("latin-1")


@pytest.fixture
def built(shop):
    return augment.build(recipe(shop), shop.folder / "set", formats=tuple(exporters())).folder


def test_no_file_of_a_set_tells_a_name_or_a_recording(shop, built):
    told = {name: texts(name, data) for name, data in tree(built).items()}
    assert len(told) > 40
    hashes = [hashlib.sha256((shop.folder / row["audio_filepath"]).read_bytes()).hexdigest() for row in shop.rows]
    secrets = [*PEOPLE, *(row["id"] for row in shop.rows), *hashes, KEY]
    found = [(name, secret) for name, text in told.items() for secret in secrets if secret in text or secret in name]
    assert not found
    # The same search does find them where nobody asked for pseudonyms.
    bare = shop.recipe(factors=FACTORS, name="bare.yaml")
    bare_told = "".join(texts(*file) for file in tree(augment.build(bare, shop.folder / "bare").folder).items())
    assert all(secret in bare_told for secret in secrets if secret != KEY)


def test_rows_keep_who_is_who_and_what_is_said(shop, built):
    names = Pseudonyms(KEY.encode())
    known = {names.utterance(row["id"]): row for row in shop.rows}
    rows = [json.loads(line) for line in (built / "manifest.jsonl").read_text().splitlines()]
    assert len(rows) == 16
    for row in rows:
        source = known[row["utterance"]]
        assert (row["text"], row["accent"], row["speaker"]) == (
            source["text"],
            source["accent"],
            names.speaker(source["speaker"]),
        )
        assert row["audio_filepath"] == f"audio/{row['condition']}/{row['utterance']}.flac"
        if row["condition"] == "voices":
            talker, utterance = row["noise_talkers"], row["noise_talker_ids"]
            assert known[row["noise_talker_ids"].split(",")[0]]["speaker"] != source["speaker"], (talker, utterance)


def test_pseudonyms_are_hmac_by_another_implementation(shop):
    frame = augment.pseudonyms(recipe(shop))
    for speaker, pseudonym, identity, other in frame.rows():
        for kind, name, found in (("speaker", speaker, pseudonym), ("utterance", identity, other)):
            digest = hmac.new(KEY.encode(), kind.encode() + b"\0" + name.encode(), hashlib.sha256).digest()
            bits = f"{int.from_bytes(digest, 'big'):0256b}"[:80]
            letters = "".join("abcdefghijklmnopqrstuvwxyz234567"[int(bits[i : i + 5], 2)] for i in range(0, 80, 5))
            assert found == kind[0] + letters


@given(st.binary(min_size=16), st.binary(min_size=16), st.sets(st.text(min_size=1), min_size=2, max_size=20))
def test_keys_and_names_do_not_meet(one, other, names):
    first, second = Pseudonyms(one), Pseudonyms(other)
    found = [first.speaker(name) for name in names] + [first.utterance(name) for name in names]
    assert len(set(found)) == 2 * len(names)
    assert found == [Pseudonyms(one).speaker(name) for name in names] + [first.utterance(name) for name in names]
    if one != other and hmac.new(one, b"", "sha256").digest() != hmac.new(other, b"", "sha256").digest():
        assert {second.speaker(name) for name in names}.isdisjoint(found)
        assert first.fingerprint != second.fingerprint


def test_verify_renders_again_from_the_plan_that_stayed_here(shop, built):
    verdict = augment.verify(built)
    assert verdict.sound, verdict.deviations
    assert verdict.rendered == 16
    kept = built / ".acoustigrid" / "plan.parquet"
    whole = kept.read_bytes()
    frame = polars.read_parquet(io.BytesIO(whole))
    frame.with_columns(polars.lit(1, polars.Int64).alias("block")).write_parquet(kept)
    assert "not the plan of this test set" in str(augment.verify(built).deviations)
    kept.unlink()
    published = augment.verify(built)
    assert "known only where the set was made" in str(published.deviations)
    assert "--sample 0" in str(published.deviations)
    assert augment.verify(built, sample=0).sound


def test_a_build_goes_on_and_another_key_is_another_set(shop, built):
    again = augment.build(recipe(shop), built)
    assert (again.made, again.reused) == (16, 16)
    (shop.folder / "speakers.key").write_text("another secret of some length")
    with pytest.raises(AcoustigridError, match="replace"):
        augment.build(recipe(shop), built)
    other = augment.build(recipe(shop), shop.folder / "other").folder
    first, second = (json.loads((folder / "testset.json").read_text())["pseudonyms"] for folder in (built, other))
    assert first == Pseudonyms(KEY.encode()).fingerprint != second


def test_without_pseudonyms_nothing_of_the_plan_stays_behind(shop, built):
    bare = shop.recipe(factors=FACTORS)
    augment.build(bare, built, replace=True)
    assert not (built / ".acoustigrid" / "plan.parquet").exists()
    assert polars.read_parquet(built / "plan.parquet")["source_audio"].null_count() == 0


def test_failures_do_not_tell_recordings(shop):
    planned = augment.plan(recipe(shop))
    victim = planned.items["source_audio"][0]
    (shop.folder / victim).write_bytes(b"RIFF no audio any more")
    result = augment.build(planned, shop.folder / "set")
    assert result.failures
    told = (result.folder / "failures.jsonl").read_text()
    assert victim not in told
    assert not any(name in told for name in PEOPLE)
    assert ".acoustigrid/failures.jsonl" in told
    assert victim in (result.folder / ".acoustigrid" / "failures.jsonl").read_text()


def test_a_recipe_that_tells_names_is_refused_with_their_pseudonyms(shop):
    names, row = Pseudonyms(KEY.encode()), shop.rows[0]
    more = f", leave_out: ['{row['id']}'], keep: {{speaker: [Mwangi, Castellanos]}}"
    with pytest.raises(CorpusError) as caught:
        augment.plan(recipe(shop, more))
    told = str(caught.value)
    assert "leave_out has ids of the corpus; the recipe is a part of every test set" in told
    assert names.utterance(row["id"]) in told
    assert f"[{names.speaker('Mwangi')}, {names.speaker('Castellanos')}]" in told
    kept = f", leave_out: [{names.utterance(row['id'])}], keep: {{speaker: [{names.speaker('Mwangi')}, "
    kept += f"{names.speaker('Castellanos')}]}}"
    planned = augment.plan(recipe(shop, kept, factors="{noise: {quiet: []}}"))
    assert set(planned.items["speaker"]) == {names.speaker("Mwangi"), names.speaker("Castellanos")}
    assert names.utterance(row["id"]) not in set(planned.items["utterance"])


@pytest.mark.parametrize(("content", "told"), [(None, "No such file"), ("short", "has 5 bytes, expected 16 or more")])
def test_a_key_that_cannot_be_used_is_refused_with_the_command_that_makes_one(shop, content, told):
    key = shop.folder / "speakers.key"
    key.write_text(content) if content else key.unlink()
    with pytest.raises(CorpusError, match=told) as caught:
        augment.plan(recipe(shop))
    assert f"secrets.token_hex())' > {key}" in str(caught.value)


def test_labels_that_single_speakers_out_are_told(shop):
    planned = augment.plan(recipe(shop, output="{labels: [age]}"))
    assert any(note.startswith("2 of 4 speakers have values of accent, age that no other") for note in planned.notes)
    built = augment.build(planned, shop.folder / "set").folder
    sheet = (built / "datasheet.md").read_text()
    assert "2 of 4 speakers have values of these labels that no other speaker of the set has" in sheet
    assert "protects names, not voices" in sheet
    assert not any("speakers have values" in note for note in augment.plan(recipe(shop)).notes)


def test_notes_of_readers_name_speakers_by_pseudonym(shop):
    folder = shop.folder / "vctk"
    audio = (shop.folder / shop.rows[0]["audio_filepath"]).read_bytes()
    for speaker in ("p225", "p226"):
        (folder / "wav48" / speaker).mkdir(parents=True)
        (folder / "txt" / speaker).mkdir(parents=True)
        (folder / "wav48" / speaker / f"{speaker}_001.wav").write_bytes(audio)
        (folder / "txt" / speaker / f"{speaker}_001.txt").write_text("Please call Stella.")
    (folder / "speaker-info.txt").write_text(
        "ID  AGE  GENDER  ACCENTS  REGION\n225  23  F    English    Southern England\n"
    )
    text = CORPUS.format(more=", layout: vctk").replace("corpus.jsonl", "vctk")
    planned = augment.plan(shop.recipe(corpus=text, balance="{by: [microphone], unlabelled: group}"))
    names = Pseudonyms(KEY.encode())
    told = "\n".join(planned.notes)
    assert f"does not describe {names.speaker('p226')}" in told
    assert "p226" not in told


def test_the_command_lists_who_is_who(shop):
    runner = CliRunner()
    path = str(recipe(shop))
    names = Pseudonyms(KEY.encode())
    result = runner.invoke(app, ["corpus", "pseudonyms", path, "--speaker", "Okonkwo"])
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["speaker_pseudonym"] for row in rows} == {names.speaker("Okonkwo")}
    assert [row["id_pseudonym"] for row in rows] == [names.utterance(row["id"]) for row in rows]
    back = runner.invoke(app, ["corpus", "pseudonyms", path, "--speaker", names.speaker("Okonkwo")])
    assert back.stdout == result.stdout
    with pytest.raises(AcoustigridError, match=r"no speaker of the corpus is called 'Okonko'.*Okonkwo"):
        augment.pseudonyms(path, ["Okonko"])
    with pytest.raises(AcoustigridError, match="asks for no pseudonyms"):
        augment.pseudonyms(shop.recipe(name="bare.yaml"))
