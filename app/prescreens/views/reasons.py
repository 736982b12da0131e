"""The reasons that an organization's agents choose from when they deny."""

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS, QUESTIONNAIRES
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.transaction import db, reading
from app.kernel.errors import NotFound
from app.kernel.web.htmx import respond, see_other
from app.prescreens.actions.reasons import change_reasons as change
from app.prescreens.events import EVENTS, REASONS
from app.prescreens.forms.questions import ReasonsForm
from app.prescreens.queries import counts
from app.prescreens.queries import reasons as queries
from app.prescreens.rules.reasons import MOST_GIVEN, MOST_OFFERED
from app.prescreens.views.filters import READERS, pages


@pages.get("/reasons")
@allow(*READERS)
def reasons() -> Response:
    """The reasons of one organization: the one in the address, else the reader's first."""
    known = queries.organizations(reading(), counts.reach_of(me().scope(PRESCREENS)))
    wanted = request.args.get("organization", "")
    home = next((each for each in known if str(each.id) == wanted or not wanted), None)
    if home is None:
        raise NotFound("There is no such organization, or it is not yours.")
    offered = queries.offered(reading(), home.id)
    data = {"version": offered.revision, "reasons": "\n".join(offered.reasons)}
    return respond(
        "prescreens/reasons.html",
        home=home,
        known=known,
        offered=offered,
        form=ReasonsForm(formdata=None, data=data),
        denied=me().why_not(QUESTIONNAIRES, home.id),
        limits=(MOST_GIVEN, MOST_OFFERED),
        activity=EVENTS.timeline(events.timeline(reading(), REASONS, home.id, 50)),
        zone=me().time_zone,
    )


@pages.post("/reasons/<int:id>")
@allow(*READERS)
def change_reasons(id: int) -> Response:
    """Replaces the list of an organization."""
    if not any(each.id == id for each in queries.organizations(reading(), counts.reach_of(me().scope(PRESCREENS)))):
        raise NotFound("There is no such organization, or it is not yours.")
    me().check(QUESTIONNAIRES, id)
    form = ReasonsForm()
    form.check()
    lines = (form.reasons.data or "").splitlines()
    changed = change(db(), id, lines, revision=form.seen_version, by=me().actor(), now=clock.now())
    flash("Saved. Agents choose from these now." if changed else "Nothing differs, so nothing was saved.")
    return see_other(url_for(".reasons", organization=id))
