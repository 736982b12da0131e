"""Pages and forms of saved views and of notes handed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, flash, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DENIALS, refusal
from app.dashboard.saved_views import actions, events, handover_notes, owners, query_strings
from app.dashboard.saved_views.forms import MoveForm, NoteForm, RenameForm, SaveForm
from app.dashboard.saved_views.models import NoteRow, SavedViewRow
from app.dashboard.saved_views.presentation import list_url, team_names
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.errors import Denied, NotFound
from app.kernel.web.htmx import respond, see_other

pages = Blueprint("views", __name__, url_prefix="/views")

NO_DESK = "There is no such desk, or it is not one of yours."


@pages.get("", endpoint="list")
@allow()
def list_views() -> Response:
    """Every view this person sees, desk by desk: to open, rename, move and remove."""
    person = me()
    found = {desk: actions.listed(db(), person, desk) for desk in person.desks}
    names = team_names(db(), {row.place for rows in found.values() for row in rows if owners.is_team(row.place)})
    shown = [(desk.capitalize(), _lines(rows, names)) for desk, rows in found.items()]
    mine = sum(row.made_by_id == person.id for rows in found.values() for row in rows)
    return respond("dashboard/views.html", shown=shown, any=any(found.values()), mine=mine, most=actions.MOST)


@dataclass(frozen=True, slots=True)
class Line:
    """A view as the page of all views shows it, with what the user may do to it."""

    id: int
    name: str
    url: str
    team: str
    maker: str
    made_at: datetime
    changes: bool
    earlier: bool
    later: bool
    form: RenameForm


def _lines(rows: Sequence[SavedViewRow], names: dict[str, str]) -> list[Line]:
    """The views of one desk."""
    return [
        Line(
            id=row.id,
            name=row.name,
            url=list_url(row.desk, row.query),
            team=names.get(row.place, ""),
            maker=row.made_by_name,
            made_at=row.created_at,
            changes=owners.may_change(me(), row.place, row.made_by_id),
            earlier=at > 0 and rows[at - 1].place == row.place,
            later=at + 1 < len(rows) and rows[at + 1].place == row.place,
            form=RenameForm(formdata=None, version=row.version, name=row.name),
        )
        for at, row in enumerate(rows)
    ]


@pages.post("/<desk>/save")
@allow()
def save(desk: str) -> Response:
    """Gives the list on the page a name."""
    _check_desk(desk)
    form = SaveForm()
    form.check()
    query = query_strings.typed(form.query.data or "")
    place = form.place.data or owners.own(me().id)
    actions.save(db(), me(), desk, place, form.name.data or "", query, by=me().actor(), now=clock.now())
    where = "under Filter" if query_strings.page_of(query) else "beside the tabs"
    flash(f"Saved as “{' '.join((form.name.data or '').split())}”. It is {where}.")
    return _to_list(desk, query)


@pages.post("/<int:id>/rename")
@allow()
def rename(id: int) -> Response:
    """Gives a view another name."""
    actions.get(db(), id, me())
    form = RenameForm()
    form.check()
    actions.rename(db(), me(), id, form.name.data or "", version=form.seen_version, by=me().actor(), now=clock.now())
    return see_other(url_for(".list"))


@pages.post("/<int:id>/move")
@allow()
def move(id: int) -> Response:
    """Moves a view one place earlier or later among its neighbours."""
    actions.get(db(), id, me())
    form = MoveForm()
    form.check()
    actions.move(db(), me(), id, up=form.to.data == "earlier", by=me().actor(), now=clock.now())
    return see_other(url_for(".list"))


@pages.post("/<int:id>/remove")
@allow()
def remove(id: int) -> Response:
    """Takes a view's name away. The list itself stays."""
    row = actions.remove(db(), me(), id, by=me().actor(), now=clock.now())
    flash(f"Removed “{row.name}”. The list it named is still there.")
    return see_other(url_for(".list"))


@pages.get("/notes/<int:id>")
@allow()
def note(id: int) -> Response:
    """A team's note on one list, and what was left there before."""
    found = handover_notes.get(db(), id, me())
    return _note_page(found, _note_form(found, found.text))


@pages.post("/<desk>/note")
@allow()
def write_note(desk: str) -> Response:
    """Leaves, changes or clears the note on a list. A note that another user changed is not overwritten."""
    _check_desk(desk)
    person = me()
    if not owners.acts(person, desk):
        raise Denied(refusal(desk))
    form = NoteForm()
    form.check()
    query, text = query_strings.typed(form.query.data or ""), form.text.data or ""
    written = handover_notes.write(
        db(),
        person,
        desk,
        form.place.data or "",
        query,
        text,
        seen=form.seen_version,
        by=person.actor(),
        now=clock.now(),
    )
    if not written.saved:
        return _note_page(written.note, _note_form(written.note, text), status=409)
    flash("The note is there for the next person." if text else "The note is cleared.")
    return _to_list(desk, query)


def _check_desk(desk: str) -> None:
    """Raises NotFound unless this person has the desk."""
    if desk not in me().desks:
        raise NotFound(NO_DESK)


def _to_list(desk: str, query: str) -> Response:
    return see_other(list_url(desk, query))


def _note_form(found: NoteRow, text: str) -> NoteForm:
    return NoteForm(formdata=None, version=found.version, query=found.query, place=found.place, text=text)


def _note_page(found: NoteRow, form: NoteForm, status: int = 200) -> Response:
    """`status` 409 shows both: what the note says now, and what was typed, ready to be saved after all."""
    return respond(
        "dashboard/note.html",
        status=status,
        note=found,
        form=form,
        lost=status == 409,
        team=team_names(db(), {found.place})[found.place],
        list_url=list_url(found.desk, found.query),
        writable=found.place in owners.acts(me(), found.desk),
        why_not=DENIALS[found.desk],
        story=events.EVENTS.timeline(handover_notes.earlier(db(), found)),
        now=clock.now(),
    )
