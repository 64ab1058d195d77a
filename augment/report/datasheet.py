"""The data sheet of a test set: what it is, how it was designed, what was measured, what it is not."""

from collections.abc import Iterable, Mapping
from typing import Any

from augment.design.conditions import Condition
from augment.design.identifying import singled_out
from augment.design.plan import Plan
from augment.plain_text import columns, markdown, markdown_code, markdown_fence, visible
from augment.profiles.library import FOLDERS, Library, Need
from augment.report.design import assignment_text, balance_text, conditions_text, crossing_text
from augment.report.detection import detection_text
from augment.report.tables import groups
from augment.report.text import counted, table
from augment.testset.softer import Softer

PSEUDONYMS = (
    "Speakers, utterances and files have names by a keyed hash (HMAC-SHA256), and rows do not tell from which "
    "recordings of the corpus they were made. That protects names, not voices: who knows a voice, has the corpus or "
    "another set of it to compare with, or can tell a speaker by a text, a credit or the labels above still finds "
    "them. Who holds the key can find a speaker's items, to take them out when that speaker asks for it."
)


def datasheet(plan: Plan, identity: Mapping[str, Any], softer: Softer, tables: tuple[str, str]) -> str:
    """The data sheet as Markdown; its tables are plain text, as the command line shows them.

    Args:
        plan: What was planned.
        identity: What ``testset.json`` will say, without checksums.
        softer: What was made softer against clipping.
        tables: As text of an :class:`~augment.report.tables.Overview`.
    """
    coverage, measured = tables
    parts = [
        (f"Data sheet: {markdown(identity['name'])}", _what(plan, identity)),
        ("Groups", _blocks(groups(plan), balance_text(plan))),
        ("Conditions", _blocks(_conditions(plan.conditions), conditions_text(plan), assignment_text(plan))),
        ("Where the figures behind them come from", _figures(plan)),
        ("Files in each cell", _blocks(coverage, crossing_text(plan))),
        ("What was measured", _blocks(measured, str(softer) if softer.items else "")),
        ("What a cell can show", _blocks(detection_text(plan))),
        ("What it is not", _list(map(markdown, identity["limits"]))),
        ("What the planner noted", _list(map(markdown, identity["notes"]))),
        ("Licences and credits", _licences(identity)),
        ("What it says of people", _people(plan, identity)),
        ("How it was made", _made(identity)),
    ]
    lines = [f"{'#' if place == 0 else '##'} {title}\n\n{text}" for place, (title, text) in enumerate(parts) if text]
    return "\n\n".join(lines) + "\n"


def _what(plan: Plan, identity: Mapping[str, Any]) -> str:
    items = identity["items"]
    linear = all(step.perturbation.linear for condition in plan.conditions for step in condition.chain)
    files = "in the files" if linear else "in the files, or before the first step that is not linear, if there is one"
    lines = [
        "A test set for speech recognisers: clean labelled speech under a designed grid of acoustic conditions, which "
        "were added by a program. It is meant to compare word error rates between groups of speakers and conditions. "
        "It is not meant for training.",
        f"{counted(len(identity['groups']), 'group')} x {counted(len(plan.conditions), 'condition')}, "
        f"{counted(identity['utterances_per_group'], 'utterance')} in each group; "
        f"{items['made']} of {items['planned']} files, {plan.seconds / 3600:.2f} hours.",
        f"SNR is the active speech level (ITU-T P.56) minus the RMS level of the noise, at the microphone's input, "
        f"{_band(identity['snr'])}. Speech is at {identity['speech_level_dbov']:g} dBov {files}.",
    ]
    about = [markdown(line) for line in str(identity["about"]).splitlines()]
    return "\n\n".join([*(["\n".join(about)] if any(about) else []), *lines])


def _band(snr: Mapping[str, Any]) -> str:
    band = "at all frequencies" if snr["band_hz"] is None else "{:g}-{:g} Hz".format(*snr["band_hz"])
    return band + (", A-weighted" if snr["weighting"] == "A" else "")


def _blocks(*texts: str) -> str:
    plain = ("\n".join(map(visible, text.split("\n"))) for text in texts if text)
    fenced = [(markdown_fence(text), text) for text in plain]
    return "\n\n".join(f"{fence}\n{text}\n{fence}" for fence, text in fenced)


def _list(lines: Iterable[str]) -> str:
    """Lines as a Markdown list."""
    return "\n".join(f"- {line}" for line in dict.fromkeys(lines))


