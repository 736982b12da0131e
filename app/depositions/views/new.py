"""Entering a request for an organization that phoned or wrote, with the help of a reader of mails."""

import hmac
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Response, flash, request, url_for
from sqlalchemy import select

from app.accounts.access import allow, me
from app.accounts.models import Organization
from app.accounts.roles import DEPOSITIONS
from app.depositions import actions, presentation
from app.depositions.forms import RequestForm
from app.depositions.models import State
from app.depositions.payloads import incoming
from app.depositions.queries import conflicts
from app.depositions.rules import conflicts as conflict_rules
from app.depositions.rules import flags, mail, new_request
from app.depositions.rules.conflicts import Finding, Need, Requested
from app.depositions.views import confirmations
from app.depositions.views import reading as reading_of_mail
from app.depositions.views.filters import READERS, pages
from app.kernel import clock
from app.kernel.api import validation
from app.kernel.changes import confirmation
from app.kernel.crypto import sha256
from app.kernel.db import idempotency
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.errors import FieldError, Invalid
from app.kernel.text import datetimes, time_zones
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Confirmation, Flag
from app.kernel.web.forms import NOT_CHECKED, choices
from app.kernel.web.htmx import respond, see_other

ENDPOINT = "depositions.create"
NOT_TYPED = ("csrf_token", "token", "step", "preview", "mail", "edit")
"""Fields that are no part of what is asked for."""


class _Booked(NamedTuple):
    """What the flags of a session that is not stored yet are computed from."""

    state: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    ambiguous: bool
    cancellation_open: bool
    postback_url: str | None
    details: dict[str, str]
    hour_moved: bool = False
    reconfirmation: str | None = None
    question: str | None = None
    agreement: str | None = None


class Entered(NamedTuple):
    """The request of a form, and whether an earlier press of it had stored it."""

    id: int
    before: bool


@pages.get("/new")
@allow(*READERS)
def new() -> Response:
    """The form of a request that staff enter. Raises Denied for users who may only read."""
    form = _form()
    form.token.data = secrets.token_urlsafe(24)
    chosen = request.args.get("organization", "")
    if any(chosen == choice.value for choice in form.organization.choices):
        form.organization.data = chosen
    return _page(form)


@pages.post("/new")
@allow(*READERS)
def read_mail() -> Response:
    """The same form as it was typed, with what a mail says in the fields that are empty. Changes nothing."""
    form = _form()
    form.token.data = form.token.data or secrets.token_urlsafe(24)
    found = _reading(form)
    if found and "read" in request.form:
        for field in form:
            if field.name in found.fields and not (field.data or "").strip():
                field.data = found.value(field.name)
        if found.fields.get("asked_by"):
            form.how.data = "mail"
    elif found and (choice := request.form.get("choose", "")):
        name, _, number = choice.partition(".")
        values = [each.value for each in found.fields.get(name, [])]
        if name in form and number.isdecimal() and len(number) < 4 and int(number) < len(values):
            form[name].data = values[int(number)]
    return _page(form, found)


@pages.post("/create")
@allow(*READERS)
def create() -> Response:
    """Stores the request, at once or, where something is sent, once the user has seen what. A second press of the same
    form leads to the request of the first."""
    confirmation_pages.comes_back_as("new", url_for(".new"))
    form = _form()
    form.check()
    organization = _organizations()[form.organization.data]
    me().check(DEPOSITIONS, organization.id)
    with _named_as_typed():
        wanted = incoming.new_request_of(validation.read(incoming.CreateBody, form.body()))
    key = idempotency.row_id(f"person:{me().id}", ENDPOINT, {}, form.token.data)
    print_of_form = sha256("\n".join(f"{name}={value}" for name, value in _typed()))
    earlier = _earlier(key, print_of_form, form)
    if earlier is not None:
        return earlier
    requested = Requested.of(wanted, organization.id)
    overlaps = conflicts.overlaps(reading(), requested)
    twice = any(Need.REQUEST in overlap.needs for overlap in overlaps)
    entry = actions.Entry(form.asked_by.data or "", form.how.data or "phone", _seed(form.token.data))
    by, now = me().actor(), clock.now()

    def enter(db: Db, _version: int | None) -> Entered:
        stored = idempotency.begin(db, key, print_of_form, now)
        if stored is not None:
            return Entered(int(stored.body), before=True)
        made = actions.request(db, organization, wanted, by=by, now=now, entry=entry)
        idempotency.finish(db, key, status=201, body=str(made.id).encode())
        return Entered(made.id, before=False)

    with _named_as_typed():
        about = [print_of_form, sorted((each.other.id, *sorted(each.needs)) for each in overlaps)]
        entered, preview = confirmation.confirm(enter, "request", *about, always=twice)
    if preview:
        # Another press of the same form may have stored it meanwhile.
        found = conflict_rules.findings(requested, overlaps, now)
        return _earlier(key, print_of_form, form) or confirmation_pages.show(
            preview, _confirmation(organization, wanted, found, now)
        )
    assert entered is not None
    return _done(entered)


