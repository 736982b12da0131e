"""Scheduling for an organization whose API keys are revoked: nothing can sign its webhook, and the page says so."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from app.accounts.models import ApiKey
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import OutboxRow
from tests.cast import Cast
from tests.depositions import factories
from tests.depositions.pages import send
from tests.pages import csrf, text

WARNING = "The organization has no active depositions key to sign this with, so it waits until there is one."
LOST = "The newest depositions key of the organization cannot be read with the present ENCRYPTION_KEYS, so it waits"


@pytest.mark.parametrize("revoked", [True, False])
def test_the_confirmation_page_warns_that_nothing_can_sign_the_webhook(
    app: Any, database: Database, cast: Cast, revoked: bool
) -> None:
    made = factories.request(database, cast)
    client = cast.sign_in(app.test_client(), "ines")
    cast.key("depositions")
    if revoked:
        with database.write() as db:
            db.execute(update(ApiKey).values(revoked_at=now()))
    page = f"/depositions/{made.id}"
    typed = {"manager": str(cast.managers["ines"].id), "room_url": factories.ROOM, "version": 1, "step": "preview"}
    shown = client.post(f"{page}/schedule", data={**typed, "csrf_token": csrf(client, page)})
    assert shown.status_code == 200
    assert (WARNING in text(shown)) is revoked


def test_what_nobody_can_decrypt_any_more_stands_in_nobodys_way(app: Any, database: Database, cast: Cast) -> None:
    """A backup that was restored without the ENCRYPTION_KEYS of its time: keys and messages that wait are lost, and the
    work goes on."""
    made = factories.in_state(database, cast, "scheduled")
    cast.key("depositions")
    lost = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    with database.write() as db:
        db.execute(update(ApiKey).values(secret_encrypted=lost))
        db.execute(update(OutboxRow).values(payload=lost))
    client = cast.sign_in(app.test_client(), "ines")
    typed = {"manager": "other", "manager_name": "Kwame Osei", "manager_email": "kwame@example.com"}
    assert send(client, made.id, "change_manager", version=made.version, **typed).status_code == 303
    waits = factories.request(database, cast, **factories.OTHERS)
    page = f"/depositions/{waits.id}"
    typed = {"manager": str(cast.managers["ines"].id), "room_url": factories.ROOM, "version": 1, "step": "preview"}
    shown = client.post(f"{page}/schedule", data={**typed, "csrf_token": csrf(client, page)})
    assert (shown.status_code, LOST in text(shown)) == (200, True)
