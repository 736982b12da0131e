"""What each organization chose about its depositions: looked at by the team, changed by administrators."""

from flask import Response, flash, url_for

from app.accounts.access import allow, me
from app.accounts.models import Organization
from app.accounts.roles import DENIALS, DEPOSITIONS, PEOPLE, refusal
from app.depositions import actions
from app.depositions.events import EVENTS, SETTING_LABELS, SETTINGS_CHANGED, WEBHOOK_TEST, setting
from app.depositions.forms import SettingsForm, TestWebhookForm
from app.depositions.queries import settings
from app.depositions.rules.settings import Settings
from app.depositions.views.filters import READERS, pages
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Denied, FieldError, Invalid
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.web.htmx import respond, see_other


@pages.get("/organizations")
@allow(*READERS)
def organizations() -> Response:
    """The organizations within the user's reach, with what they chose."""
    rows = settings.organizations(reading(), me().scope(DEPOSITIONS))
    return respond(
        "depositions/organizations.html",
        rows=rows,
        full=len(rows) == settings.LISTED,
    )


@pages.get("/organizations/<slug>")
@allow(*READERS)
def organization(slug: str) -> Response:
    """What one organization chose, how it is reached, and who changed it."""
    found = _organization(slug)
    chosen = settings.of_organization(reading(), found.id)
    rows = events.timeline(reading(), "organization", found.id)
    return respond(
        "depositions/organization.html",
        organization=found,
        chosen=_chosen(chosen),
        form=SettingsForm(formdata=None, data=chosen._asdict()),
        denied=None if me().may(PEOPLE, True, found.id) else DENIALS[PEOPLE],
        activity=EVENTS.timeline(row for row in rows if row.kind in SETTINGS_CHANGED.stored_kinds),
        test=TestWebhookForm(formdata=None, url=settings.latest_postback(reading(), found.id)),
        tests=messages_about(reading(), WEBHOOK_TEST, found.id, limit=10),
        why_no_test=me().why_not(DEPOSITIONS, found.id) or "",
        now=clock.now(),
    )


@pages.post("/organizations/<slug>/settings")
@allow(*READERS)
def change_settings(slug: str) -> Response:
    """Saves what the organization chose; for its administrators and those of the operating company."""
    found, form = _organization(slug), SettingsForm()
    if not me().may(PEOPLE, True, found.id):
        raise Denied(refusal(PEOPLE))
    form.check()
    actions.change_settings(db(), found.id, form.fields(), by=me().actor(), now=clock.now(), version=form.seen_version)
    flash(f"Saved for {found.name}.")
    return see_other(url_for(".organization", slug=found.slug))


@pages.post("/organizations/<slug>/test_webhook")
@allow(*READERS)
def test_webhook(slug: str) -> Response:
    """Sends a test webhook and leads to its page, which shows what the receiver answers."""
    found, form = _organization(slug), TestWebhookForm()
    me().check(DEPOSITIONS, found.id)
    form.check()
    try:
        actions.test_webhook(db(), found.id, form.url.data, by=me().actor(), now=clock.now())
    except Invalid as refusal:
        errors = [FieldError("url", each.code, each.detail) for each in refusal.errors]
        raise Invalid(f"{errors[0].detail} Nothing was sent.", errors=errors) from None
    (newest, *_) = messages_about(db(), WEBHOOK_TEST, found.id, limit=1)
    flash("The test is on its way. This page shows what the receiver answers.")
    return see_other(url_for("messages.detail", id=newest.id))


def _organization(slug: str) -> Organization:
    return settings.organization(reading(), slug, me().scope(DEPOSITIONS))


def _chosen(chosen: Settings) -> list[tuple[str, str]]:
    """Each choice in words."""
    return [(label, setting(getattr(chosen, name))) for name, label in SETTING_LABELS.items()]
