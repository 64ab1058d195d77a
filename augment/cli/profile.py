"""``acoustigrid profile``: look at profiles, and listen to them."""

from pathlib import Path
from typing import Annotated

import typer

from augment.cli.terminal import say
from augment.cli.working import STARTING, Bars

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


@profile_app.command()
def show(name: NameArgument) -> None:
    """Show a profile: figures, their sources, which of them are estimates, and its spectrum.

    Example:  acoustigrid profile show mri_epi
    """
    with Bars().step(STARTING):
        from augment.report.profiles import description

        told = description(name)
    say(told)


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
        from augment.api import render_profile

        told = render_profile(name, out, seconds, rate, seed)
    say(told)
