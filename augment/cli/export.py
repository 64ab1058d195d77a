"""``acoustigrid export``: a finished test set in other tools' formats."""

from typing import Annotated

import typer

from augment.cli.terminal import JsonOption, Manner, QuietOption, hand_out_record, say
from augment.cli.working import STARTING, Bars
from augment.files.location import location

export_app = typer.Typer()

FormatOption = Annotated[
    str, typer.Option("--format", "-f", help="Other tools' formats, with commas between: kaldi,lhotse,webdataset.")
]


def split_formats(formats: str) -> list[str]:
    """Names between commas.

    Example:
        >>> split_formats("kaldi, lhotse,"), split_formats("")
        (['kaldi', 'lhotse'], [])
    """
    return list(dict.fromkeys(name.strip() for name in formats.split(",") if name.strip()))


@export_app.command()
def export(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A finished test set.")],
    formats: FormatOption = "",
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Export a finished test set: a folder in it for each format. Without --format, list them.

    Example:  acoustigrid export testset --format kaldi,lhotse
    """
    manner = Manner.asked(quiet=quiet, as_json=as_json)
    bars = Bars(manner)
    with bars.step(STARTING):
        from augment.api.exporting import write_formats
        from augment.export import exporters

    chosen = split_formats(formats)
    if not chosen:
        known = exporters()
        width = max(len(name) for name in known)
        say("\n".join(f"{name.ljust(width)}  {module.ABOUT}" for name, module in known.items()))
        return
    place = location(folder)
    made = write_formats(place, chosen, bars)
    if manner is Manner.JSON:
        hand_out_record({"folder": str(place), "files": made})
        return
    lines = [f"{place / name}: {files} files" for name, files in made.items()]
    say("\n".join(lines[-1:] if manner is Manner.QUIET else lines))
