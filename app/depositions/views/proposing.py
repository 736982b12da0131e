"""Moving by agreement: the page on which hours are chosen, what is confirmed, and how the answers stand."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple, Protocol

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import redirects
from app.depositions import actions, emails, presentation
from app.depositions.forms import ButtonForm
from app.depositions.forms.proposing import ProposeForm
from app.depositions.models import Deposition, HourAnswer, Proposal
from app.depositions.queries import proposals
from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules import day_ruler
from app.depositions.rules import slots as slot_rules
from app.depositions.rules.proposals import (
    ProposalState,
    Standing,
    asked_words,
    best,
    read_slot,
    why_closed,
    why_not_propose,
    written,
)
from app.depositions.rules.slots import Found, Search, place
from app.depositions.views import confirmations
from app.depositions.views.filters import READERS, actable, pages, visible
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.text import datetimes
from app.kernel.text.normalization import shown
from app.kernel.text.template_filters import pluralize
from app.kernel.text.time_zones import clock12
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Confirmation
from app.kernel.web.htmx import respond


class WritesAgain(Protocol):
    """An action that writes once more about offered hours."""

    def __call__(
        self, db: Db, deposition_id: int, /, *, by: Actor, now: datetime, version: int | None = None
    ) -> Deposition: ...


class Choice(NamedTuple):
    """An hour to choose, in words; `elsewhere` is what other clocks say."""

    value: str
    when: str
    elsewhere: str
    ticked: bool


@pages.get("/<int:id>/propose")
@allow(*READERS)
def choose_hours(id: int) -> Response:
    """The hours that can be offered, from a day on; three of them ticked, or those that are offered."""
    return _page(visible(id), ProposeForm(formdata=None))


@pages.post("/<int:id>/propose")
@allow(*READERS)
def propose(id: int) -> Response:
    """Asks every participant which of the hours suit them, once the user has seen the e-mails."""
    confirmation_pages.comes_back_as("propose", url_for(".propose", id=id))
    deposition, form = actable(id), ProposeForm()
    if confirmation_pages.edited_form():
        return _page(deposition, ProposeForm(version=deposition.version))
    form.check()
    new, by, now = form.proposal(deposition.time_zone), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, version: actions.propose(db, id, new, by=by, now=now, version=version),
        "propose",
        id,
        [written(slot) for slot in new.slots],
        new.quorum,
        form.answers_until.data,
        new.because,
    )
    people = len(emails.participants(deposition))
    if preview:
        return confirmation_pages.show(preview, confirmations.proposing(deposition, new, people))
    flash(f"{pluralize(people, 'person is', 'people are')} asked which hours suit them. Their answers appear here.")
    return redirects.back(QUEUE, id)


@pages.post("/<int:id>/withdraw_proposal")
@allow(*READERS)
def withdraw_proposal(id: int) -> Response:
    """Offers the hours no longer."""
    deposition, form = actable(id), ButtonForm()
    form.check()
    actions.withdraw_proposal(db(), id, by=me().actor(), now=clock.now(), version=form.seen_version)
    flash("Withdrawn. Nobody is written to; the links say it.")
    return redirects.back(QUEUE, deposition.id)


@pages.post("/<int:id>/remind_hours")
@allow(*READERS)
def remind_hours(id: int) -> Response:
    """Reminds those who have not answered about the offered hours, once the user has seen the e-mails."""
    return _write_again(id, "remind_hours", actions.remind_hours, confirmations.reminding)


@pages.post("/<int:id>/ask_added")
@allow(*READERS)
def ask_added(id: int) -> Response:
    """Asks those who were added since the hours were offered, once the user has seen the e-mails."""
    return _write_again(id, "ask_added", actions.ask_added, confirmations.asking_added)


def _write_again(id: int, verb: str, action: WritesAgain, shown_as: Callable[..., Confirmation]) -> Response:
    deposition, form = actable(id), ButtonForm()
    form.check()
    by, now, people = me().actor(), clock.now(), list[int]()

    def counted(db: Db, version: int | None) -> Deposition:
        made = action(db, id, by=by, now=now, version=version)
        people[:] = [confirmation.people_notified(db)]
        return made

    _, preview = confirmation.confirm(counted, verb, id)
    if preview:
        return confirmation_pages.show(preview, shown_as(deposition, people[0]))
    words = {"remind_hours": ("is reminded", "are reminded"), "ask_added": ("is asked too", "are asked too")}[verb]
    flash(f"{pluralize(people[0], f'person {words[0]}', f'people {words[1]}')}. Their answers appear here.")
    return redirects.back(QUEUE, id)


def _page(deposition: DepositionDetail, form: ProposeForm) -> Response:
    now = clock.now()
    people = emails.participants(deposition)
    denied = me().why_not(DEPOSITIONS, deposition.organization_id)
    reason = denied or why_not_propose(deposition.state, len(people))
    first = _day(request.args.get("from", "")) or slot_rules.first_day(now, deposition.zone)
    own_only = bool(request.args.get("own_clock") or form.own_clock_only.data)
    open_one = None if reason else _open(proposals.latest(reading(), deposition.id))
    ticked = list(form.slots.data or (open_one.slots if open_one else ()))
    found, search = Found([], Counter()), None
    if not reason:
        within = proposals.days_from(day_ruler.midnight(first, deposition.zone))
        search = proposals.search(reading(), deposition, within, own_clock_only=own_only)
        found = slot_rules.find(search, first, now)
    choices = _choices(deposition, search, found, ticked, now)
    default = [choice.value for choice in choices if choice.ticked]
    if not form.is_submitted():
        form = ProposeForm(
            formdata=None,
            data={
                "version": deposition.version,
                "quorum": open_one.quorum if open_one else len(people),
                "because": open_one.because if open_one else "",
                "answers_until": _until(deposition, default, now),
                "own_clock_only": own_only,
            },
        )
    form.slots.choices = [
        (each.value, f"{each.when}{f' · {each.elsewhere}' if each.elsewhere else ''}") for each in choices
    ]
    if not form.slots.data:
        form.slots.data = default
    return respond(
        "depositions/propose.html",
        deposition=deposition,
        name=presentation.name_of(deposition),
        hours=presentation.hours(deposition),
        yours=datetimes.viewer_time(deposition.starts_at, deposition.zone, me().time_zone),
        reason=reason,
        form=form,
        choices=choices,
        why_so_few=slot_rules.why_so_few(found) if not reason else "",
        clocks=[place(each.zone) for each in search.clocks] if search else [],
        people=people,
        offered=open_one,
        first=first.isoformat(),
        own_only=own_only,
        back=url_for(".detail", id=deposition.id, **QUEUE.choose().args),
        args=QUEUE.choose().args,
    )


def _open(proposal: Proposal | None) -> Proposal | None:
    return proposal if proposal and proposal.state == ProposalState.OPEN else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2150 else None


def _choices(
    deposition: DepositionDetail, search: Search | None, found: Found, ticked: Sequence[str], now: datetime
) -> list[Choice]:
    """The hours that were found with those that are ticked; where none is, the first three."""
    if search is None:
        return []
    kept = [slot for slot in _readable(ticked) if slot > now]
    chosen = set(kept) if kept else set(found.slots[:3])
    choices = []
    for slot in sorted({*kept, *found.slots}):
        others = [
            f"{datetimes.bare_hour(datetimes.local(slot, each.zone), each.zone)} in {place(each.zone)}"
            for each in search.clocks[1:]
            if datetimes.local(slot, each.zone).utcoffset() != datetimes.local(slot, search.zone).utcoffset()
        ]
        when = datetimes.span(slot, slot + search.length, deposition.zone, now)
        choices.append(Choice(written(slot), when, ", ".join(others), slot in chosen))
    return choices


def _readable(slots: Sequence[str]) -> Iterator[datetime]:
    """The hours among what was posted, which nobody has checked yet where a form comes back to be edited."""
    for slot in slots:
        with suppress(ValueError):
            yield read_slot(slot)


def _until(deposition: DepositionDetail, slots: Sequence[str], now: datetime) -> str:
    """Until when people answer, unless something else is typed, on the session’s own clock."""
    if not slots:
        return ""
    until = slot_rules.answers_until(min(read_slot(slot) for slot in slots), now)
    return f"{datetimes.local(until, deposition.zone):%Y-%m-%dT%H:%M}"


class Cell(NamedTuple):
    """What one person answers about one hour; `calendar`: their calendar answered."""

    answer: str
    calendar: bool


class PersonRow(NamedTuple):
    """A person of the matrix, with a cell an hour."""

    name: str
    address: str
    note: str
    answered_at: datetime | None
    reminded_at: datetime | None
    cells: Sequence[Cell]


class SlotColumn(NamedTuple):
    """An hour of the matrix, and the values of the form that moves the session there, unless it is `over`."""

    when: str
    standing: Standing
    move: dict[str, str]
    best: bool
    over: bool


class ShownProposal(NamedTuple):
    """A proposal as the page of its session shows it. `closed` is why no answer counts any more; `to_remind` are how
    many can be reminded, `added` who takes part only since."""

    row: Proposal
    slots: Sequence[SlotColumn]
    people: Sequence[PersonRow]
    suggested: Sequence[str]
    rule: str
    answered: int
    closed: str
    is_open: bool
    to_remind: int
    added: Sequence[str]


def shown_proposal(deposition: DepositionDetail, now: datetime) -> ShownProposal | None:
    """The latest proposal with who answered what; without one, the hours that calendars suggest, if any."""
    row = proposals.latest(reading(), deposition.id)
    if row is None:
        return None
    found = proposals.matrix(reading(), deposition, row)
    chosen = best(found.slots, after=now)
    columns = [
        SlotColumn(
            datetimes.span(
                each.starts_at, each.starts_at + (deposition.ends_at - deposition.starts_at), deposition.zone, now
            ),
            each,
            move_to(deposition, each.starts_at),
            each is chosen,
            each.starts_at <= now,
        )
        for each in found.slots
    ]
    names = {address.casefold(): name for address, name in _names(deposition)}
    people = [
        PersonRow(
            shown(one.name, names.get(one.address, one.address)),
            one.address,
            one.note,
            one.answered_at,
            one.reminded_at,
            [_cell(found.given[each.starts_at].get(one.address)) for each in found.slots],
        )
        for one in found.people
    ]
    closed = why_closed(row.state, row.answers_until, now) or ""
    suggested = [
        f"{names.get(one.address, one.address)}: {datetimes.moment(one.starts_at, deposition.zone, now)}"
        for one in found.suggested
        if one.starts_at > now and one.starts_at != deposition.starts_at and one.answer == "yes"
    ]
    return ShownProposal(
        row,
        columns,
        people,
        suggested,
        asked_words(len(people), row.quorum),
        len(people) - len(found.silent),
        closed,
        row.state == ProposalState.OPEN,
        0 if closed else len(found.to_remind),
        [shown(one.name, one.email) for one in found.added] if not closed else [],
    )


def _names(deposition: DepositionDetail) -> list[tuple[str, str]]:
    return [(one.email, shown(one.name, one.email)) for one in emails.participants(deposition)]


def _cell(answer: HourAnswer | None) -> Cell:
    return Cell(answer.answer, answer.via == "calendar") if answer else Cell("", calendar=False)


def move_to(deposition: DepositionDetail, starts_at: datetime) -> dict[str, str]:
    """The values of the form that moves a session to an hour, and notifies everybody."""
    local = datetimes.local(starts_at, deposition.zone)
    return {
        "start_date": f"{local:%Y-%m-%d}",
        "start_time": clock12(local),
        "time_zone": deposition.time_zone,
        "estimated_duration": deposition.estimated_duration or "",
        "notify": "y",
        "step": "preview",
    }
