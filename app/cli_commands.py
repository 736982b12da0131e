"""What every group of `desk` commands stands on: `--json`, refusals in sentences, and the database."""

from collections.abc import Callable
from functools import wraps

import click
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from app.cli_output import Output
from app.config import Config, ConfigError
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Database
from app.kernel.errors import Refusal

BY = Actor("cli", None, "desk command", None, "cli")
REASON = click.option("--reason", required=True, help="Why; kept for good, so name nobody in it.")
LANGUAGE = click.option(
    "--language", type=click.Choice(["ar", "en", "es", "fr"]), help="Of the PDF's words; otherwise the organization's."
)
NO_TABLES = "The database has no tables yet, or old ones. Run `desk db upgrade`, then repeat this."


def command(group: click.Group, name: str, refused: int = 1) -> Callable[[Callable[..., None]], click.Command]:
    """Registers a command with `--json`; its refusals are sentences and this exit code."""

    def register(run: Callable[..., None]) -> click.Command:
        @wraps(run)
        def guarded(*args: object, as_json: bool, **options: object) -> None:
            output = Output(as_json, refused)
            _check_text(click.get_current_context())
            try:
                run(*args, output=output, **options)
            except Refusal as refusal:
                output.refuse(refusal.detail, refusal.code)
            except ConfigError as error:
                output.refuse(str(error), "configuration")
            except (OperationalError, ProgrammingError, InterfaceError) as error:
                output.refuse(*_database_problem(error))
            except OSError as error:
                which = f"{error.filename} could" if error.filename else "A file could"
                output.refuse(f"{which} not be read or written: {error.strerror or error}.", "file")

        option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
        return group.command(name)(option(guarded))

    return register


def _check_text(context: click.Context) -> None:
    """Raises click's UsageError when an argument is no UTF-8, as a terminal of another encoding sends it: Python keeps
    such bytes as halves of characters, which no database takes. Names of files may be any bytes."""
    for parameter in context.command.params:
        given = context.params.get(str(parameter.name))
        for value in given if isinstance(given, tuple) else (given,):
            if isinstance(value, str) and not isinstance(parameter.type, click.Path):
                try:
                    value.encode()
                except UnicodeEncodeError:
                    raise click.BadParameter("This is not UTF-8 text.", context, parameter) from None


def _database_problem(error: Exception) -> tuple[str, str]:
    cause = str(getattr(error, "orig", error)).splitlines()[0]
    missing = getattr(getattr(error, "orig", None), "sqlstate", None) in ("42P01", "42703")  # a table, a column
    if missing or cause.startswith(("no such table", "no such column")):
        return NO_TABLES, "database.old"
    return f"The database refused: {cause}. Nothing was changed.", "database.unavailable"


def opened_database() -> Database:
    """The database that the environment names; closed when the command ends."""
    database = Database(Config.from_env(), answer_within=None)
    click.get_current_context().call_on_close(database.dispose)
    return database


def checked_reason(output: Output, reason: str) -> str:
    """The reason, without white space around it. Ends the command when it is none."""
    if not 0 < len(reason.strip()) <= 300:
        output.refuse("The reason is 1 to 300 characters.", "reason")
    return reason.strip()
