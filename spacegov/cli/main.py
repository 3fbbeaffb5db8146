"""The application, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from typing import Annotated, Any, NoReturn

import typer

from spacegov.cli import batch, check, demo, importing, lists, new, run, scenario, serve
from spacegov.errors import SpacegovError

EXIT_USAGE = 2
EXIT_DEFECT = 4
EXIT_STOPPED = 130

_UsageFault: Any = typer.BadParameter.__mro__[2]
"""What typer raises about the words of a command: an unknown option, a missing argument, help instead of nothing."""

app = typer.Typer(
    name="spacegov",
    help="Every layer of a territory in one registry, and a box of tools to question them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"spacegov {version('spacegov')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Every layer of a territory in one registry, and a box of tools to question them."""


app.command("demo")(demo.demo)
app.command("layers")(lists.layers)
app.command("tools")(lists.tools)
app.command("show")(lists.show)
app.command("run")(run.run)
app.command("scenarios")(scenario.scenarios)
app.command("scenario")(scenario.scenario)
app.command("batch")(batch.batch)
app.command("serve")(serve.serve)
app.command("new")(new.new)
app.command("import")(importing.import_)
app.command("check")(check.check)


def main() -> None:
    """Run the command line and leave with its exit code."""
    # Libraries warn about things the user did not ask; what matters is refused or told as a doubt of the result.
    warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        code = app(standalone_mode=False)
    except _UsageFault as error:
        _tell_usage(error)
    except typer.Abort:
        _tell("stopped; nothing half written was left behind", "Stopped", EXIT_STOPPED)
    except SpacegovError as error:
        _tell(str(error), type(error).__name__, error.exit_code)
    except KeyboardInterrupt:
        _tell("stopped; nothing half written was left behind", "Stopped", EXIT_STOPPED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_STOPPED)
    except Exception as error:
        if os.environ.get("SPACEGOV_TRACEBACK"):
            raise
        text = f"{type(error).__name__}: {error}"
        _tell(
            f"this is a fault of spacegov, not of your input ({text}); set SPACEGOV_TRACEBACK=1, run the command again "
            "and report what it prints",
            "Defect",
            EXIT_DEFECT,
        )
    if code == EXIT_STOPPED:
        _tell("stopped; nothing half written was left behind", "Stopped", EXIT_STOPPED)
    sys.exit(code if isinstance(code, int) else 0)


def _tell_usage(error: Any) -> NoReturn:
    """Say what is wrong with the words of the command; without any, print its help."""
    told = " ".join(error.format_message().split())
    if told.startswith("Usage:"):
        error.show()
        sys.exit(EXIT_USAGE)
    command = error.ctx.command_path if getattr(error, "ctx", None) is not None else "spacegov"
    sentence = told[:1].lower() + told[1:].rstrip(".")
    _tell(f"{sentence}; see {command} --help", "Usage", EXIT_USAGE)


def _tell(message: str, kind: str, code: int) -> NoReturn:
    """Print one sentence to the error stream, as JSON where the command was asked for JSON."""
    if "--json" in sys.argv:
        typer.echo(json.dumps({"error": message, "kind": kind, "exit_code": code}, ensure_ascii=False), err=True)
    else:
        typer.echo(f"spacegov: {message}", err=True)
    sys.exit(code)
