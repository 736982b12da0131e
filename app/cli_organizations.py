"""`desk organization`: creates, changes, closes and shows the clients."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import click

from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import Conflict

if TYPE_CHECKING:
    from app.accounts.models import Organization

PLANS = click.Choice(["free", "pilot", "starter", "pro", "scale"])
SWITCH = click.Choice(["on", "off"])


@click.group(help="Organizations: the clients of the operating company.")
def organization() -> None:
    pass


def _organization_facts(found: "Organization") -> dict[str, object]:
    names = ("slug", "name", "plan", "billing", "self_service", "locale", "time_zone", "country", "contact_email")
    public = ("colour", "public_email", "public_phone", "hours")
    switches = ("decision_emails", "require_second_factor")
    kept = ("prescreen_days", "evidence_days")
    facts = {name: getattr(found, name) for name in (*names, *public, *switches, *kept)}
    return {**facts, "closed_at": clock.iso(found.closed_at)}


def _identity(run: Callable[..., None]) -> Callable[..., None]:
    """The options that say how an organization looks to visitors and how they reach it."""
    for option in reversed(
        (
            click.option("--country", help="Two letters, such as FR; that of the time zone otherwise."),
            click.option("--colour", help="Of the pages for visitors: six digits, such as #1f5f3a."),
            click.option("--public-email", help="What visitors write to."),
            click.option("--public-phone", help="What visitors call."),
            click.option("--hours", help="When they can, in the organization's language."),
        )
    ):
        run = option(run)
    return run


@command(organization, "create")
@click.option("--name", required=True)
@click.option("--slug", required=True, help="The company id: small letters, digits, hyphens.")
@click.option("--plan", type=PLANS, default="free", show_default=True)
@click.option("--self-service", is_flag=True, help="Depositions are ready at creation, without the scheduling team.")
@click.option("--locale", default="en", show_default=True)
@click.option("--time-zone", default="America/New_York", show_default=True)
@click.option("--contact-email", default="")
@_identity
def organization_create(output: Output, slug: str, **facts: object) -> None:
    """Create an organization. One that exists with the same facts is left alone."""
    from app.accounts.actions import organizations
    from app.accounts.queries import organization_by_slug

    given = {name: value for name, value in facts.items() if value is not None}
    fields = organizations.checked(cast(organizations.OrganizationFields, given))
    with opened_database().write() as db:
        found = organization_by_slug(db, slug)
        created = found is None
        if found is None:
            found = organizations.create(db, slug=slug, by=BY, now=clock.now(), **fields)
        other = [] if created else [name for name, value in fields.items() if getattr(found, name) != value]
        if other:
            raise Conflict(
                f"There is already an organization {slug} with another {_list(other)}. Nothing was changed. "
                f"`desk organization set {slug}` changes it.",
                code="organization.exists",
            )
    words = f"Created {found.name} ({slug})." if created else f"{found.name} ({slug}) exists already."
    output.done({**_organization_facts(found), "created": created}, words)


@command(organization, "set")
@click.argument("slug")
@click.option("--name")
@click.option("--plan", type=PLANS)
@click.option("--billing", type=click.Choice(["active", "past_due"]))
@click.option("--self-service", type=SWITCH)
@click.option("--decision-emails", type=SWITCH, help="E-mail prospects when a prescreen is decided.")
@click.option("--prescreen-days", metavar="DAYS", help="Erase prescreens so long after they expired; `forever` never.")
@click.option("--keep-prescreens", hidden=True)  # what --prescreen-days was called before
@click.option("--require-second-factor", type=SWITCH, help="Require two-step sign-in of everyone who works there.")
@click.option("--evidence-days", metavar="DAYS", help="Erase evidence so long after the end; `forever` never.")
@click.option("--locale")
@click.option("--time-zone")
@click.option("--contact-email")
@_identity
def organization_set(output: Output, slug: str, **given: Any) -> None:  # as click reads the options
    """Change an organization. What is not named stays as it is."""
    from app.accounts.actions import organizations
    from app.accounts.queries import organization_named

    changes = {name: value for name, value in given.items() if value is not None}
    if former := changes.pop("keep_prescreens", None):
        changes.setdefault("prescreen_days", former)
    for name in ("self_service", "decision_emails", "require_second_factor"):
        if name in changes:
            changes[name] = changes[name] == "on"
    for name in ("prescreen_days", "evidence_days"):
        if name in changes:
            changes[name] = None if changes[name] == "forever" else _days(output, changes[name], name)
    with opened_database().write() as db:
        found = organization_named(db, slug)
        before = found.version
        after = organizations.change(db, found, cast(organizations.OrganizationFields, changes), by=BY, now=clock.now())
    changed = after.version != before
    words = f"Changed {after.name} ({slug})." if changed else f"{after.name} ({slug}) is unchanged."
    output.done({**_organization_facts(after), "changed": changed}, words)


def _days(output: Output, typed: str, name: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 6):
        output.refuse("Say a number of days, or `forever`.", name.replace("_", "-"))
    return int(typed)


@command(organization, "list")
@click.option("--text", default="", help="Whose name or company id begins so, or whose name holds it.")
def organization_list(output: Output, text: str) -> None:
    """List the organizations by name."""
    from app.accounts import queries

    with opened_database().read() as db:
        rows = queries.organizations(db, None, text=text)
        more, found = len(rows) == queries.LISTED, [_organization_facts(each) for each in rows]
    lines = [
        f"{each['slug']}: {each['name']}, {each['plan']}, {each['time_zone']}{', closed' if each['closed_at'] else ''}"
        for each in found
    ]
    if more:
        lines.append(f"These are the first {queries.LISTED}: --text finds the others.")
    output.done({"organizations": found, "more": more}, "\n".join(lines) or "There are no organizations.")


@command(organization, "close")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Close it; without it the command only says what that ends.")
def organization_close(output: Output, slug: str, yes: bool) -> None:
    """Close an organization that leaves: its keys and people are refused. What is under way goes on."""
    from app.accounts import queries
    from app.accounts.actions import organizations
    from app.kernel.text.template_filters import pluralize

    with opened_database().write() as db:
        found = queries.organization_named(db, slug)
        name, before = found.name, found.closed_at is not None
        keys = sum(each.revoked_at is None for each in queries.keys(db, None, organization_id=found.id))
        people = pluralize(len(queries.people(db, None, organization_id=found.id)), "person", "people")
        if yes and not before:
            organizations.close(db, found, by=BY, now=clock.now())
    if before:
        words = f"{name} is closed already."
    else:
        words = f"{name}: {pluralize(keys, 'key')} and {people} are refused{' from now on' if yes else ' then'}."
        words += "" if yes else " What is under way goes on. Nothing was changed: add --yes."
    output.done({"slug": slug, "closed": before or yes, "changed": yes and not before}, words)


@command(organization, "reopen")
@click.argument("slug")
def organization_reopen(output: Output, slug: str) -> None:
    """Reopen a closed organization, with the keys and roles that it had."""
    from app.accounts.actions import organizations
    from app.accounts.queries import organization_named

    with opened_database().write() as db:
        found = organization_named(db, slug)
        name, changed = found.name, found.closed_at is not None
        if changed:
            organizations.reopen(db, found, by=BY, now=clock.now())
    output.done(
        {"slug": slug, "closed": False, "changed": changed}, f"{name} is open{' again' if changed else ' already'}."
    )


@command(organization, "show")
@click.argument("slug")
def organization_show(output: Output, slug: str) -> None:
    """Show an organization's settings."""
    from app.accounts.queries import organization_named

    with opened_database().read() as db:
        facts = _organization_facts(organization_named(db, slug))
    words = [f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in facts.items()]
    output.done(facts, "\n".join(words))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value or "-")


def _list(names: list[str]) -> str:
    words = [name.replace("_", " ") for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
