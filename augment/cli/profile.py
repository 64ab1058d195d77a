"""``acoustigrid profile``: look at profiles, and listen to them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli.terminal import say
from augment.cli.working import STARTING, Bars
from augment.profiles.taken_for import TakenFor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from augment.report.looked_at import LookedAt

profile_app = typer.Typer(
    no_args_is_help=True,
    help="Noise, microphone and room profiles: what there is, what is behind a name, and how it sounds.",
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A bundled profile, or the path of your own.")]


@profile_app.command("list")
def list_profiles(
    word: Annotated[str | None, typer.Argument(metavar="[WORD]", help="Only those whose name or title has it.")] = None,
) -> None:
    """List the bundled profiles.

    Example:  acoustigrid profile list alarm
    """
    with Bars().step(STARTING):
        from augment.report.profiles import listing

        told = listing(word)
    say(told)


PictureOption = Annotated[
    Path | None, typer.Option("--picture", help="Draw it too: .html with players and figures, .svg or .png.")
]
AsOption = Annotated[
    TakenFor | None, typer.Option("--as", help="What an audio file is taken for; if not given, its sound decides.")
]


@profile_app.command()
def show(name: NameArgument, picture: PictureOption = None, kind: AsOption = None) -> None:
    """Show a profile, a recording or an impulse response: figures, their sources, spectrum, rhythm, decay.

    Example:  acoustigrid profile show mri_epi --picture mri_epi.html
    """
    with Bars().step(STARTING):
        from augment.report.looked_at import looked_at
        from augment.report.profile_text import description

        _check(picture)
        seen = looked_at(name, kind)
        told = description(seen)
    say(told)
    _draw([seen], picture)


@profile_app.command()
def compare(
    names: Annotated[list[str], typer.Argument(metavar="A B ...", help="Two to six profiles or files of a kind.")],
    picture: PictureOption = None,
    kind: AsOption = None,
) -> None:
    """Compare noises, devices or rooms: their figures side by side, and their pictures over each other.

    Example:  acoustigrid profile compare mri_epi mri_tse --picture scanners.html
    """
    with Bars().step(STARTING):
        from augment.report.looked_at import looked_at
        from augment.report.profile_text import comparison, refuse_unlike

        _check(picture)
        seen = [looked_at(name, kind) for name in names]
        refuse_unlike(seen)
        told = comparison(seen)
    say(told)
    _draw(seen, picture)


def _check(file: Path | None) -> None:
    """Refuse a file that no picture can be written to before anything is said."""
    if file is not None:
        from augment.report.profile_pictures import known_suffix

        known_suffix(file)


def _draw(seen: "Sequence[LookedAt]", file: Path | None) -> None:
    if file is None:
        return
    from augment.api.rendering import draw_profiles

    draw_profiles(seen, file)
    say(f"\n{file}")


@profile_app.command()
def render(
    name: NameArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="WAV or FLAC file to write.")],
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="Length of a noise.")] = 10.0,
    rate: Annotated[int, typer.Option(min=8000, max=48000, help="Sample rate in Hz.")] = 16000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another stretch.")] = 1,
) -> None:
    """Write a noise to a file; of a microphone or a room, its impulse response.

    Example:  acoustigrid profile render mri_epi --seconds 10 --out scanner.wav
    """
    with Bars().step(STARTING):
        from augment.api.rendering import render_profile

        told = render_profile(name, out, seconds, rate, seed)
    say(told)


@profile_app.command()
def fit(
    recording: Annotated[str, typer.Argument(metavar="RECORDING", help="An audio file with the noise in it.")],
    name: Annotated[str | None, typer.Option("--name", help="What the noise is called, if not as the file.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="YAML file to write; NAME.yaml here if not.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Page to look at and to listen to (.html).")] = None,
    from_s: Annotated[float | None, typer.Option("--from", min=0, help="Where to begin, in s.")] = None,
    to_s: Annotated[float | None, typer.Option("--to", min=0, help="Where to end, in s.")] = None,
    channel: Annotated[int | None, typer.Option(min=0, help="Channel, from 0; the best one if not given.")] = None,
    calibration_dba: Annotated[
        float | None,
        typer.Option("--calibration-dba", min=0, max=160, help="Its level at the recorder, in dB(A)."),
    ] = None,
    calibrator: Annotated[
        str | None,
        typer.Option("--calibrator", help="Recording of a calibrator's 1 kHz; may be the same file."),
    ] = None,
    calibrator_db: Annotated[float, typer.Option("--calibrator-db", min=60, max=140, help="The tone's level.")] = 94.0,
    distance_m: Annotated[float, typer.Option("--distance-m", min=0.05, max=100, help="From the source, in m.")] = 1.0,
    licence: Annotated[str | None, typer.Option("--licence", help="Licence of the recording.")] = None,
) -> None:
    """Fit a profile to a field recording: from twenty seconds of a machine to noise of it that never ends.

    Example:  acoustigrid profile fit scanner.wav --name ward_scanner --report fit.html
    """
    bars = Bars()
    with bars.step(STARTING):
        from augment.api.fitting import fit_profile
        from augment.cli.fitted import file_of, refuse, said

        target = file_of(recording, name, out)
        refuse(target, report)
    found = fit_profile(
        recording,
        name=name,
        from_s=from_s,
        to_s=to_s,
        channel=channel,
        calibration_dba=calibration_dba,
        calibrator=calibrator,
        calibrator_db=calibrator_db,
        distance_m=distance_m,
        licence=licence,
        progress=bars,
    )
    found.save(target)
    if report is not None:
        with bars.step("drawing the page"):
            found.draw(report)
    say(said(found, target, report))
