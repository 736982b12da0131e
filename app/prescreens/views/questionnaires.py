"""The organization's questionnaires, with their public addresses: the list, one in its versions, and a new one."""

from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS, QUESTIONNAIRES, refusal
from app.dashboard import redirects
from app.kernel import clock
from app.kernel.changes import confirmation, events
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Denied, NotFound
from app.kernel.text.template_filters import pluralize
from app.kernel.web import confirmation_pages
from app.kernel.web.confirmation_pages import Confirmation, Flag
from app.kernel.web.forms import VersionedForm, choices
from app.kernel.web.htmx import respond, see_other
from app.prescreens import presentation
from app.prescreens.actions import questionnaires as actions
from app.prescreens.events import EVENTS, QUESTIONNAIRE
from app.prescreens.forms.questions import MakeForm, PublishForm
from app.prescreens.presentation.questionnaires import differences
from app.prescreens.queries import counts, drafts
from app.prescreens.queries import questionnaires as queries
from app.prescreens.queries.drafts import EditedQuestionnaire
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import ready_made
from app.prescreens.rules.question_types import TYPES
from app.prescreens.rules.questionnaires import Content
from app.prescreens.views.filters import READERS, pages

EMPTY, COPY = "empty", "copy:"
"""What a new questionnaire may start from, besides a ready-made one."""


def editors_reach() -> Reach:
    """The organizations whose questionnaires the user may change."""
    return counts.reach_of(me().scope(QUESTIONNAIRES, write=True))


def edited(id: UUID) -> EditedQuestionnaire:
    """The questionnaire, for a user who may change it. Raises NotFound, Denied."""
    found = drafts.get(reading(), counts.reach_of(me().scope(PRESCREENS)), id)
    if found is None:
        raise NotFound(actions.UNKNOWN)
    me().check(QUESTIONNAIRES, found.organization_id)
    return found


@pages.get("/questionnaires")
@allow(*READERS)
def questionnaires() -> Response:
    """The questionnaires that the user may see, by organization and name."""
    rows = queries.listing(db(), counts.reach_of(me().scope(PRESCREENS)))
    return respond(
        "prescreens/questionnaires.html",
        rows=[
            (row, public_url(row.organization_slug, row.slug), me().may(QUESTIONNAIRES, True, row.organization_id))
            for row in rows
        ],
        several=len({row.organization_id for row in rows}) > 1,
        may_make=me().may(QUESTIONNAIRES),
        zone=me().time_zone,
    )


@pages.get("/questionnaires/<uuid:id>")
@allow(*READERS)
def questionnaire(id: UUID) -> Response:
    """One questionnaire in one of its versions, with what that version changed."""
    number = request.args.get("version", "")
    wanted = int(number) if number.isdecimal() and len(number) < 6 else None
    found = queries.one(db(), counts.reach_of(me().scope(PRESCREENS)), id, wanted)
    if found is None:
        raise NotFound("There is no such questionnaire, or it belongs to an organization that is not yours.")
    versions = queries.versions(db(), id)
    shown, before = (drafts.content(db(), id, each) for each in (found.number, found.number - 1))
    state = drafts.get(db(), counts.reach_of(me().scope(PRESCREENS)), id)
    return respond(
        "prescreens/questionnaire.html",
        questionnaire=found,
        state=state,
        versions=versions,
        shown_version=next(each for each in versions if each.number == found.number),
        current=versions[0].number,
        differences=differences(before, shown) if before and shown else [],
        types=TYPES,
        conditions={
            question.key: presentation.condition_text(question.condition, found.questions)
            for question in found.questions
            if question.condition
        },
        link=public_url(found.organization_slug, found.slug),
        denied=me().why_not(QUESTIONNAIRES, found.organization_id),
        used=drafts.started(db(), found.organization_id, id) > 0,
        restore=PublishForm(formdata=None, data={"version": state.revision if state else 0}),
        activity=EVENTS.timeline(events.timeline(reading(), QUESTIONNAIRE, id, 50)),
        zone=me().time_zone,
    )


@pages.get("/questionnaires/new")
@allow(*READERS)
def new_questionnaire() -> Response:
    """The form of a new questionnaire."""
    _check_may_make()
    return _new_page(MakeForm(formdata=None, data={"start": request.args.get("from") or ready_made.NAMES[0][0]}))


def _new_page(form: MakeForm) -> Response:
    _offer(form)
    return respond("prescreens/questionnaire-new.html", form=form, several=len(form.organization.choices) > 1)


def _offer(form: MakeForm) -> None:
    own = [row for row in queries.listing(db(), editors_reach()) if row.current_version]
    form.start.choices = choices(
        *ready_made.NAMES,
        *((f"{COPY}{row.id}", f"A copy of {row.name}") for row in own),
        (EMPTY, "Nothing: no question yet"),
    )
    places = drafts.organizations(reading(), editors_reach())
    form.organization.choices = choices(*((str(place.id), place.name) for place in places))


@pages.post("/questionnaires")
@allow(*READERS)
def make_questionnaire() -> Response:
    """Makes a questionnaire with a draft, and opens its editor."""
    _check_may_make()
    form = MakeForm()
    _offer(form)
    if len(form.organization.choices) == 1:
        form.organization.data = form.organization.choices[0].value
    form.check()
    organization_id = int(form.organization.data)
    me().check(QUESTIONNAIRES, organization_id)
    content = _start(str(form.start.data), organization_id)
    id = actions.make(db(), organization_id, form.name.data, content, by=me().actor(), now=clock.now())
    flash("Created. Nobody sees it before it is published.")
    return see_other(url_for(".edit_questionnaire", id=id))


