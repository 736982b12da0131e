"""The authenticator app: set up with a first code, its secret shown once and stored encrypted, and removed."""

import re

from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import TotpSecret
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.accounts.browser import HTMX, post
from tests.accounts.factors import code, give_app, has_factor, hidden, wrong
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox

SHOWN = re.compile(r'<output id="secret"[^>]*>([A-Z2-7 ]+)</output>')


def begin(client: FlaskClient) -> tuple[str, str]:
    """Presses "Set up an authenticator app". Returns the secret shown, and the same encrypted."""
    page = post(client, "/settings/app").text
    found = SHOWN.search(page)
    assert found is not None
    return found[1].replace(" ", ""), hidden(page, "encrypted_secret")


def test_setting_it_up(client: FlaskClient, cast: Cast, database: Database, outbox: Outbox) -> None:
    cast.sign_in(client, "lena")
    page = post(client, "/settings/app").text
    assert 'class="qr"' in page
    assert 'autocomplete="one-time-code"' in page
    secret, encrypted = begin(client)
    assert secret not in encrypted
    shown = code(secret)
    typed = f"{shown[:3]}\u202f{shown[3:]}\u200b".translate({ord("0") + n: chr(0x660 + n) for n in range(10)})
    answer = post(client, "/settings/app-on", {"one_time_code": typed, "encrypted_secret": encrypted})
    assert answer.status_code == 200
    assert len(re.findall(r"\b\w{4}-\w{4}-\w{4}-\w{4}\b", answer.text)) == 10
    assert has_factor(database, cast, "lena")
    assert "Your password alone does not sign in." in client.get("/settings").text
    (message,) = outbox.emails("lena@example.com")
    assert message["subject"] == "A new way to sign in was added to your account"
    assert "An authenticator app was added" in message["text"]


def test_the_secret_is_shown_once_and_kept_encrypted(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    secret, encrypted = begin(client)
    post(client, "/settings/app-on", {"one_time_code": code(secret), "encrypted_secret": encrypted})
    settings = client.get("/settings").text
    assert secret not in settings.replace(" ", "")
    with database.read() as db:
        row = db.scalars(select(TotpSecret)).one()
        assert secret not in row.secret_encrypted
        assert db.vault.decrypt(row.secret_encrypted) == secret
        assert secret not in str([each.data for each in timeline(db, "person", cast.lena.id)])


def test_a_wrong_code_shows_the_same_secret_again(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    secret, encrypted = begin(client)
    for typed in (wrong(secret), "", "abcdef", "1" * 70):
        answer = post(client, "/settings/app-on", {"one_time_code": typed, "encrypted_secret": encrypted})
        assert answer.status_code == 422
        assert SHOWN.search(answer.text)[1].replace(" ", "") == secret  # type: ignore[index]  # asserted by use
    assert not has_factor(database, cast, "lena")
    assert (
        post(client, "/settings/app-on", {"one_time_code": code(secret), "encrypted_secret": encrypted}).status_code
        == 200
    )


def test_the_code_that_set_it_up_does_not_sign_in(client: FlaskClient, cast: Cast, database: Database) -> None:
    from app.accounts.actions import factors
    from app.kernel.clock import now

    cast.sign_in(client, "lena")
    secret, encrypted = begin(client)
    used = code(secret)
    post(client, "/settings/app-on", {"one_time_code": used, "encrypted_secret": encrypted})
    with database.write() as db:
        assert not factors.use_app_code(db, cast.lena.id, used, now=now())


def test_another_persons_or_a_stale_page_sets_nothing_up(
    client: FlaskClient, cast: Cast, database: Database, clock: Clock
) -> None:
    cast.sign_in(client, "lena")
    secret, encrypted = begin(client)
    cast.sign_in(client, "otto")
    for given in (encrypted, "made up", ""):
        form = {"one_time_code": code(secret), "encrypted_secret": given}
        assert post(client, "/settings/app-on", form).status_code == 422
    cast.sign_in(client, "lena")
    clock.move(minutes=16)
    cast.sign_in(client, "lena")
    form = {"one_time_code": code(secret), "encrypted_secret": encrypted}
    assert "open for too long" in post(client, "/settings/app-on", form).text
    assert not has_factor(database, cast, "lena")
    assert not has_factor(database, cast, "otto")


def test_a_second_app_is_refused(client: FlaskClient, cast: Cast, database: Database) -> None:
    cast.sign_in(client, "lena")
    first, encrypted = begin(client)
    other, encrypted_other = begin(client)
    post(client, "/settings/app-on", {"one_time_code": code(first), "encrypted_secret": encrypted})
    form = {"one_time_code": code(other), "encrypted_secret": encrypted_other}
    assert post(client, "/settings/app-on", form).status_code == 409
    with database.read() as db:
        assert db.vault.decrypt(db.scalars(select(TotpSecret)).one().secret_encrypted) == first


def test_taking_it_away(client: FlaskClient, cast: Cast, database: Database, outbox: Outbox) -> None:
    give_app(database, cast, "lena")
    cast.sign_in(client, "lena")
    assert post(client, "/settings/app-off").location == "/settings"
    assert not has_factor(database, cast, "lena")
    assert "Your password alone signs in." in client.get("/settings").text
    assert "Your password alone signs in now." in outbox.emails("lena@example.com")[-1]["text"]
    assert post(client, "/settings/app-off", headers=HTMX).status_code == 409


def test_it_is_ones_own(client: FlaskClient, cast: Cast, database: Database) -> None:
    give_app(database, cast, "lena")
    cast.sign_in(client, "otto")
    assert post(client, "/settings/app-off").status_code == 409
    assert has_factor(database, cast, "lena")
