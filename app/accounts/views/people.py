"""Pages of the people: their accounts and roles, invitations, disabling."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, flash, url_for

from app.accounts import queries, rules
from app.accounts.access import allow, me
from app.accounts.actions import factors
from app.accounts.actions import people as actions
from app.accounts.events import EVENTS
from app.accounts.forms import EVERYWHERE, GivenAddressForm, InviteForm, RoleForm
from app.accounts.models import Organization, Person
from app.accounts.roles import DUTIES, PEOPLE, TITLES, Role
from app.accounts.views import administered, organization_options, pages
from app.accounts.views.addresses import why_not_change_address
from app.accounts.views.proof import ask_for_proof
from app.kernel import clock
from app.kernel.changes import confirmation, events
from app.kernel.changes.events import TimelineRow
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.errors import Denied
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages, list_filters
from app.kernel.web.confirmation_pages import Belief, Confirmation
from app.kernel.web.forms import DeskForm, choices
from app.kernel.web.htmx import respond, see_other
from app.kernel.web.list_filters import Filter


@pages.get("/people")
@allow(Role.ADMIN)
def people() -> Response:
    """Lists the people that the current administrator may see, filtered by name or address, role and organization."""
    mine = administered()
    chosen = list_filters.read(
        "accounts.people",
        Filter("q", "Name or address"),
        Filter("role", "Role", [(each.value, TITLES[each]) for each in Role]),
        Filter("organization", "Organization", organization_options(mine)),
    )
    organization_id = int(chosen["organization"]) if chosen["organization"] else None
    found = queries.people(db(), mine, text=chosen["q"], role=chosen["role"], organization_id=organization_id)
    return respond(
        "accounts/people.html",
        "accounts/_people.html",
        rows=[_row(each, mine) for each in found],
        full=len(found) == queries.LISTED,
        chosen=chosen,
    )


@pages.get("/people/<int:person_id>")
@allow(Role.ADMIN)
def person(person_id: int) -> Response:
    """Shows one person: roles, state and activity."""
    mine, now = administered(), clock.now()
    found = queries.person(db(), person_id, mine)
    form = RoleForm(formdata=None)
    _fill_choices(form, db(), mine)
    return respond(
        "accounts/person.html",
        person=found,
        row=_row(found, mine),
        form=form,
        address_form=GivenAddressForm(formdata=None, version=found.version),
        why_not_change_address=why_not_change_address(found),
        sign_ins=len(queries.live_sign_ins(db(), found.id, now)),
        activity=EVENTS.timeline(_visible_events(db(), found, mine)),
        why_not_disable=_why_not_disable(found),
        why_not_reset=_why_not_reset(found),
    )


@pages.get("/people/invite")
@allow(Role.ADMIN)
def invitation() -> Response:
    """Shows the invitation form."""
    form = InviteForm(formdata=None, role=Role.LEASING_AGENT.value)
    _fill_choices(form, db(), administered())
    return respond("accounts/invite.html", form=form, duties=DUTIES)


@pages.post("/people/invite")
@allow(Role.ADMIN)
def invite() -> Response:
    """Creates the account when there is none, gives the role and sends an e-mail.

    The answer is the same for known and unknown addresses, and repeats only what was typed: whose account an address
    is, and what that person is called, is not for whoever types it. Staff, who see all accounts, read of one that is
    disabled.
    """
    form = InviteForm()
    places = _fill_choices(form, db(), administered())
    form.check()
    rules.check_grant(form.role.data, everywhere=EVERYWHERE in places)
    person = actions.invite(
        db(),
        email=form.email.data,
        name=form.name.data,
        role=form.role.data,
        organization=places[form.place.data],
        by=me().actor(),
        now=clock.now(),
    )
    if person.disabled_at is not None and administered() is None:
        flash(f"{form.email.data} has the role. The account is disabled, so nothing was sent: enable it.", "warn")
        return see_other(url_for("accounts.person", person_id=person.id))
    flash(f"An invitation to {form.email.data} is on its way.")
    return see_other(url_for("accounts.invitation"))


@pages.post("/people/<int:person_id>/invite")
@allow(Role.ADMIN)
def invite_again(person_id: int) -> Response:
    """Sends another invitation to a person who has not accepted the first."""
    DeskForm().check()
    found = queries.person(db(), person_id, administered())
    actions.invite_again(db(), found, by=me().actor(), now=clock.now())
    flash(f"A new invitation to {found.email} is on its way.")
    return see_other(url_for("accounts.person", person_id=found.id))


@pages.post("/people/<int:person_id>/roles")
@allow(Role.ADMIN)
def give_role(person_id: int) -> Response:
    """Gives a person a role, in one organization or in all."""
    mine = administered()
    found = queries.person(db(), person_id, mine)
    form = RoleForm()
    places = _fill_choices(form, db(), mine)
    form.check()
    rules.check_grant(form.role.data, everywhere=EVERYWHERE in places)
    actions.give_role(db(), found, form.role.data, places[form.place.data], by=me().actor(), now=clock.now())
    flash(f"{found.name} is now also {TITLES[Role(form.role.data)].lower()}.")
    return see_other(url_for("accounts.person", person_id=found.id))


@pages.post("/people/<int:person_id>/roles/<int:membership_id>/take")
@allow(Role.ADMIN)
def take_role(person_id: int, membership_id: int) -> Response:
    """Removes a role."""
    DeskForm().check()
    mine = administered()
    found = queries.person(db(), person_id, mine)
    managed = [each for each in found.memberships if mine is None or each.organization_id in mine]
    known_id = membership_id if membership_id in {each.id for each in managed} else 0
    actions.take_role(db(), found, known_id, by=me().actor(), now=clock.now())
    flash(f"{found.name} has lost the role.")
    still_visible = mine is None or len(managed) > 1
    return see_other(url_for("accounts.person", person_id=found.id) if still_visible else url_for("accounts.people"))


@pages.post("/people/<int:person_id>/disable")
@allow(Role.ADMIN)
def disable(person_id: int) -> Response:
    """Disables an account and ends its sign-ins, once the administrator has read what that ends."""
    DeskForm().check()
    found, now = _manageable_account(person_id), clock.now()
    browsers = len(queries.live_sign_ins(db(), found.id, now))
    signed_out = f"{pluralize(browsers, 'browser')} will be signed out." if browsers else "They are signed in nowhere."
    asked = _asked(
        found,
        title="Review and disable",
        confirm="Disable the account",
        icon="lock",
        note=f"{signed_out} Links in e-mails for a "
        "new password or an invitation stop working, and decisions of theirs that are still pending are not written. "
        "What they did stays. The account can be enabled again.",
        beliefs=[Belief(found.name, "no e-mail is sent", "their password and their links", "they try to sign in")],
    )
    by = me().actor()
    _, preview = confirmation.confirm(
        lambda db, _: actions.disable(db, _manageable_account(person_id), by=by, now=now), "disable", person_id
    )
    if preview:
        return confirmation_pages.show(preview, asked)
    found = queries.person(db(), person_id, administered())
    flash(f"{found.name} can no longer sign in.")
    return see_other(url_for("accounts.person", person_id=found.id))


@pages.post("/people/<int:person_id>/enable")
@allow(Role.ADMIN)
def enable(person_id: int) -> Response:
    """Enables a disabled account."""
    DeskForm().check()
    found = _manageable_account(person_id)
    actions.enable(db(), found, by=me().actor(), now=clock.now())
    flash(f"{found.name} can sign in again.")
    return see_other(url_for("accounts.person", person_id=found.id))


@pages.post("/people/<int:person_id>/factors/reset")
@allow(Role.ADMIN)
def reset_factors(person_id: int) -> Response:
    """Removes every second factor of a person who lost them, once the administrator has seen the e-mail about it."""
    if (question := ask_for_proof(url_for("accounts.person", person_id=person_id))) is not None:
        return question
    DeskForm().check()
    found, by, now = _manageable_account(person_id), me().actor(), clock.now()
    asked = _asked(
        found,
        title="Review and reset the second step",
        confirm="Reset the second step",
        icon="shield-alert",
        note="The app, the passkeys and the recovery codes stop working for good. Until a new second step is set up, "
        "the password alone signs in.",
    )
    _, preview = confirmation.confirm(
        lambda db, _: factors.reset(db, _manageable_account(person_id), by=by, now=now), "reset", person_id
    )
    if preview:
        return confirmation_pages.show(preview, asked)
    found = queries.person(db(), person_id, administered())
    flash(f"{found.name} signs in with the password alone now. An e-mail tells them.")
    return see_other(url_for("accounts.person", person_id=found.id))


def _asked(
    found: Person, *, title: str, confirm: str, icon: str, note: str, beliefs: Sequence[Belief] = ()
) -> Confirmation:
    """What is confirmed about a person's account."""
    return Confirmation(
        title=title,
        confirm=confirm,
        back=url_for("accounts.person", person_id=found.id),
        back_label="Back to the person",
        subject=[found.name, found.email],
        icon=icon,
        tone="danger",
        believed="1 will still believe that they can sign in",
        beliefs=beliefs,
        note=note,
    )


