"""Plans that a breaker got past the planner, or that it refused without reason: what they must do now."""

import itertools
import json
import pickle
from fractions import Fraction

import numpy as np
import polars
import pytest
import soundfile
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import augment
from augment.auditing.groups import audit
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.design.assignment import Demands, schedule
from augment.design.grid.factors import Factors
from augment.design.program import Program, UnsolvedError, within
from augment.design.selection import refusal, select
from augment.design.selection.sharing import largest_sharing
from augment.errors import AcoustigridError, CorpusError, DesignError
from augment.notes import texts
from augment.recipe.experiment import Balance, Budget, Rotated, Speakers
from augment.report.tables import plan_text
from conftest import RATE
from test_grid import made_up
from test_selection import corpus_of, crossed, small


def row(identity, accent, gender="f", speaker=None, **more):
    return {"id": identity, "accent": accent, "speaker": speaker or identity, "gender": gender, "age": "y", **more}


@settings(deadline=None, max_examples=100)
@given(small(), st.integers(1, 6), st.sampled_from(["0.3", "0.5", "0.75"]), st.sampled_from(["0", "0.1", "0.25"]))
def test_shares_hold_to_their_tolerance_or_are_infeasible(rows, wanted, share, tolerance):
    """In exact fractions; what is refused no choice of numbers could do."""
    share_f, limit = Fraction(share), Fraction(tolerance)
    shares = {"gender": {"f": float(share), "m": float(1 - share_f)}}
    balance = Balance(
        by=("accent",), utterances=wanted, match=("gender",), tolerance=float(tolerance), shares=shares
    )  # fmt: skip
    assume({r["gender"] for r in rows} == {"f", "m"})  # a value that nobody has is taken for a slip
    own = {group: [r["gender"] for r in rows if r["accent"] == group] for group in {r["accent"] for r in rows}}
    fits = {
        group: [f for f in range(wanted + 1) if f <= some.count("f") and wanted - f <= some.count("m")
                and abs(Fraction(f, wanted) - share_f) <= limit]
        for group, some in own.items()
    }  # fmt: skip
    possible = any(max(c) - min(c) <= int(limit * wanted) for c in itertools.product(*fits.values()))
    if not possible:
        with pytest.raises(DesignError):
            select(corpus_of(rows), balance, 1)
        return
    chosen = select(corpus_of(rows), balance, 1).frame
    for group in own:
        women = chosen.filter((chosen["group"] == group) & (chosen["label:gender"] == "f")).height
        assert abs(Fraction(women, wanted) - share_f) <= limit


def test_a_share_of_what_can_no_longer_be_chosen_is_refused():
    rows = [row(f"{g}{n}", g) for g in "AB" for n in range(4)]
    rows += [row(f"m{n}", None, "m") for n in range(4)]
    shares = {"gender": {"f": 0.5, "m": 0.5}}
    with pytest.raises(DesignError, match=r"names 'm', and no row that has it can be chosen"):
        select(corpus_of(rows), Balance(by=("accent",), utterances=2, match=("gender",), shares=shares), 1)
    bare = [row(f"{g}{n}", g, None if n < 2 else "f") for g in "AB" for n in range(4)]
    shares = {"gender": {"f": 0.5, "(unlabelled)": 0.5}}
    balance = Balance(by=("accent",), utterances=4, match=("gender",), shares=shares, unlabelled="group")
    assert select(corpus_of(bare), balance, 1).frame["label:gender"].null_count() == 4


