"""The public pages of a session: what and when, the way in once it has begun, and a test of camera and microphone.

Opening a page is a read: a mailed link may be opened by a machine. That a person has it before them is known from the
page's own poll, which begins when it is seen (js/session-state.js), and from what is pressed on it
(docs/decisions/0030).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.urls import iri_to_uri

from app.accounts import hosts
from app.accounts.access import public
from app.depositions import calendar, emails
from app.depositions.actions.people import entered, opened
from app.depositions.answers import QUESTIONS, host_of_question
from app.depositions.locales import hours, translator
from app.depositions.models import State
from app.depositions.public.proposal import PROPOSALS, host_language
from app.depositions.public.state import calendar_label, card, former_hour, needs, seconds_between_polls, span
from app.depositions.queries import detail, people
from app.depositions.queries.detail import DepositionDetail
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading, side_note
from app.kernel.errors import Invalid, NotFound
from app.kernel.hosts import Host
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import personal, see_other
from app.kernel.web.live import POLL_HEADER, Live, is_poll, revision_of
from app.kernel.web.visitors import VisitorPages, is_machine, page_context

public_pages = Blueprint("depositions_public", __name__, url_prefix="/sessions")

CAMERA = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}
"""The policies of the test, the only page of this desk that may ask for them. By its own policy it can send nothing."""


def _host(db: Db, segments: Sequence[str]) -> Host | None:
    if segments[:1] == [PROPOSALS]:
        offer = host_language(db, segments[1]) if len(segments) > 1 else None
        return _in_language(db, *offer) if offer else None
    if segments[:1] == [QUESTIONS]:
        return host_of_question(db, segments[1]) if len(segments) > 1 else None
    try:
        deposition = _booked(db, segments[0]) if segments else None
    except NotFound:
        return None
    if deposition is None:
        return None
    return _in_language(db, deposition.organization_id, deposition.details)


def _in_language(db: Db, organization_id: int, details: Mapping[str, str]) -> Host:
    """The organization, in the language of a session."""
    host = hosts.by_id(db, organization_id)
    return replace(host, locale=translator(details, host.locale).lang)


VISITOR_PAGES = VisitorPages("sessions", _host)


@public_pages.get("/<slug>")
@public
def session(slug: str) -> Response:
    """What the session is and when, and whether it is too early, over or canceled."""
    return _page(_booked(reading(), slug))


@public_pages.post("/<slug>")
@public
def seen(slug: str) -> Response:
    """Keeps that a participant has read the page, who says so where no scripts do, and shows it again."""
    deposition = _booked(reading(), slug)
    if guest := _guest(deposition):
        side_note(lambda own: opened(own, deposition, guest.email, now=clock.now(), kind=guest.kind))
    return see_other(_address(deposition))


@public_pages.get("/<slug>/join")
@public
def join(slug: str) -> Response:
    """The documented address: leads into the room once the session has begun; until then shows the session's page.

    A machine may open it, so that it says of nobody by name that they entered: `enter` does.
    """
    deposition = _booked(reading(), slug)
    if not _room_of(deposition):
        return _page(deposition)
    if not is_machine():
        side_note(lambda own: entered(own, deposition, None, now=clock.now()))
    return personal(redirect(_room_of(deposition), 303))  # type: ignore[arg-type]  # werkzeug's and flask's are one here


@public_pages.post("/<slug>/join")
@public
def enter(slug: str) -> Response:
    """Keeps who presses the button into the room, and leads them there; until it is open shows the session's page."""
    deposition, now = _booked(reading(), slug), clock.now()
    if not _room_of(deposition):
        return see_other(_address(deposition))
    guest = _guest(deposition)

    def note(own: Db) -> None:
        if guest:
            opened(own, deposition, guest.email, now=now, kind=guest.kind)
            entered(own, deposition, guest.email, now=now, kind=guest.kind)
        else:
            entered(own, deposition, None, now=now)

    side_note(note)
    return see_other(url_for(".room", slug=slug, k=_proof() if guest else None))


@public_pages.get("/<slug>/room")
@public
def room(slug: str) -> Response:
    """Opens the room, after the press: a redirect of the form itself to another site is not followed by browsers,
    because of `form-action` in the page's policy."""
    deposition = _booked(reading(), slug)
    url = _room_of(deposition)
    if not url:
        return _page(deposition)
    host = hosts.by_id(reading(), deposition.organization_id)
    t = translator(deposition.details, host.locale)
    response = personal(Response(render_template("depositions/room.html", **page_context(host, t), room=url)))
    response.headers["Refresh"] = f"0; url={iri_to_uri(url)}"
    return response