def _done(entered: Entered) -> Response:
    flash(f"This was created already, as request {entered.id}." if entered.before else "Entered.")
    return see_other(url_for(".detail", id=entered.id))


def _earlier(key: str, print_of_form: str, form: RequestForm) -> Response | None:
    """The answer to a form that was sent before: its request, or where it was changed since the form under a new token,
    so that nothing that was typed is lost."""
    stored = idempotency.find(reading(), key, clock.now())
    if stored is None:
        return None
    number = int(stored.body)
    if stored.fingerprint == print_of_form:
        return _done(Entered(number, before=True))
    form.token.data = secrets.token_urlsafe(24)
    response = _page(form, _reading(form), sent_as=number)
    response.status_code = 409
    return response


def _seed(token: str) -> bytes:
    """Secret bytes that are the same for every press of one form."""
    return hmac.digest(db().config.secret_keys[0].encode(), f"{ENDPOINT}:{me().id}:{token}".encode(), "sha256")


def _typed() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_TYPED]


@contextmanager
def _named_as_typed() -> Iterator[None]:
    """Names the fields of a refusal as the form does: `remote_session.title` is `title`."""
    try:
        yield
    except Invalid as refusal:
        raise Invalid(NOT_CHECKED, errors=[_field_error(error) for error in refusal.errors]) from None


def _field_error(error: FieldError) -> FieldError:
    parts = error.field.split(".")
    if parts[0] == "deponent":
        return FieldError("_".join(parts), error.code, error.detail)
    if parts[0] == "invites" and len(parts) > 1:
        return FieldError("invites", error.code, f"Address {int(parts[1]) + 1}: {error.detail}")
    return FieldError(parts[-1], error.code, error.detail)


def _organizations() -> dict[str, Organization]:
    """The organizations that the user may act for. Raises Denied when there is none."""
    scope = me().scope(DEPOSITIONS, write=True)
    found = reading().scalars(
        select(Organization)
        .where(scope.where(Organization.id), Organization.closed_at.is_(None))
        .order_by(Organization.name)
    )
    by_id = {str(row.id): row for row in found}
    if not by_id:
        me().check(DEPOSITIONS, 0)
    return by_id


def _form() -> RequestForm:
    form = RequestForm()
    rows = _organizations().values()
    first = [("", "Choose…")] if len(rows) > 1 else []
    form.organization.choices = choices(*first, *((str(row.id), row.name) for row in rows))
    return form


def _reading(form: RequestForm) -> mail.Reading | None:
    text = form.mail.data or ""
    return mail.read(text, clock.now().astimezone(ZoneInfo(me().time_zone)).date()) if text.strip() else None


def _page(form: RequestForm, found: mail.Reading | None = None, sent_as: int = 0) -> Response:
    text = form.mail.data or ""
    return respond(
        "depositions/new.html",
        form=form,
        zones=list(time_zones.RAILS),
        pieces=reading_of_mail.pieces(text, found, form) if found else [],
        proposals=reading_of_mail.proposals(text, found, form) if found else [],
        read=found is not None,
        sent_as=sent_as,
    )


def _confirmation(
    organization: Organization, wanted: new_request.NewRequest, found: Sequence[Finding], now: datetime
) -> Confirmation:
    """What is read before a request is stored that is booked at once, or that seems to be there already."""
    start, booked = wanted.start, organization.self_service
    note = "Nothing is sent: it waits for the team, beside the other."
    if booked:
        note = f"{organization.name} has Self-Service: its sessions are booked when they are created."
    return Confirmation(
        title="Review and book" if booked else "This was requested already",
        confirm="Book the session" if booked else "Create it all the same",
        back=url_for(".new"),
        back_label="Back to the form",
        icon="calendar-check",
        subject=[
            datetimes.span(start.starts_at, wanted.ends_at, start.zone),
            f"{wanted.deponent_name or wanted.title}, {wanted.case_name}",
            f"for {organization.name}",
        ],
        flags=[*confirmations.conflict_flags(found), *_flags(wanted, now, organization.region)],
        note=note,
        edit="new",
    )


def _flags(wanted: new_request.NewRequest, now: datetime, country: str | None) -> Sequence[Flag]:
    start = wanted.start
    booked = _Booked(
        State.READY,
        start.starts_at,
        wanted.ends_at,
        start.zone,
        start.ambiguous,
        False,
        wanted.postback_url,
        wanted.details,
    )
    found = [(flag, *presentation.FLAGS[flag.key]) for flag in flags.flags_of(booked, now, country)]
    return [Flag(flag.sentence, icon, tone) for flag, icon, tone in found if tone]