def test_nobody_in_particular_is_no_speaker():
    rows = [row(f"{g}{n}", g) | ({"speaker": None} if n else {}) for g in "AB" for n in range(4)]
    assert select(corpus_of(rows), Balance(by=("accent",), utterances=4), 1).per_group == 4
    notes = "\n".join(texts(select(corpus_of(rows), Balance(by=("accent",), utterances=4), 1).notes))
    assert "6 rows name no speaker; they count as one" in notes
    assert "(unknown)" not in notes
    with pytest.raises(DesignError, match="1 of at least 2 speakers"):
        select(corpus_of(rows), Balance(by=("accent",), utterances=2, speakers=Speakers(min=2)), 1)
    nobody = [r | {"speaker": None} for r in rows]
    notes = "\n".join(texts(select(corpus_of(nobody), Balance(by=("accent",), utterances=4), 1).notes))
    assert "no row names its speaker" in notes


def test_empty_cells_are_refused_with_what_would_fill_them():
    with pytest.raises(DesignError, match=r"fill 2 of 6 cells of a group - assignment: \{rotated: 3\}"):
        schedule(made_up(6), Rotated(rotated=1), None, [1.0] * 4, ("wav", 8000), 1, 2)
    for each, per_group in ((3, 2), (1, 6)):
        schedule(made_up(6), Rotated(rotated=each), None, [1.0] * 2 * per_group, ("wav", 8000), 1, per_group)


@pytest.mark.parametrize(("turns", "told"), [(2, True), (1, False)])
def test_ways_out_fill_the_cells_of_a_rotation(workshop, turns, told):
    """South has three utterances: under two of five conditions each they fill its cells, under one they do not."""
    workshop.corpus({"North": 8, "South": 3}, seconds=0.5)
    hums = "{steps: [{kind: equipment_noise, profile: mains_hum_50}], sweep: {snr_db: [20, 15, 10, 5]}}"
    parts = {"factors": f"{{noise: {{quiet: [], hum: {hums}}}}}", "assignment": f"{{rotated: {turns}}}"}
    with pytest.raises(DesignError) as caught:
        augment.plan(workshop.recipe(balance="{by: [accent], utterances: 6}", **parts))
    assert ("balance: {utterances: 3" in str(caught.value)) is told
    if told:
        followed = workshop.recipe(balance="{by: [accent], utterances: 3, speakers: {min: 1}}", **parts)
        assert augment.plan(followed).items.height == 12


@pytest.mark.parametrize("files", [1, 7, 24, 60, 10_000])
@pytest.mark.parametrize(
    "assignment", ["crossed", "rotated", Rotated(rotated=1), Rotated(rotated=3), Rotated(rotated=7)]
)
def test_demands_are_those_that_a_schedule_refuses(assignment, files):
    for per_group, groups in itertools.product(range(1, 8), (1, 2, 3)):
        total = per_group * groups
        try:
            schedule(made_up(6), assignment, Budget(files=files), [1.0] * total, ("wav", 8000), 1, per_group)
            refused = False
        except DesignError:
            refused = True
        assert Demands(6, assignment, Budget(files=files)).met(per_group, groups) is not refused


def test_a_budget_that_is_met_exactly_suffices():
    seconds = [1.0] * 36
    assert schedule(made_up(120), "rotated", Budget(hours=1.13), seconds, ("wav", 8000), 1, 18).each == 113


def test_durations_are_those_of_the_audio(workshop):
    rows = workshop.corpus({"North": 4, "South": 4}, seconds=1.0)
    for place, entry in enumerate(rows):
        entry["duration"] = 1.0 + 0.1 * (place % 3)
        if entry["accent"] == "South":
            path = workshop.folder / entry["audio_filepath"]
            soundfile.write(path, np.tile(soundfile.read(path)[0], 4), RATE, subtype="PCM_16")
    workshop.manifest(rows)
    planned = augment.plan(workshop.recipe())
    (found,) = {d.after for d in planned.selection.balance.differences if d.variable == "duration"}
    assert found > 10
    matched = workshop.recipe(balance="{by: [accent], match: [duration], tolerance: 0.9}")
    with pytest.raises(DesignError, match="4 chosen rows declare another than the audio's"):
        augment.plan(matched)


