"""`desk person`: accounts of those who sign in, their roles, and the end of both."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import click

from app.accounts.roles import TITLES, Role
from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import NotFound

if TYPE_CHECKING:
    from app.accounts.models import Organization, Person
    from app.kernel.db.engine import Db

ROLES = click.Choice([role.value for role in Role])


@click.group(help="People who sign in.")
def person() -> None:
    pass


@command(person, "create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", "roles", type=ROLES, required=True, multiple=True, help="May be repeated.")
@click.option("--organization", "slug", metavar="SLUG", help="The organization they work for.")
@click.option("--staff", is_flag=True, help="Staff of the operating company: their roles hold in every organization.")
@click.option("--house", "staff_of_old", is_flag=True, hidden=True, help="The earlier name of --staff.")
@click.option("--time-zone", default=None)
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin, instead of mailing an invitation.")
def person_create(
    output: Output,
    email: str,
    name: str,
    roles: tuple[str, ...],
    slug: str | None,
    staff: bool,
    staff_of_old: bool,
    time_zone: str | None,
    password_stdin: bool,
) -> None:
    """Create an account. One that exists with the same facts is left alone."""
    from app.accounts import provisioning

    _check_place(slug, staff or staff_of_old, roles)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    wanted = provisioning.WantedAccount(email, name, tuple(dict.fromkeys(roles)), slug, time_zone, password)
    found, created = provisioning.ensure(opened_database(), wanted, by=BY, now=clock.now())
    facts = {"email": found.email, "name": found.name, "role": roles[0], "roles": list(wanted.roles)}
    words = f"{found.name} ({found.email}) exists already."
    if created:
        words = f"Created {found.name} ({found.email})." + ("" if password_stdin else " An invitation is on its way.")
    output.done({**facts, "organization": slug, "created": created}, words)


def _check_place(slug: str | None, staff: bool, roles: tuple[str, ...]) -> None:
    """Raises click's UsageError unless one place is named; schedulers work for all organizations alone."""
    if staff and slug:
        raise click.UsageError("Use --organization or --staff, not both.")
    if not staff and not slug and set(roles) != {"scheduler"}:
        raise click.UsageError("Use --organization SLUG, or --staff for the operating company.")


@command(person, "list")
@click.option("--organization", "slug", metavar="SLUG", help="Who has a role in this organization alone.")
@click.option("--role", type=ROLES, help="Who has this role.")
def person_list(output: Output, slug: str | None, role: str | None) -> None:
    """List people with their roles and the state of their accounts."""
    from app.accounts import queries

    with opened_database().read() as db:
        wanted = queries.organization_named(db, slug).id if slug else None
        found = queries.people(db, None, role=role or "", organization_id=wanted)
        more, facts = len(found) == queries.LISTED, [_facts(each) for each in found]
    lines = [_line(each) for each in facts] or ["There is nobody."]
    if more:
        lines.append(f"These are the first {queries.LISTED}: name an organization or a role.")
    output.done({"people": facts, "more": more}, "\n".join(lines))


@command(person, "show")
@click.argument("email")
def person_show(output: Output, email: str) -> None:
    """Show a person's roles and the state of the account."""
    with opened_database().read() as db:
        facts = _facts(_find(db, email))
    output.done(facts, _line(facts))


@command(person, "disable")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Disable it; without it the command only says what that ends.")
def person_disable(output: Output, email: str, yes: bool) -> None:
    """Disable an account: its sign-ins, its links and its pending decisions end now. What the person did stays."""
    from app.accounts import queries
    from app.accounts.actions import people
    from app.kernel.text.template_filters import pluralize

    now = clock.now()
    with opened_database().write() as db:
        found = _find(db, email)
        signed_in = len(queries.live_sign_ins(db, found.id, now))
        before = found.disabled_at is not None
        if yes and not before:
            people.disable(db, found, by=BY, now=now)
        who = f"{found.name} ({found.email})"
    browsers = f"signed out of {pluralize(signed_in, 'browser')}"
    if before:
        words = f"{who} is disabled already."
    elif yes:
        words = f"{who} can no longer sign in, and is {browsers}."
    else:
        words = (
            f"{who} can then no longer sign in, and is {browsers}; links and pending decisions end. "
            "Nothing was changed: add --yes."
        )
    output.done({"email": found.email, "disabled": before or yes, "changed": yes and not before}, words)


