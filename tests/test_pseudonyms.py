"""Under pseudonyms no file of a test set tells who spoke, or from which recording an item was made."""

import csv
import hashlib
import hmac
import io
import json
import subprocess
import sys

import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import augment
from augment.api.privacy import heard_in
from augment.cli import app
from augment.corpus.pseudonyms import Pseudonyms
from augment.design.identifying import singled_out
from augment.errors import AcoustigridError, CorpusError, TestSetError
from augment.export import exporters
from augment.notes import texts as notes_of
from augment.testset.outgoing import WITHHELD
from augment.testset.planned import KINDS, MAY_BE_EMPTY
from conftest import tree
from forgery import Forger

KEY = "f3a1c07d5be94426"
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
            assert known[row["noise_talker_ids"].split(";")[0]]["speaker"] != source["speaker"], (talker, utterance)


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
    more = frame[:1].with_columns(audio_filepath=polars.lit("audio/quiet/more.flac"))
    for changed in (
        frame.with_columns(polars.lit(1, polars.Int64).alias("block")),
        frame.with_columns(mood=polars.lit("good")),
        frame.reverse(),
        frame.vstack(more),
    ):
        changed.write_parquet(kept)
        assert "not the plan of this test set" in str(augment.verify(built, sample=1).unchecked)
    kept.unlink()
    published = augment.verify(built)
    assert published.sound
    assert published.rendered == 0
    assert "recordings behind pseudonyms are known only where the set was made" in str(published.unchecked)


def test_every_column_of_a_plan_has_its_kind_and_leaves_or_stays(shop, built):
    """What leads to a recording stays; what is of the recording and leaves can be read off the file itself."""
    of_the_file = {"source_sample_rate", "source_level_dbov"}
    planned = augment.plan(recipe(shop))
    of_the_recipe = {*planned.loaded.settings, "accent"}
    assert {*KINDS, *MAY_BE_EMPTY} == set(planned.items.columns) - of_the_recipe
    assert {name for name in planned.items.columns if name.startswith("source_")} == {*WITHHELD, *of_the_file}


def test_channels_of_recordings_stay_here(shop):
    shop.manifest([row | {"channel": 0} for row in shop.rows])
    folder = augment.build(recipe(shop), shop.folder / "channels").folder
    left, kept = (polars.read_parquet(place / "plan.parquet") for place in (folder, folder / ".acoustigrid"))
    assert kept["source_channel"].unique().to_list() == ["0"]
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert {*left["source_channel"], *(row["source_channel"] for row in rows)} == {None}
    assert not augment.verify(folder, sample="all").deviations


def test_labels_under_pseudonyms_are_held_against_the_corpus(built):
    """Whoever holds the key sees what was changed in manifest and plan together."""
    forger = Forger(built)
    forger.label("text", "something else", utterance=None)
    forger.cover()
    told = "\n".join(map(str, augment.verify(built, sample=0).deviations))
    assert "text: 16 rows are not what its recipe, corpus and noise gives" in told


def test_a_build_goes_on_and_another_key_is_another_set(shop, built):
    again = augment.build(recipe(shop), built)
    assert (again.made, again.reused) == (16, 16)
    (shop.folder / "speakers.key").write_text("another-secret-0815")
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
    assert "leave_out has names of the corpus, and the recipe is a part of every test set" in told
    assert names.utterance(row["id"]) in told
    assert f"keep: {{speaker: [{names.speaker('Mwangi')}, {names.speaker('Castellanos')}]}}" in told
    kept = f", leave_out: [{names.utterance(row['id'])}], keep: {{speaker: [{names.speaker('Mwangi')}, "
    kept += f"{names.speaker('Castellanos')}]}}"
    planned = augment.plan(recipe(shop, kept, factors="{noise: {quiet: []}}"))
    assert set(planned.items["speaker"]) == {names.speaker("Mwangi"), names.speaker("Castellanos")}
    assert names.utterance(row["id"]) not in set(planned.items["utterance"])


@pytest.mark.parametrize(
    "content",
    [
        b"short",
        b"\0" * 32,
        b"a" * 32,
        b"\xef\xbb\xbf" + KEY.encode(),
        KEY.encode("utf-16"),
        b"two lines of\n" + KEY.encode(),
    ],
)
def test_what_is_no_key_is_refused(shop, content):
    (shop.folder / "speakers.key").write_bytes(content)
    with pytest.raises(CorpusError, match="expected one line of 16 or more random letters and digits"):
        augment.plan(recipe(shop))