@pytest.mark.parametrize("duration", [0, -1, 1e308])
def test_absurd_durations_are_none(workshop, duration):
    rows = [{**entry, "duration": duration} for entry in workshop.corpus({"North": 2, "South": 2})]
    workshop.manifest(rows)
    planned = augment.plan(workshop.recipe())
    assert "4 rows have a duration that is no number: the audio's own is used" in texts(planned.notes)
    assert "? > " in plan_text(planned)
    with pytest.raises(DesignError, match="no row says how long it is"):
        augment.plan(workshop.recipe(balance="{by: [accent], match: [duration]}"))


def test_a_test_set_describes_itself_in_json_that_anybody_reads(workshop):
    """One utterance in each group, of unlike lengths: no spread, and a difference that JSON has no number for."""
    declared = {"North": 1.0, "South": 2.0}
    rows = [{**entry, "duration": declared[entry["accent"]]} for entry in workshop.corpus({"North": 1, "South": 1})]
    workshop.manifest(rows)
    folder = augment.build(workshop.recipe(), workshop.folder / "set").folder

    def refuse(constant):
        raise ValueError(constant)

    said = json.loads((folder / "testset.json").read_text(), parse_constant=refuse)
    assert {d["before"] for d in said["balance"] if d["variable"] == "duration"} == {"inf"}


def test_the_audit_keeps_apart_what_the_plan_keeps_apart(workshop):
    odd = {"a": {"accent": "x / y", "age": "z"}, "b": {"accent": "x", "age": "y / z"}}
    workshop.manifest([{**entry, **odd[entry["accent"]]} for entry in workshop.corpus({"a": 2, "b": 2})])
    corpus = read_corpus(CorpusSpec(path="corpus.jsonl"), workshop.folder)
    with pytest.raises(CorpusError, match="two combinations of accent, age would be one group"):
        audit(corpus, ("accent", "age"), RATE, 0)
    with pytest.raises(CorpusError, match="'accent' appears twice"):
        audit(corpus, ("accent", "accent"), RATE, 0)


def test_remedies_can_be_copied_and_do(workshop):
    """A group with every sign that YAML minds; the line is put into the recipe as it stands."""
    rows = workshop.corpus({"a": 3, "b": 3, "c": 1})
    names = {"a": 'It\'s "x"', "b": "a\\b: {no}", "c": "Tiny"}
    workshop.manifest([{**entry, "accent": names[entry["accent"]]} for entry in rows])
    with pytest.raises(DesignError) as caught:
        augment.plan(workshop.recipe(balance="{by: [accent], utterances: 3}"))
    line = str(caught.value).split("corpus: {keep: ")[1].split("; or ")[0].removesuffix("}")
    planned = augment.plan(
        workshop.recipe(corpus=f"{{path: corpus.jsonl, keep: {line}}}", balance="{by: [accent], utterances: 3}")
    )
    assert planned.selection.groups == ('It\'s "x"', "a\\b: {no}")


@pytest.mark.parametrize(
    ("balance", "words", "way"),
    [
        ({"utterances": 3, "speakers": Speakers(min=5)}, "at least 5 are needed", "balance: {utterances: 5}"),
        ({"utterances": 3, "speakers": Speakers(max_share=0.3)}, "at least 4 are needed", "balance: {utterances: 4}"),
    ],
)  # fmt: skip
def test_too_few_utterances_for_their_speakers(balance, words, way):
    rows = [row(f"{g}{n}", g) for g in "AB" for n in range(10)]
    with pytest.raises(DesignError) as caught:
        select(corpus_of(rows), Balance(by=("accent",), **balance), 1)
    assert words in str(caught.value)
    assert way in str(caught.value)


