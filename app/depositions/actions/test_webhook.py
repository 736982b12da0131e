"""A test webhook: an example that says it is one, sent as every webhook is."""

from datetime import datetime, timedelta

from app.accounts.api_auth import signing_key
from app.depositions import events
from app.depositions.actions.request import check_postback
from app.depositions.payloads import documents
from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.kernel.outbox.webhooks import notification

GIVEN_UP = timedelta(seconds=30)
"""How long a test is tried: whoever waits for it looks now."""


def test_webhook(db: Db, organization_id: int, url: str, *, by: Actor, now: datetime) -> None:
    """Sends an example of a scheduled session to `url`, signed with the organization's newest key.

    Raises Invalid for an address that is never called, Conflict when there is no key.
    """
    check_postback(url, db)
    try:
        signing_key(db, organization_id)
    except LookupError as reason:
        raise Conflict(f"{reason} Nothing was sent.", code="webhook.no_key") from None
    message = notification(
        url,
        documents.example(db.config.public_base_url),
        organization_id,
        not_after=now + GIVEN_UP,
        summary="Test webhook",
    )
    record(
        db,
        events.WEBHOOK_TESTED,
        subject_type=events.WEBHOOK_TEST,
        subject_id=organization_id,
        organization_id=organization_id,
        by=by,
        now=now,
        data={"host": message.destination},
        messages=[message],
    )
