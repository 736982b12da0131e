"""`desk questionnaire`: questionnaires to and from files. docs/questionnaires.md has the form of the file."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from app.kernel.db.engine import Db
    from app.prescreens.queries.drafts import EditedQuestionnaire

FILE = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
ORGANIZATION = click.option("--organization", required=True, metavar="SLUG")
QUESTIONNAIRE = click.option("--questionnaire", "slug", required=True, metavar="SLUG", help="Its part of the address.")


@click.group(help="Questionnaires of the prescreens desk.")
def questionnaire() -> None:
    pass


@command(questionnaire, "export")
@FILE
@ORGANIZATION
@QUESTIONNAIRE
@click.option("--version", "number", type=click.IntRange(1), help="A published version; otherwise the newest.")
@click.option("--draft", is_flag=True, help="The draft instead.")
def export(output: Output, file: str, organization: str, slug: str, number: int | None, draft: bool) -> None:
    """Write a questionnaire to FILE, - for stdout."""
    from app.accounts.queries import organization_named
    from app.prescreens.queries import drafts
    from app.prescreens.rules import questionnaire_files

    if draft and number:
        raise click.UsageError("Use --version or --draft, not both.")
    with opened_database().read() as db:
        found = _found(db, organization_named(db, organization).id, slug)
        wanted = number or found.current_version
        content = drafts.drafted(db, found) if draft else drafts.content(db, found.id, wanted)
    if content is None:
        raise NotFound(f"{slug} has no published version{f' {wanted}' if wanted else ''}. Nothing was written.")
    text = json.dumps(questionnaire_files.written(found.name, content), ensure_ascii=False, indent=1) + "\n"
    if file == "-":
        click.echo(text, nl=False)
        return
    Path(file).write_text(text, "utf-8")
    facts = {"questionnaire": slug, "version": None if draft else wanted, "questions": len(content.questions)}
    output.done({**facts, "file": file}, f"{found.name}, {len(content.questions)} questions, is in {file}.")


@command(questionnaire, "import")
@FILE
@ORGANIZATION
@QUESTIONNAIRE
@click.option("--publish", is_flag=True, help="Publish it at once, instead of leaving it as a draft.")
@click.option("--reason", default="", help="Why; kept with the version.")
def import_(output: Output, file: str, organization: str, slug: str, publish: bool, reason: str) -> None:
    """Read a questionnaire from FILE into a draft, of a new questionnaire or of one that is there."""
    from app.accounts.queries import organization_named
    from app.accounts.rules import slug as checked_slug
    from app.prescreens.actions import questionnaires as actions
    from app.prescreens.queries import drafts
    from app.prescreens.queries.stages import Reach
    from app.prescreens.rules import questionnaire_files

    if publish and not reason.strip():
        raise click.UsageError("Say --reason, which is kept with the version.")
    read = questionnaire_files.parse(_text(file))
    with opened_database().write() as db:
        now, home = clock.now(), organization_named(db, organization)
        found, reach = drafts.by_slug(db, home.id, slug), Reach((home.id,))
        if found is None:
            id = actions.make(db, home.id, read.name, read.content, by=BY, now=now, slug=checked_slug(slug))
            changed = True
        else:
            id = found.id
            changed = actions.change_draft(db, id, lambda _: read.content, reach=reach, revision=None, by=BY, now=now)
        made = drafts.get(db, reach, id)
        version = None
        if publish and made is not None and made.draft is not None:
            version = actions.publish(db, id, reason, reach=reach, revision=None, by=BY, now=now)
    facts = {"questionnaire": slug, "created": found is None, "changed": changed, "published": version}
    if version:
        words = f"{read.name} is published as version {version}."
    else:
        words = f"{read.name} is a draft now." if changed else f"{read.name} said that already."
    output.done(facts, words)


@command(questionnaire, "list")
@ORGANIZATION
def list_(output: Output, organization: str) -> None:
    """List an organization's questionnaires."""
    from app.accounts.queries import organization_named
    from app.prescreens.queries import questionnaires
    from app.prescreens.queries.stages import Reach

    with opened_database().read() as db:
        rows = questionnaires.listing(db, Reach((organization_named(db, organization).id,)))
    facts = [
        {
            "questionnaire": row.slug,
            "name": row.name,
            "version": row.current_version or None,
            "open": row.is_open,
            "draft": row.drafted,
            "started": row.started,
        }
        for row in rows
    ]
    lines = (f"{row.slug:<24} {row.name} (version {row.current_version or 'none'})" for row in rows)
    output.done({"questionnaires": facts}, "\n".join(lines) or "None yet.")


def _found(db: "Db", organization_id: int, slug: str) -> "EditedQuestionnaire":
    from app.prescreens.queries import drafts

    found = drafts.by_slug(db, organization_id, slug)
    if found is None:
        raise NotFound(f"There is no questionnaire at {slug}. Nothing was done.")
    return found


def _text(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}. Nothing was changed.") from None