def _manageable_account(person_id: int) -> Person:
    """A person whose account the current administrator manages alone. Raises NotFound, Denied."""
    found = queries.person(db(), person_id, administered())
    scope = me().scope(PEOPLE)
    rules.check_account(
        [each.organization_id for each in found.memberships],
        everywhere=scope.everything,
        organization_ids=scope.organization_ids,
    )
    return found


def _why_not_disable(found: Person) -> str:
    """The reason of the disabled button, which is also the refusal of the action; empty when it is enabled."""
    if found.id == me().id:
        return "You cannot disable your own account."
    scope = me().scope(PEOPLE)
    try:
        rules.check_account(
            [each.organization_id for each in found.memberships],
            everywhere=scope.everything,
            organization_ids=scope.organization_ids,
        )
    except Denied as refusal:
        return refusal.detail
    return ""


def _why_not_reset(found: Person) -> str:
    """The same for removing second factors."""
    if found.id == me().id:
        return "Your own are on your settings page."
    return _why_not_disable(found)


def _fill_choices(form: InviteForm | RoleForm, db: Db, mine: frozenset[int] | None) -> dict[str, Organization | None]:
    """Fills the choices with the organizations this administrator may give roles in; returns them by choice."""
    places: dict[str, Organization | None] = {
        str(each.id): each for each in queries.organizations(db, mine, is_open=True)
    }
    names = [(key, each.name) for key, each in places.items() if each is not None]
    if mine is None:
        places[EVERYWHERE] = None
        names.insert(0, (EVERYWHERE, "All organizations"))
    form.place.choices = choices(*names)
    if mine is not None:
        form.role.choices = [choice for choice in form.role.choices if choice.value != Role.SCHEDULER.value]
    return places


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role of a person; `place` is the organization it holds in."""

    id: int
    title: str
    duty: str
    place: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as the pages show them, with the roles in organizations that the current administrator manages."""

    id: int
    name: str
    email: str
    time_zone: str
    created_at: datetime
    disabled_at: datetime | None
    second_factor: bool
    invited: bool
    roles: list[RoleRow]


def _row(found: Person, mine: frozenset[int] | None) -> PersonRow:
    return PersonRow(
        id=found.id,
        name=found.name,
        email=found.email,
        time_zone=found.time_zone,
        created_at=found.created_at,
        disabled_at=found.disabled_at,
        second_factor=found.second_factor,
        invited=found.password_hash is None and found.disabled_at is None,
        roles=[
            RoleRow(
                id=each.id,
                title=TITLES[Role(each.role)],
                duty=DUTIES[Role(each.role)],
                place=each.organization.name if each.organization else "All organizations",
            )
            for each in found.memberships
            if mine is None or each.organization_id in mine
        ],
    )


def _visible_events(db: Db, found: Person, mine: frozenset[int] | None) -> list[TimelineRow]:
    """The events of a person, without those of organizations that the administrator does not manage."""
    return [
        each
        for each in events.timeline(db, "person", found.id, 100)
        if mine is None or each.organization_id is None or each.organization_id in mine
    ]