@public_pages.get("/<slug>/test")
@public
def test(slug: str) -> Response:
    """Tests the visitor's camera and microphone on their own device."""
    deposition = _booked(reading(), slug)
    if deposition.state in (State.CANCELED, State.ENDED):
        return _page(deposition)
    host = hosts.by_id(reading(), deposition.organization_id)
    t = translator(deposition.details, host.locale)
    page = render_template("depositions/test.html", **page_context(host, t), back=_address(deposition), clock=False)
    response = personal(Response(page))
    response.headers.update(CAMERA)
    return response


@public_pages.get("/<slug>/calendar.ics")
@public
def calendar_file(slug: str) -> Response:
    """The session as a file for the visitor's calendar, where it is the same entry as that of the e-mail; of a canceled
    one the file that takes it out."""
    deposition, now = _booked(reading(), slug), clock.now()
    config, guest = reading().config, _guest(deposition)
    t = translator(deposition.details, hosts.by_id(reading(), deposition.organization_id).locale)
    if not calendar_label(deposition, t):
        return _page(deposition)
    if deposition.state == State.CANCELED:
        to, name = (guest.email, guest.name) if guest else ("", "")
        file = calendar.cancellation(deposition, config, to=to, name=name, now=now, t=t)
    else:
        url = emails.join_url(deposition, config, guest) if guest else f"{config.public_base_url}/sessions/{slug}"
        file = calendar.published(deposition, config, url=url, now=now, t=t)
    response = Response(file.content, content_type=file.type)
    response.headers["Content-Disposition"] = f"attachment; filename={file.name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _room_of(deposition: DepositionDetail) -> str:
    """The address of the room while it is open."""
    return (deposition.room_url or "") if deposition.state == State.ACTIVE else ""


def _booked(db: Db, slug: str) -> DepositionDetail:
    """The session at a public address. Raises NotFound, also for a request that is not booked."""
    deposition = detail.by_slug(db, slug)
    if deposition.booked_at is None and deposition.state != State.CANCELED:
        raise NotFound("There is no session at this address. Copy the whole link from your message.")
    return deposition


def _page(deposition: DepositionDetail) -> Response:
    """The page of a session; for its own poll what changes alone, or that nothing has changed."""
    now = clock.now()
    guest = _guest(deposition)
    host = hosts.by_id(reading(), deposition.organization_id)
    t = translator(deposition.details, host.locale)
    shown = card(deposition, host, people.arrivals(reading(), deposition.id) if _room_of(deposition) else None, now, t)
    before, (starts_at, ends_at) = former_hour(deposition, t), span(deposition)
    facts = (starts_at, ends_at, deposition.zone, shown, before)
    _note_opened(deposition, guest, now)
    live = Live(seconds_between_polls(deposition, now), revision_of(facts))
    if live.unchanged:
        return live.not_modified()
    page = render_template(
        "depositions/_status.html" if is_poll() else "depositions/session.html",
        deposition=deposition,
        what=calendar.title(deposition, t),
        **(page_context(host, t) | {"questions": ""}),  # the page has them among those who help
        hours=hours(starts_at, ends_at, deposition.zone, t),
        starts=clock.iso(starts_at),
        ends=clock.iso(ends_at) if ends_at > starts_at else "",
        formerly=before,
        former_span=f"{clock.iso(deposition.previous_starts_at)}/{clock.iso(deposition.previous_ends_at)}",
        card=shown,
        needs=needs(deposition, host, guest, t),
        guest=guest,
        proof=_proof() if guest else "",
        address=_address(deposition),
        form=DeskForm(),
        polled=is_poll(),
        live=live,
    )
    response = personal(Response(page, 410 if deposition.state in (State.CANCELED, State.ENDED) else 200))
    response.headers["ETag"] = live.tag
    return response


def _note_opened(deposition: DepositionDetail, guest: emails.Participant | None, now: datetime) -> None:
    """Keeps that a participant has this state of the session before them, when their page says so."""
    if guest is None or request.headers.get(POLL_HEADER) != "seen" or is_machine():
        return
    if not people.opened_lately(reading(), deposition, guest.email, now, guest.kind):
        side_note(lambda own: opened(own, deposition, guest.email, now=now, kind=guest.kind))


def _address(deposition: DepositionDetail) -> str:
    """The address of the session's page, with the visitor's own proof."""
    return url_for(".session", slug=deposition.slug, k=_proof() if _guest(deposition) else None)


def _proof() -> str:
    return request.args.get("k", "")


def _guest(deposition: DepositionDetail) -> emails.Participant | None:
    """The participant whose link was opened. A link that was changed still shows the page, without a name."""
    if not _proof():
        return None
    try:
        return emails.recognize(deposition, reading().config, _proof())
    except Invalid:
        return None