@command(person, "enable")
@click.argument("email")
def person_enable(output: Output, email: str) -> None:
    """Enable a disabled account. Its roles are those from before; the person has to sign in again."""
    from app.accounts.actions import people

    with opened_database().write() as db:
        found = _find(db, email)
        changed = found.disabled_at is not None
        if changed:
            people.enable(db, found, by=BY, now=clock.now())
    words = f"{found.name} ({found.email}) can sign in{' again' if changed else ' already'}."
    output.done({"email": found.email, "disabled": False, "changed": changed}, words)


def _place(run: Callable[..., None]) -> Callable[..., None]:
    """The options that name a role and where it holds."""
    for option in reversed(
        (
            click.option("--role", type=ROLES, required=True),
            click.option("--organization", "slug", metavar="SLUG", help="The organization in which it holds."),
            click.option("--staff", is_flag=True, help="It holds in every organization."),
        )
    ):
        run = option(run)
    return run


@command(person, "give-role")
@click.argument("email")
@_place
def person_give_role(output: Output, email: str, role: str, slug: str | None, staff: bool) -> None:
    """Give a person a role, from their next click on."""
    from app.accounts.actions import people

    _check_place(slug, staff, (role,))
    with opened_database().write() as db:
        found, place, membership_id = _role(db, email, role, slug)
        if membership_id is None:
            people.give_role(db, found, role, place, by=BY, now=clock.now())
    words = f"{found.name} ({found.email}) is {TITLES[Role(role)].lower()} {_where(place)}"
    facts = {"email": found.email, "role": role, "organization": slug, "changed": membership_id is None}
    output.done(facts, f"{words}{'' if membership_id is None else ' already'}.")


@command(person, "take-role")
@click.argument("email")
@_place
def person_take_role(output: Output, email: str, role: str, slug: str | None, staff: bool) -> None:
    """Take a role from a person, from their next click on."""
    from app.accounts.actions import people

    _check_place(slug, staff, (role,))
    with opened_database().write() as db:
        found, place, membership_id = _role(db, email, role, slug)
        if membership_id is not None:
            people.take_role(db, found, membership_id, by=BY, now=clock.now())
    is_now = "is not" if membership_id is None else "is no longer"
    words = f"{found.name} ({found.email}) {is_now} {TITLES[Role(role)].lower()} {_where(place)}."
    output.done({"email": found.email, "role": role, "organization": slug, "changed": membership_id is not None}, words)


@command(person, "invite-again")
@click.argument("email")
def person_invite_again(output: Output, email: str) -> None:
    """Send another invitation to a person who has not accepted the first."""
    from app.accounts.actions import people

    with opened_database().write() as db:
        found = _find(db, email)
        people.invite_again(db, found, by=BY, now=clock.now())
    output.done({"email": found.email}, f"A new invitation to {found.name} ({found.email}) is on its way.")


