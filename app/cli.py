"""`desk`: the commands of an operator. They run the same code as the pages and the worker.

With `--json` stdout holds JSON and nothing else. Exit codes: 0 done, or nothing to do; 1 refused, with a sentence on
stderr; 2 wrong usage. A command may be repeated: what exists with the same facts is left alone, and where each call
makes another its help says so.
"""

import gc
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    gc.disable()  # while all that follows is imported, which stays: collecting it costs a fifth of a command's start

import click
from sqlalchemy import inspect, text

from app.cli_calibration import calibration
from app.cli_commands import NO_TABLES, command, opened_database
from app.cli_contacts import contact
from app.cli_depositions import check_conflicts, check_zones, deposition, depositions
from app.cli_evidence import evidence
from app.cli_fairness import fairness
from app.cli_inspections import erase_person, verify
from app.cli_keys import key, token
from app.cli_managers import manager
from app.cli_messages import message
from app.cli_organizations import organization
from app.cli_output import Output
from app.cli_people import person
from app.cli_plan import plan
from app.cli_prescreens import prescreen
from app.cli_questionnaires import questionnaire, reasons
from app.cli_reports import inspection
from app.cli_sessions import session_move  # noqa: F401  # registers the commands of a session
from app.cli_webhooks import webhook
from app.cli_wording import wording
from app.config import Config
from app.kernel import clock
from app.kernel.errors import Unavailable

NEWEST = Path(__file__).parents[1] / "migrations" / "HEAD"
"""The number of the newest migration, without Alembic, which no web process needs."""


def _with_tables() -> Config:
    """The configuration of a long-running process. Raises Unavailable while its database has no tables or old ones.

    Newer ones are served: what is upgraded next to a running program must be able to go back to it.
    """
    database = opened_database()
    with database.reader.connect() as connection:
        known = inspect(connection).has_table("alembic_version")
        at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else None
        if (at or "") < NEWEST.read_text().strip():
            raise Unavailable(NO_TABLES, code="database.old")
    database.dispose()  # Processes that are forked must not share a connection.
    return database.config


@click.group(help=__doc__, context_settings={"max_content_width": 100})
def main() -> None:
    pass


main.add_command(organization)
main.add_command(key)
main.add_command(token)
main.add_command(person)
main.add_command(message)
main.add_command(depositions)
main.add_command(manager)
main.add_command(questionnaire)
main.add_command(reasons)
main.add_command(prescreen)
main.add_command(fairness)
main.add_command(calibration)
main.add_command(contact)
main.add_command(deposition)
main.add_command(plan)
main.add_command(webhook)
main.add_command(verify)
main.add_command(erase_person)
main.add_command(evidence)
main.add_command(inspection)
main.add_command(wording)

# The database ---------------------------------------------------------------------------------------------------


@main.group(help="The database's tables.")
def db() -> None:
    pass


@command(db, "upgrade")
def db_upgrade(output: Output) -> None:
    """Bring the tables to the newest state. Safe with two at once, safe to repeat."""
    from app.desks import BACKFILLS
    from app.kernel.db import backfills, schema

    database = opened_database()
    changed = schema.upgrade(database)
    now = [backfill for backfill in BACKFILLS if not backfill.by_worker]
    for name, rows in backfills.run(database, now, clock.now()).items():
        if rows:
            click.echo(f"Made anew: {name} ({rows:,} rows).", err=True)
        changed = True
    with database.read() as db:
        left = backfills.unfinished(db, BACKFILLS)
    if left:
        click.echo(f"Left to the worker: {', '.join(left)}.", err=True)
    _, newest = schema.revisions(database)
    sentence = f"The database is now at {newest}." if changed else f"The database was already at {newest}."
    output.done({"revision": newest, "changed": changed}, sentence)


@command(db, "grant")
@click.argument("role")
def db_grant(output: Output, role: str) -> None:
    """Let a PostgreSQL role run the program: it may add to history, and change or delete none of it.

    Run it as the owner of the tables, and again after an upgrade.
    """
    import app.models  # noqa: F401  # fills the metadata
    from app.kernel.db import append_only

    database = opened_database()
    if database.sqlite:
        output.refuse("SQLite has no roles: whoever may write to the file may write anything.", "database.no_roles")
    with database.writer.begin() as connection:
        append_only.grant(connection, role)
    tables = append_only.declared()
    output.done(
        {"role": role, "append_only": tables}, f"{role} may add to {', '.join(tables)}, and change nothing there."
    )


@command(db, "compact")
def db_compact(output: Output) -> None:
    """Write the database's files anew, without what they keep of rows that were erased. Writers wait meanwhile.

    On PostgreSQL it is run by the owner of the tables, and readers of a table wait too.
    """
    from app.kernel.db import remains
    from app.kernel.text import search

    database = opened_database()
    with database.write() as db:
        search.drop_remains(db)
    emptied = remains.drop(database)
    rest = "" if emptied else " The log of writes is in use: run it again when nothing runs."
    output.done({"log_emptied": emptied}, f"The database's files are written anew.{rest}")


