"""`desk questionnaire`: questionnaires to and from files; docs/questionnaires.md has the form of the file.

`desk reasons`: the reasons that agents choose from when they deny.
"""

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
        drafted = version is None and made is not None and made.draft is not None
    facts = {"questionnaire": slug, "created": found is None, "changed": changed, "published": version}
    if version:
        words = f"{read.name} is published as version {version}."
    elif not changed:
        words = f"{read.name} said that already."
    else:
        words = f"{read.name} is a draft now." if drafted else f"{read.name} is as published; the draft is gone."
    output.done(facts, words)


@command(questionnaire, "publish")
@ORGANIZATION
@QUESTIONNAIRE
@click.option("--reason", required=True, help="Why; kept with the version.")
def publish(output: Output, organization: str, slug: str, reason: str) -> None:
    """Publish the draft: prospects who start from then on get it."""
    from app.accounts.queries import organization_named
    from app.prescreens.actions import questionnaires as actions
    from app.prescreens.queries.stages import Reach

    with opened_database().write() as db:
        home = organization_named(db, organization).id
        found = _found(db, home, slug)
        version = actions.publish(db, found.id, reason, reach=Reach((home,)), revision=None, by=BY, now=clock.now())
    facts = {"questionnaire": slug, "published": version}
    output.done(facts, f"{found.name} is published as version {version}.")


def _set_open(output: Output, organization: str, slug: str, *, is_open: bool) -> None:
    from app.accounts.queries import organization_named
    from app.prescreens.actions import questionnaires as actions
    from app.prescreens.queries.stages import Reach

    with opened_database().write() as db:
        home = organization_named(db, organization).id
        found = _found(db, home, slug)
        changed = found.is_open is not is_open
        actions.set_open(db, found.id, is_open, reach=Reach((home,)), revision=None, by=BY, now=clock.now())
    words = "is open to prospects" if is_open else "takes nobody new"
    facts = {"questionnaire": slug, "open": is_open, "changed": changed}
    output.done(facts, f"{found.name} {words}{'' if changed else ' already'}.")


@command(questionnaire, "open")
@ORGANIZATION
@QUESTIONNAIRE
def open_(output: Output, organization: str, slug: str) -> None:
    """Let prospects start."""
    _set_open(output, organization, slug, is_open=True)


@command(questionnaire, "close")
@ORGANIZATION
@QUESTIONNAIRE
def close(output: Output, organization: str, slug: str) -> None:
    """Let nobody start any more. Whoever is in the middle goes on."""
    _set_open(output, organization, slug, is_open=False)


@command(questionnaire, "blind")
@click.argument("switch", type=click.Choice(["on", "off"]))
@ORGANIZATION
@QUESTIONNAIRE
def blind(output: Output, switch: str, organization: str, slug: str) -> None:
    """Switch the blind first look on or off, for prescreens that are started from then on."""
    from app.accounts.queries import organization_named
    from app.prescreens.actions.questionnaires import set_blind
    from app.prescreens.queries.stages import Reach

    with opened_database().write() as db:
        home = organization_named(db, organization)
        found = _found(db, home.id, slug)
        wanted = switch == "on"
        set_blind(db, found.id, wanted, reach=Reach((home.id,)), revision=None, by=BY, now=clock.now())
    facts = {"questionnaire": slug, "blind": wanted, "changed": found.blind is not wanted}
    output.done(
        facts, f"The blind first look of {found.name} is {switch}, for prescreens that are started from now on."
    )


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


@command(questionnaire, "drop-off")
@ORGANIZATION
@QUESTIONNAIRE
@click.option("--version", "number", type=click.IntRange(1), help="A published version; otherwise the newest.")
def drop_off(output: Output, organization: str, slug: str, number: int | None) -> None:
    """Where prospects leave: how many were shown, answered, left empty, were refused at, and left at each question."""
    from app.accounts.queries import organization_named
    from app.prescreens.presentation.drop_off import finding, name_of
    from app.prescreens.queries import drop_off as queries
    from app.prescreens.queries import questionnaires
    from app.prescreens.queries.stages import Reach

    with opened_database().read() as db:
        home = organization_named(db, organization).id
        version = questionnaires.one(db, Reach((home,)), _found(db, home, slug).id, number)
        if version is None:
            raise NotFound(f"{slug} has no published version{f' {number}' if number else ''}.")
        seen = queries.drop_off(db, version)
    facts = [
        {
            "key": each.question.key if each.question else None,
            "shown": each.shown,
            "answered": each.answered,
            "left_empty": each.empty,
            "refused": dict(each.refused),
            "left": each.left,
        }
        for each in seen.asked
    ]
    lines = [f"{each.left:>6} of {each.shown:<6} left at {name_of(each)}" for each in seen.asked if each.shown]
    whole = {"questionnaire": slug, "version": version.number, "started": seen.started, "sent": seen.sent}
    output.done({**whole, "questions": facts}, "\n".join([finding(seen), *lines]))


@click.group(help="Reasons for denials, which agents choose from.")
def reasons() -> None:
    pass


@command(reasons, "list")
@ORGANIZATION
def list_reasons(output: Output, organization: str) -> None:
    """List an organization's reasons, in their order."""
    from app.accounts.queries import organization_named
    from app.prescreens.queries import reasons as queries

    with opened_database().read() as db:
        found = queries.offered(db, organization_named(db, organization).id).reasons
    output.done({"reasons": list(found)}, "\n".join(found))


@command(reasons, "change")
@ORGANIZATION
@click.argument("texts", nargs=-1, required=True, metavar="REASON…")
def change_reasons(output: Output, organization: str, texts: tuple[str, ...]) -> None:
    """Replace an organization's reasons by these. What decisions have said stays."""
    from app.accounts.queries import organization_named
    from app.prescreens.actions.reasons import change_reasons as change
    from app.prescreens.queries import reasons as queries

    with opened_database().write() as db:
        home = organization_named(db, organization)
        changed = change(db, home.id, texts, revision=None, by=BY, now=clock.now())
        found = queries.offered(db, home.id).reasons
    words = f"{home.name} has {len(found)} reasons." if changed else f"{home.name} had these reasons already."
    output.done({"reasons": list(found), "changed": changed}, words)


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