def _conditions(conditions: Iterable[Condition]) -> str:
    rows = [
        [c.name, "; ".join(_step(step.perturbation.model_dump(mode="json")) for step in c.chain)] for c in conditions
    ]
    told = [("condition", "steps, in the order in which sound meets them")]
    told += [(name, steps or "nothing: the control") for name, steps in rows]
    widths = [max(columns(visible(line[place])) for line in told) for place in (0, 1)]
    told.insert(1, ("-" * widths[0], "-" * widths[1]))
    return "\n".join(f"{name.ljust(widths[0])}  {visible(steps)}" for name, steps in told)


def _step(fields: Mapping[str, Any]) -> str:
    """A step with those of its fields that are set.

    Example:
        >>> _step({"kind": "microphone", "profile": "laptop", "snr_db": None})
        'microphone (profile: laptop)'
    """
    said = ", ".join(f"{name}: {value}" for name, value in fields.items() if name != "kind" and value is not None)
    return f"{fields['kind']} ({said})" if said else str(fields["kind"])


def _figures(plan: Plan) -> str:
    """The sources of every profile's figures; estimates are marked as such."""
    needs = {n for c in plan.conditions for step in c.chain for n in step.perturbation.needs() if n.kind in FOLDERS}
    return _list(sorted({line for need in needs for line in _sources(plan.loaded.library, need)}))


def _sources(library: Library, need: Need) -> list[str]:
    profile = library.profile(need.kind, need.name).model_dump(mode="json")
    sources = dict.fromkeys(" ".join(source.split()) for source in _every_source(profile))
    title = profile.get("title") or need.name
    return [f"{markdown_code(need.name)} ({markdown(title)}): {markdown(source)}" for source in sources]


def _every_source(part: Any) -> Iterable[str]:
    if isinstance(part, Mapping):
        for name, value in part.items():
            yield from [value] if name == "source" and isinstance(value, str) else _every_source(value)
    elif isinstance(part, (list, tuple)):
        for value in part:
            yield from _every_source(value)


def _licences(identity: Mapping[str, Any]) -> str:
    rows = [[s["name"] or s["kind"], s["licence"], s["items"], s["credit"]] for s in identity["sources"]]
    licence = markdown(identity["licence"])
    lines = [f"Licence of the set: {licence}. Every row names that of its item (`licence`, `credit`)."]
    if identity["forbidden_mixtures"]:
        reasons = "; ".join(map(markdown, identity["forbidden_mixtures"]))
        allowed = markdown(str(identity["forbidden_mixtures_allowed_by"]))
        lines.append(f"**It holds mixtures that licences forbid**: {reasons}. Allowed by: {allowed}")
    return "\n\n".join([*lines, _blocks(table(["source", "licence", "items", "credit"], rows))])


def _people(plan: Plan, identity: Mapping[str, Any]) -> str:
    labels = ", ".join(map(markdown, identity["labels"])) or "none"
    groups_by = ", ".join(map(markdown, plan.loaded.recipe.balance.by))
    named = "their names in the corpus" if identity["pseudonyms"] is None else "pseudonyms for their names"
    alone, speakers = singled_out(plan.selection.frame, plan.loaded.recipe.outgoing(plan.corpus.labels))
    told = (
        f"Rows hold what speakers say, {named} (`speaker`), and these labels of theirs: {labels}. "
        f"{alone} of {speakers} speakers have values of these labels that no other speaker of the set has. "
        f"Groups are made by {groups_by}, as the corpus has it: who gave the labels, and how, the corpus must tell. "
        "A group is a small number of people, and no accent is the people of a country."
    )
    return told if identity["pseudonyms"] is None else f"{told}\n\n{PSEUDONYMS}"


def _made(identity: Mapping[str, Any]) -> str:
    hidden = identity["pseudonyms"] is not None
    key = ", key of the pseudonyms" if hidden else ""
    alone = " --sample 0    # without the recordings" if hidden else ""
    versions = ", ".join(f"{name} {version}" for name, version in identity["versions"].items())
    return (
        f"Made by {identity['made_by']} (bytes version {identity['bytes_version']}, seed {identity['seed']}) with "
        f"{versions}. With recipe.yaml back where its paths start from, the same corpus{key} and noise give the same "
        "files:\n\n"
        f"    acoustigrid build recipe.yaml --out testset\n    acoustigrid verify testset{alone}"
    )