def _start(chosen: str, organization_id: int) -> Content:
    """What a new questionnaire says at first."""
    if chosen.startswith(COPY):
        source = edited(UUID(chosen.removeprefix(COPY)))
        return drafts.content(db(), source.id, source.current_version) or Content()
    if chosen == EMPTY:
        return Content()
    place = next(each for each in drafts.organizations(reading(), editors_reach()) if each.id == organization_id)
    return ready_made.content(chosen, place.currency)


def _check_may_make() -> None:
    if not me().may(QUESTIONNAIRES):
        raise Denied(refusal(QUESTIONNAIRES))


@pages.post("/questionnaires/<uuid:id>/open")
@allow(*READERS)
def open_questionnaire(id: UUID) -> Response:
    """Lets prospects start again."""
    return _set_open(id, True)


@pages.post("/questionnaires/<uuid:id>/close")
@allow(*READERS)
def close_questionnaire(id: UUID) -> Response:
    """Takes no new prospects; whoever is in the middle goes on."""
    return _set_open(id, False)


def _set_open(id: UUID, is_open: bool) -> Response:
    edited(id)
    form = VersionedForm()
    form.check()
    actions.set_open(
        db(), id, is_open, reach=editors_reach(), revision=form.seen_version, by=me().actor(), now=clock.now()
    )
    flash("Open: prospects can start." if is_open else "Closed. Whoever is in the middle can still finish.")
    return see_other(url_for(".questionnaire", id=id))


@pages.post("/questionnaires/<uuid:id>/blind")
@allow(*READERS)
def switch_blind(id: UUID) -> Response:
    """Switches the blind first look on or off, for prescreens that are started from then on."""
    edited(id)
    form = VersionedForm()
    form.check()
    blind = request.form.get("blind") == "on"
    actions.set_blind(
        db(), id, blind, reach=editors_reach(), revision=form.seen_version, by=me().actor(), now=clock.now()
    )
    flash(f"The blind first look is {'on' if blind else 'off'}, for prescreens that are started from now on.")
    return see_other(url_for(".edit_questionnaire", id=id))


@pages.post("/questionnaires/<uuid:id>/delete")
@allow(*READERS)
def delete_questionnaire(id: UUID) -> Response:
    """Deletes a questionnaire that nobody has answered, once the user has read what that ends."""
    row, reach, by, now = edited(id), editors_reach(), me().actor(), clock.now()
    form = VersionedForm()
    form.check()
    _, preview = confirmation.confirm(
        lambda db, revision: actions.delete_unused(db, id, reach=reach, revision=revision, by=by, now=now),
        "delete",
        str(id),
    )
    if preview:
        asked = Confirmation(
            title="Review and delete",
            confirm="Delete the questionnaire",
            back=_back(row),
            back_label="Back, keep it",
            icon="trash-2",
            tone="danger",
            subject=[row.name, row.organization_name],
            note="Nobody has started it. Its public link will lead nowhere, and it cannot be restored.",
        )
        return confirmation_pages.show(preview, asked)
    flash(f"{row.name} is deleted.")
    return see_other(url_for(".questionnaires"))


@pages.post("/questionnaires/<uuid:id>/restore/<int:number>")
@allow(*READERS)
def restore_questionnaire(id: UUID, number: int) -> Response:
    """Publishes what an earlier version says as a new version, once the user has seen what it does."""
    row, reach, by, now = edited(id), editors_reach(), me().actor(), clock.now()
    form = PublishForm()
    form.check()
    reason = form.reason.data or f"Version {number} again"
    made, preview = confirmation.confirm(
        lambda db, revision: actions.restore(db, id, number, reason, reach=reach, revision=revision, by=by, now=now),
        "restore",
        str(id),
        number,
        reason,
    )
    if preview:
        before, after = (drafts.content(reading(), id, each) or Content() for each in (row.current_version, number))
        asked = Confirmation(
            title="Review and publish",
            confirm=f"Publish version {row.current_version + 1}",
            back=url_for(".questionnaire", id=id, version=number),
            back_label="Back to the questionnaire",
            subject=[row.name, f"What version {number} says, as version {row.current_version + 1}", f"“{reason}”"],
            flags=[Flag(f"{pluralize(len(differences(before, after)), 'difference')} to what is published.", "pencil")],
            note=publishing_note(row),
        )
        return confirmation_pages.show(preview, asked)
    flash(f"Version {made} is published. It says what version {number} said.", "good")
    return see_other(url_for(".questionnaire", id=id))


def publishing_note(row: EditedQuestionnaire) -> str:
    """What a publication does to prospects."""
    middle = drafts.answering(reading(), row.organization_id, row.id, clock.now())
    who = pluralize(middle, "prospect is", "prospects are")
    going_on = f"{who} in the middle, with the version that was published then. " if middle else ""
    return f"{going_on}Whoever starts from now on gets this version. An earlier one can be published again."


def _back(row: EditedQuestionnaire) -> str:
    return url_for(".questionnaire" if row.current_version else ".edit_questionnaire", id=row.id)


@pages.get("/templates")
@allow(*READERS)
def templates() -> Response:
    """The former address of the questionnaires, for bookmarks."""
    return redirects.moved(url_for(".questionnaires"))


@pages.get("/templates/<uuid:id>")
@allow(*READERS)
def template(id: UUID) -> Response:
    """The former address of a questionnaire, for bookmarks."""
    return redirects.moved(url_for(".questionnaire", id=id, version=request.args.get("version")))


def public_url(organization: str, questionnaire: str) -> str:
    return f"{db().config.public_base_url}/p/{organization}/{questionnaire}"