@pytest.mark.parametrize("name", ["recipe.yaml", "corpus.jsonl", "audio", "a\0b", "x" * 300])
def test_other_files_are_no_keys(shop, name):
    text = CORPUS.format(more="").replace("speakers.key", json.dumps(name))
    with pytest.raises(AcoustigridError, match=r"corpus\.pseudonyms"):
        augment.plan(recipe(shop, corpus=text))


def test_a_key_is_made_by_the_command_of_the_message(shop):
    (shop.folder / "speakers.key").unlink()
    text = CORPUS.format(more="").replace("speakers.key", "the key's file")
    path = recipe(shop, corpus=text)
    with pytest.raises(CorpusError, match="there is no such file") as caught:
        augment.plan(path)
    command = str(caught.value).partition("every test set: ")[2]
    subprocess.run(command.replace("python", sys.executable, 1), shell=True, check=True)
    assert augment.plan(path).items.height == 16


def test_a_key_in_the_test_set_is_refused(shop, built):
    (built / "speakers.key").write_text(KEY)
    text = CORPUS.format(more="").replace("speakers.key", "set/speakers.key")
    with pytest.raises(AcoustigridError, match="lies in the test set"):
        augment.build(recipe(shop, corpus=text), built)


def test_keys_of_items_do_not_tell_the_recordings(shop, built):
    """Who has the hashes of recordings, from an open set, can not find them in one under pseudonyms."""
    bare = augment.plan(shop.recipe(factors=FACTORS, name="bare.yaml"))
    assert set(bare.items["key"]).isdisjoint(polars.read_parquet(built / "plan.parquet")["key"])


def test_speech_that_serves_as_noise_is_refused(shop):
    factors = "{noise: {own: [{kind: background_noise, source: audio, snr_db: 5}]}}"
    assert augment.plan(shop.recipe(factors=factors, name="bare.yaml", noise="{segment_s: 0.5}")).items.height
    with pytest.raises(AcoustigridError, match=r"takes chosen speech of the corpus for noise.*babble"):
        augment.plan(recipe(shop, factors=factors, noise="{segment_s: 0.5}"))


@pytest.mark.parametrize("written", ["Mwangi/north_99", "audio/Mwangi_north_0.wav", "mwangi/north_0"])
def test_ids_that_are_no_pseudonyms_are_refused_though_no_row_has_them(shop, written):
    with pytest.raises(CorpusError, match=Pseudonyms(KEY.encode()).utterance(written)):
        augment.plan(recipe(shop, f", leave_out: ['{written}']"))


def test_speakers_are_left_out_by_pseudonym(shop):
    names = Pseudonyms(KEY.encode())
    gone = names.speaker("Okonkwo")
    planned = augment.plan(recipe(shop, f", leave_out: {{speaker: [{gone}]}}", factors="{noise: {quiet: []}}"))
    assert set(planned.items["speaker"]) == {names.speaker(name) for name in PEOPLE if name != "Okonkwo"}
    for written in ("[Okonkwo]", "{speaker: [Okonkwo]}"):
        with pytest.raises(CorpusError, match=rf"write pseudonyms: leave_out: \{{speaker: \[{gone}\]\}}"):
            augment.plan(recipe(shop, f", leave_out: {written}"))
    with pytest.raises(CorpusError, match=rf"it is a speaker: corpus: \{{leave_out: \{{speaker: \[{gone}\]\}}\}}"):
        augment.plan(recipe(shop, f", leave_out: [{gone}]"))
    with pytest.raises(CorpusError, match=r"leave_out names the id 'uaaaaaaaaaaaaaaaa', which no row has"):
        augment.plan(recipe(shop, f", leave_out: [u{'a' * 16}]"))


def test_names_in_the_recipe_are_told_by_line(shop):
    path = recipe(shop, about="a set without Okonkwo")
    with path.open("a") as file:
        file.write("# Mwangi asked to be left out\n# nobody here is called Mwangis\n")
    assert "names of speakers or utterances are in the recipe, a part of the test set: line 5, 6" in notes_of(
        augment.plan(path).notes
    )
    assert not any("in the recipe" in note for note in notes_of(augment.plan(recipe(shop)).notes))