@command(db, "check")
def db_check(output: Output) -> None:
    """Compare the tables with what the program needs. Exit code 1 when they differ."""
    import app.models  # noqa: F401  # fills the metadata that the tables are compared with
    from app.desks import BACKFILLS
    from app.kernel.db import backfills, schema

    database = opened_database()
    revision, newest = schema.revisions(database)
    differences = [_difference(each) for each in schema.differences(database)] if revision == newest else []
    left: list[str] = []
    if revision == newest:
        with database.read() as db:
            names = backfills.unfinished(db, BACKFILLS)
        differences += [
            f"unfinished backfill {each.name}" for each in BACKFILLS if each.name in names and not each.by_worker
        ]
        left = [each.name for each in BACKFILLS if each.name in names and each.by_worker]
    current = revision == newest and not differences
    facts = {"revision": revision, "newest": newest, "current": current, "differences": differences, "left": left}
    if current:
        rest = f" The worker has yet to make {', '.join(left)}." if left else ""
        output.done(facts, f"The database is at {revision}, the newest.{rest}")
    elif output.as_json:
        output.done(facts, "")
        sys.exit(1)
    elif revision != newest:
        output.refuse(
            f"The database is at {revision or 'nothing'}, the newest is {newest}. Run `desk db upgrade`.",
            "database.old",
        )
    else:
        output.refuse("The tables differ from the program: " + "; ".join(differences), "database.differs")


def _difference(difference: object) -> str:
    """One difference that Alembic found, in a few words: `add_column organizations plan`."""
    if isinstance(difference, list):
        return "; ".join(_difference(each) for each in difference)
    parts = difference[:4] if isinstance(difference, tuple) else (difference,)
    return " ".join(str(getattr(part, "name", part)) for part in parts if part is not None)


# Demonstration ---------------------------------------------------------------------------------------------------


@main.group(help="Demonstration data, for development.")
def demo() -> None:
    pass


@command(demo, "load")
def demo_load(output: Output) -> None:
    """Load demonstration data. A repeat prints the same keys and passwords. Refused in production."""
    from app.demo import load

    loaded, fresh = load(opened_database(), clock.now())
    lines = ["Loaded." if fresh else "Loaded already.", "", "Organizations and keys:"]
    for each in loaded["organizations"]:
        lines.append(f"  {each['slug']:<12} {each['name']} ({each['plan']})")
        lines += [f"    {key['product']:<12} {key['key']}" for key in each["keys"]]
    lines += ["", "People (role, address, password):"]
    lines += [f"  {one['role']:<14} {one['email']:<32} {one['password']}" for one in loaded["people"]]
    output.done(loaded, "\n".join(lines))


# Processes -------------------------------------------------------------------------------------------------------


@command(main, "serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; one on SQLite, one a core on PostgreSQL.")
def serve(output: Output, host: str, port: int, workers: int | None) -> None:
    """Serve requests until SIGTERM or SIGINT. Accepted requests are finished."""
    from app import serving

    address = serving.resolve(host, port)
    config = _with_tables()
    count = workers or (1 if config.sqlite else os.cpu_count() or 1)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    output.announce({"url": url, "workers": count}, f"Serving on {url}, {count} workers.")
    serving.serve(config, host=address, port=port, workers=count)


@command(main, "worker")
def worker(output: Output) -> None:
    """Deliver messages and run periodic work. SIGTERM and SIGINT end it."""
    from app import worker as working

    config = _with_tables()
    output.announce({"worker": os.getpid()}, f"The worker runs as process {os.getpid()}.")
    working.main(config)


@main.group(help="Checks of what is stored: counts, search index, conflicts, zones.")
def check() -> None:
    pass


@command(check, "counts")
def check_counts(output: Output) -> None:
    """Recount all counters. Exit code 1 when one is wrong."""
    import app.models  # noqa: F401  # declares every counter
    from app.kernel.db import recounts

    with opened_database().read() as db:
        wrong = recounts.differences(db)
    facts = [{"table": each.table, "key": each.key, "kept": each.stored, "counted": each.counted} for each in wrong]
    if not wrong:
        output.done({"equal": True, "differences": []}, "Every counter equals its recount.")
        return
    if output.as_json:
        output.done({"equal": False, "differences": facts}, "")
    for each in wrong:
        click.echo(f"{each.table} {each.key}: kept {each.stored}, counted {each.counted}", err=True)
    sys.exit(1)


@command(check, "search")
def check_search(output: Output) -> None:
    """Compare the search index with all data. Exit code 1 when it is incomplete or wrong."""
    from app.desks import SEARCH_SOURCES
    from app.kernel.text import search

    with opened_database().read() as db:
        wrong = search.differences(db, SEARCH_SOURCES)
    facts = [{"subject_type": each.subject_type, "subject_id": each.subject_id, "what": each.what} for each in wrong]
    if not wrong:
        output.done({"equal": True, "differences": []}, "The search index is complete.")
        return
    if output.as_json:
        output.done({"equal": False, "differences": facts}, "")
    for each in wrong[:50]:
        click.echo(f"{each.subject_type} {each.subject_id}: {each.what}", err=True)
    click.echo(f"{len(wrong)} entries are missing or wrong. Run `desk reindex`.", err=True)
    sys.exit(1)


command(check, "conflicts")(check_conflicts)
command(check, "zones")(check_zones)


@command(main, "reindex")
def reindex(output: Output) -> None:
    """Rebuild the search index. Other writers wait meanwhile: about two minutes for a million entries."""
    from app.desks import SEARCH_SOURCES
    from app.kernel.text import search

    with opened_database().write() as db:
        n = search.rebuild(db, SEARCH_SOURCES)
    output.done({"things": n}, f"{n:,} entries are indexed.")


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    main()