def test_the_solver_has_an_end_and_says_that_it_does_not_know(monkeypatch):
    program = Program()
    x = program.variable(0, 1)
    program.row({x: 1.0}, least=0)
    import scipy.optimize

    asked = []
    solve = scipy.optimize.milp

    def slow(*arguments, **named):
        asked.append(named["options"]["time_limit"])
        found = solve(*arguments, **named)
        found.status = 1
        return found

    monkeypatch.setattr(scipy.optimize, "milp", slow)
    with within(5), pytest.raises(UnsolvedError, match=r"its time is over.*is not known"):
        program.solve({x: 1.0})
    assert 0 < asked[0] <= 5
    told, cut = refusal._in_time(iter(lambda: program.solve({}), 0))
    assert (told, cut) == ([], True)


def test_exclusions_that_leave_nothing_are_found_out():
    """More factors than settings, and no two alike: a plain search would take days."""
    names = tuple(f"s{n}" for n in range(8))
    alike = tuple({a: frozenset({s}), b: frozenset({s})} for a, b in itertools.combinations(range(9), 2) for s in names)
    nine = Factors(tuple(f"f{n}" for n in range(9)), (names,) * 9, alike)
    assert nine.completed((None,) * 9) is None
    eight = Factors(nine.names[:8], (names,) * 8, tuple(entry for entry in alike if 8 not in entry))
    found = eight.completed(("s3", *(None,) * 7))
    assert found is not None
    assert len(set(found)) == 8
    assert found[0] == "s3"


def test_designs_are_counted_after_their_exclusions(workshop):
    workshop.corpus({"North": 1, "South": 1})
    factors = ", ".join(f"f{i}: {{{', '.join(f's{j}: []' for j in range(30))}}}" for i in range(3))
    kept = "{f0: [" + ", ".join(f"s{j}" for j in range(1, 30)) + "]}"
    recipe = workshop.recipe(factors=f"{{{factors}}}", exclude=f"[{kept}]")
    from augment.design.grid.choices import choices_of

    assert len(choices_of(augment.load_recipe(recipe)).choices) == 900


@pytest.mark.parametrize(
    ("part", "text", "words"),
    [
        ("statistics", "{wer: 0.97, detect: 0.2}", "cannot be worse by 0.2"),
        ("conditions", "[{noise: []}]", "conditions.0.noise"),
        ("exclude", "[{noise: []}]", "exclude.0.noise"),
    ],
)
def test_parts_that_say_nothing_are_refused(workshop, part, text, words):
    workshop.corpus({"North": 1, "South": 1})
    with pytest.raises(AcoustigridError, match=words):
        augment.plan(workshop.recipe(**{part: text}))


def test_names_from_anywhere_stay_on_their_line(workshop):
    rows = workshop.corpus({"a": 1, "b": 1})
    odd = {"a": "red\x1b[31m\nline", "b": "tab\tbed"}
    workshop.manifest([{**entry, "accent": odd[entry["accent"]]} for entry in rows])
    told = plan_text(augment.plan(workshop.recipe()))
    table = told.split("\n\n")[1]
    assert "\x1b" not in table
    assert len(table.splitlines()) == 4


def test_what_could_be_shown_is_a_note_and_no_fault(stocked):
    with pytest.raises(DesignError) as caught:
        augment.plan(stocked.recipe(balance="{by: [accent], utterances: 40, speakers: {min: 2}}"))
    assert not any("as the recipe asks for it" in str(fault) for fault in caught.value.faults)
    assert any("as the recipe asks for it" in note for note in caught.value.notes)
    assert pickle.loads(pickle.dumps(caught.value)).notes == caught.value.notes


def test_a_speaker_is_no_label(stocked):
    with pytest.raises(DesignError, match=r"balances by 'speaker', which is not a label but a column of every corpus"):
        augment.plan(stocked.recipe(balance="{by: [speaker]}"))


def test_columns_the_wrong_way_round_are_turned(stocked):
    rows = [json.loads(line) for line in (stocked.folder / "corpus.jsonl").read_text().splitlines()]
    stocked.manifest([{"file": row.pop("audio_filepath"), **row} for row in rows])
    with pytest.raises(CorpusError, match=r"the other way round: audio_filepath: file"):
        augment.plan(stocked.recipe(corpus="{path: corpus.jsonl, columns: {file: audio_filepath}}"))