def test_labels_texts_and_credits_that_repeat_names_are_told(shop):
    for row in shop.rows[:3]:
        row |= {"text": f"I am {row['speaker']}", "credit": f"voice of {row['speaker']}"}
    shop.manifest(shop.rows)
    notes = notes_of(augment.plan(recipe(shop, output="{labels: [nickname]}")).notes)
    repeats = "repeats the name of its speaker, id or file"
    for what, count in (("label 'nickname'", 8), ("text", 3), ("credit", 3)):
        assert f"the {what} of {count} rows of the corpus {repeats}" in notes
    assert not any("nickname" in note for note in notes_of(augment.plan(recipe(shop)).notes))


def test_exports_of_an_open_set_do_not_stay(shop):
    bare = shop.recipe(factors=FACTORS, name="bare.yaml")
    folder = augment.build(bare, shop.folder / "set", formats=tuple(exporters())).folder
    result = augment.build(recipe(shop), folder, replace=True, formats=["nemo"])
    assert set(result.outdated) == set(exporters()) - {"nemo"}
    told = "".join(name + texts(name, data) for name, data in tree(folder).items())
    assert not [name for name in PEOPLE if name in told]
    assert augment.verify(folder).sound


def test_nobody_in_particular_is_not_singled_out(shop):
    for row in shop.rows:
        del row["speaker"]
    shop.manifest(shop.rows)
    planned = augment.plan(recipe(shop, factors="{noise: {quiet: []}}", output="{labels: [age]}"))
    assert not any("speakers have values" in note for note in notes_of(planned.notes))


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(["x", None]), st.sampled_from("12")), min_size=1))
def test_who_is_singled_out_by_brute_force(rows):
    frame = polars.DataFrame(
        rows, {"speaker": polars.String, "label:p": polars.String, "label:q": polars.String}, orient="row"
    )
    said = {speaker: frozenset(row[1:] for row in rows if row[0] == speaker) for speaker, *_ in rows}
    alone = sum(list(said.values()).count(values) == 1 for values in said.values())
    assert singled_out(frame, ["p", "q"]) == (alone, len(said))


def test_labels_that_single_speakers_out_are_told(shop):
    planned = augment.plan(recipe(shop, output="{labels: [age]}"))
    assert any(
        note.startswith("2 of 4 speakers have values of accent, age that no other") for note in notes_of(planned.notes)
    )
    built = augment.build(planned, shop.folder / "set").folder
    sheet = (built / "datasheet.md").read_text()
    assert "2 of 4 speakers have values of these labels that no other speaker of the set has" in sheet
    assert "protects names, not voices" in sheet
    assert not any("speakers have values" in note for note in notes_of(augment.plan(recipe(shop)).notes))


def test_notes_of_readers_name_speakers_by_pseudonym(shop):
    folder = shop.folder / "vctk"
    audio = (shop.folder / shop.rows[0]["audio_filepath"]).read_bytes()
    speakers = [f"p{number}" for number in range(225, 231)]
    for speaker in speakers:
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
    told = "\n".join(notes_of(planned.notes))
    others = sorted(map(names.speaker, speakers[1:]))  # in no order of the real names
    assert f"does not describe {', '.join(others)}" in told
    assert not [speaker for speaker in speakers if speaker in told]


def test_the_files_in_which_somebody_is_heard(shop, built):
    """Counted from the plan, which names the talkers of every block."""
    names = Pseudonyms(KEY.encode())
    gone = names.speaker("Okonkwo")
    expected = {}
    for row in polars.read_parquet(built / "plan.parquet").rows(named=True):
        talkers = {voice[1] for part in json.loads(row["dealt"]).values() for own in part["talkers"] for voice in own}
        if row["speaker"] == gone or gone in talkers:
            expected[row["audio_filepath"]] = "speaks" if row["speaker"] == gone else "babbles"
    assert set(expected.values()) == {"speaks", "babbles"}
    wanted = ["corpus", "pseudonyms", str(recipe(shop)), "--speaker", "Okonkwo", "--in", str(built)]
    rows = list(csv.DictReader(io.StringIO(CliRunner().invoke(app, wanted).stdout)))
    assert {row["audio_filepath"]: row["heard"] for row in rows} == expected
    assert {(row["speaker"], row["speaker_pseudonym"]) for row in rows} == {("Okonkwo", gone)}


def test_a_plan_of_other_files_is_told(shop, built, monkeypatch):
    monkeypatch.setattr("augment.api.privacy.read_plan", lambda data, place: {})
    with pytest.raises(TestSetError, match=r"plan.parquet: no row of the plan is about audio/.* build the test set"):
        heard_in(built, augment.pseudonyms(recipe(shop)))


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