@command(person, "change-email")
@click.argument("email")
@click.argument("new")
@click.option("--yes", is_flag=True, help="Change it; without it the command only says what that ends.")
def person_change_email(output: Output, email: str, new: str, yes: bool) -> None:
    """Give a person another e-mail address. All that they did and have stays theirs; their sign-ins and links end."""
    from app.accounts import rules
    from app.accounts.actions import addresses
    from app.accounts.queries import person_by_email
    from app.desks import FOLLOWERS

    with opened_database().write() as db:
        found = person_by_email(db, new)
        already = found is not None and addresses.had(db, found, email)
        if found is None or not already:
            found = _find(db, email)
            address = rules.new_address(new, found.email)
            addresses.check_free(db, address)
        former = rules.sign_in_address(email)
        if yes and not already:
            found = addresses.change(db, found, address, followers=FOLLOWERS, by=BY, now=clock.now())
        name, present, invited = found.name, found.email, found.password_hash is None
    if already:
        words = f"{name} has the address {present} already."
    elif yes:
        then = "A new invitation is on its way there" if invited else "They are signed out everywhere"
        words = f"The address of {name} is {present} now. {then}."
    else:
        words = (
            f"{name} ({present}) then has the address {address}, and is signed out everywhere; links in e-mails of "
            "before end. Nothing was changed: add --yes."
        )
    output.done({"before": former, "email": present, "changed": yes and not already}, words)


@command(person, "set")
@click.argument("email")
@click.option("--new-answers", type=click.Choice(["now", "daily", "never"]), required=True)
def person_set(output: Output, email: str, new_answers: str) -> None:
    """Choose when a person is written to about new answers of prospects."""
    from app.accounts.actions import people

    with opened_database().write() as db:
        found = _find(db, email)
        changed = people.choose_new_answers(db, found, new_answers, by=BY, now=clock.now())
    when = {"now": "at once", "daily": "once a day", "never": "never"}[new_answers]
    words = f"{found.name} ({found.email}) is written to about new answers: {when}{'' if changed else ', as before'}."
    output.done({"email": found.email, "new_answers": new_answers, "changed": changed}, words)


@command(person, "reset-factors")
@click.argument("email")
def person_reset_factors(output: Output, email: str) -> None:
    """Remove a person's app, passkeys and recovery codes. The password alone signs in again."""
    from app.accounts.actions import factors

    with opened_database().write() as db:
        found = _find(db, email)
        there = found.second_factor
        if there:
            factors.reset(db, found, by=BY, now=clock.now())
    words = f"{found.name} ({found.email}) signs in with the password alone" + (" now." if there else " already.")
    output.done({"email": found.email, "changed": there}, words)


def _find(db: "Db", email: str) -> "Person":
    from app.accounts.queries import person_by_email

    found = person_by_email(db, email)
    if found is None:
        raise NotFound(f"No person has the address {email}. Nothing was changed.")
    return found


def _role(db: "Db", email: str, role: str, slug: str | None) -> "tuple[Person, Organization | None, int | None]":
    """The person, where the role holds, and the id of the role there if they have it."""
    from app.accounts.queries import organization_named

    found = _find(db, email)
    place = organization_named(db, slug) if slug else None
    there = (place.id if place else None, role)
    membership_id = next((each.id for each in found.memberships if (each.organization_id, each.role) == there), None)
    return found, place, membership_id


def _where(place: "Organization | None") -> str:
    return f"for {place.name}" if place else "for all organizations"


def _facts(found: "Person") -> dict[str, object]:
    roles = [(each.role, each.organization.slug if each.organization else None) for each in found.memberships]
    return {
        "email": found.email,
        "name": found.name,
        "roles": [{"role": role, "organization": slug} for role, slug in roles],
        "state": "disabled" if found.disabled_at else "active" if found.password_hash else "invited",
        "second_factor": found.second_factor,
        "time_zone": found.time_zone,
        "created_at": clock.iso(found.created_at),
    }


def _line(facts: dict[str, object]) -> str:
    roles = cast(list[dict[str, str | None]], facts["roles"])
    names = [f"{each['role']} ({each['organization'] or 'staff'})" for each in roles]
    state = "" if facts["state"] == "active" else f", {facts['state']}"
    second = ", two-step sign-in" if facts["second_factor"] else ""
    return f"{facts['name']} <{facts['email']}>: {', '.join(names) or 'no role'}{state}{second}"