def prompts(said):
    return [row(f"{g}{t}", g, speaker=f"{g}{t % 4}", text=f"Text {t}") for g, texts in said.items() for t in texts]


SAID = {"A": range(10), "B": range(10), "C": range(2, 9), "D": range(20, 30)}


@pytest.mark.parametrize(
    ("wanted", "groups", "words"),
    [
        ("max", "ABCD", "corpus: {keep: {accent: [A, B, C]}}, which share 7 texts"),
        (9, "ABCD", "corpus: {keep: {accent: [A, B]}}, which share 10 texts"),
        (9, "ABC", "corpus: {keep: {accent: [A, B]}}, which share 10 texts"),
        (20, "ABC", "most texts are shared by A, B: 10; 20 are asked for"),
        ("max", "AD", "no two groups share a text"),
    ],
)
def test_groups_that_share_texts_are_named(wanted, groups, words):
    rows = prompts({group: SAID[group] for group in groups})
    balance = Balance(by=("accent",), text="parallel", utterances=wanted)
    with pytest.raises(DesignError) as caught:
        select(corpus_of(rows), balance, 1)
    assert any(words in note for note in caught.value.notes)
    if "keep" in words:
        kept = words.split("[")[1].split("]")[0].split(", ")
        assert select(corpus_of([r for r in rows if r["accent"] in kept]), balance, 1).groups == tuple(kept)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from("ABCDEF"), st.sets(st.integers(0, 8), min_size=1), min_size=2), st.integers(1, 4)
)
def test_the_largest_set_of_groups_that_share_texts_is_found(said, wanted):
    """By trying all sets."""
    frame = polars.DataFrame([{"group": g, "match:text": str(t)} for g, texts in said.items() for t in texts])
    sets = [some for size in range(2, len(said) + 1) for some in itertools.combinations(sorted(said), size)]
    good = [(len(s), len(set.intersection(*(said[g] for g in s)))) for s in sets]
    found = largest_sharing(frame, wanted)
    best = max((pair for pair in good if pair[1] >= wanted), default=None)
    assert (None if found is None else (len(found.groups), found.texts)) == best


def test_max_asks_for_no_number_and_one_is_not_many():
    rows = [row(f"A{n}", "A", speaker="A0") for n in range(1)] + [row(f"B{n}", "B", speaker="B0") for n in range(6)]
    with pytest.raises(DesignError) as caught:
        select(corpus_of(rows), Balance(by=("accent",), speakers=Speakers(min=3)), 1)
    told = str(caught.value)
    assert "group A: 1 of at least 3 utterances that speakers.min: 3 needs" in told
    assert "balance: {speakers: {min: 1}}" in told
    assert "the recipe asks for" not in told.replace("speakers that the recipe asks for", "")
    with pytest.raises(DesignError, match=r"1 utterance of each group is too few for 2 speakers"):
        select(corpus_of(rows), Balance(by=("accent",), utterances=1, speakers=Speakers(min=2)), 1)
    bare = [{**r, "gender": None if r["id"] == "A0" else "f"} for r in rows]
    with pytest.raises(DesignError, match=r"1 row has no gender; this is the first"):
        select(corpus_of(bare), Balance(by=("accent",), match=("gender",), unlabelled="refuse"), 1)


def test_with_max_what_would_do_is_tried_with_any_number():
    """Three utterances cannot be half of women; forty can."""
    rows = crossed()
    balance = Balance(by=("accent",), match=(("gender", "age"),), speakers=Speakers(min=3))
    with pytest.raises(DesignError, match=r"balance: \{match: \[gender, age\]\}, alike one by one"):
        select(corpus_of(rows), balance, 1)
    assert select(corpus_of(rows), balance.model_copy(update={"match": ("gender", "age")}), 1).per_group == 40
