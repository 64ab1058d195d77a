"""What the command line says of a fitted profile."""

from pathlib import Path

from augment.api.fitting import FittedProfile
from augment.errors import Fault, ProfileError
from augment.fitting.described import Described

MOST_ROWS = 8


def file_of(recording: str, name: str | None, out: Path | None) -> Path:
    """The file that a profile is written to: as asked for, or by its name, here."""
    return out if out is not None else Path(f"{_word(name or Path(recording).stem)}.yaml")


def _word(text: str) -> str:
    """A name that a file may have and a recipe may spell."""
    kept = "".join(one.lower() if one.isalnum() else "_" for one in text)
    return "_".join(filter(None, kept.split("_"))) or "fitted"


def refuse(target: Path, report: Path | None) -> None:
    """Refuse files that could not be written, before anything is done.

    Raises:
        ProfileError: One of them has another kind of name, or there is such a file.
    """
    faults = []
    if target.suffix.lower() not in (".yaml", ".yml"):
        faults.append(Fault(str(target), "a profile is a YAML file", "call it .yaml"))
    elif target.exists():
        faults.append(Fault(str(target), "there is a file of that name", "choose another with --out, or remove it"))
    if report is not None and report.suffix.lower() != ".html":
        faults.append(Fault(str(report), "the report is a page", "call it .html"))
    if faults:
        raise ProfileError(faults)


def said(found: FittedProfile, target: Path, report: Path | None) -> str:
    """What was found, on one screen: the verdict, the components, what should be known."""
    whole = found.found.whole
    lines = [f"{found.source}: {found.goodness.verdict}.", ""]
    components = sorted(whole.components, key=Described.level, reverse=True)
    lines += [f"{one.level():6.1f} dBov  {one.about}: {one.told()}".rstrip(": ") for one in components[:MOST_ROWS]]
    if len(components) > MOST_ROWS:
        lines.append(f"and {len(components) - MOST_ROWS} softer ones, in the file")
    lines.append(f"{100 * whole.unexplained:.1f} % of the energy is explained by none of them.")
    notes = [*found.remarks, *found.unidentified]
    if notes:
        lines += ["", *(f"! {note}" for note in notes)]
    lines += ["", f"{target}  the profile; change its rhythm or its frequency, and build with it"]
    if report is not None:
        lines.append(f"{report}  to look at and to listen to")
    return "\n".join(lines)
