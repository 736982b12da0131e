"""`desk key create` and `desk token`: shown once, opens its door, scoped."""

import pytest
from cryptography.fernet import Fernet

from app.accounts import api_auth
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Refusal
from tests.cli.running import Desk

APIS = {"prescreens": api_auth.prescreens_authenticator, "inspections": api_auth.inspections_authenticator}
PREFIXES = {"depositions": "sd_", "prescreens": "ra_", "inspections": "nb_sec_"}


@pytest.fixture(autouse=True)
def marston(desk: Desk) -> None:
    desk("organization", "create", "--name", "Marston", "--slug", "marston", "--plan", "pro")


@pytest.mark.parametrize("product", PREFIXES)
def test_prints_the_key_alone(desk: Desk, product: str) -> None:
    done = desk("key", "create", "--organization", "marston", "--product", product)
    assert done.exit_code == 0
    assert done.stdout.startswith(PREFIXES[product])
    assert done.stdout.count("\n") == 1
    assert "not shown again" in done.stderr


@pytest.mark.parametrize("product", APIS)
def test_the_key_opens_its_api(desk: Desk, database: Database, product: str) -> None:
    made = desk.json("key", "create", "--organization", "marston", "--product", product, "--label", "CI")
    assert {name: made[name] for name in ("organization", "product", "label")} == {
        "organization": "marston",
        "product": product,
        "label": "CI",
    }
    with database.read() as db:
        caller = APIS[product].authenticate(f"Bearer {made['key']}", db, now())
    assert caller.organization.slug == "marston"
    assert caller.credential.scopes == set(made["scopes"])


def test_no_scope_means_all_and_some_mean_some(desk: Desk) -> None:
    create = ("key", "create", "--organization", "marston", "--product", "inspections")
    assert len(desk.json(*create)["scopes"]) >= 4
    some = desk.json(*create, "--scope", "participants:write", "--scope", "sessions:read")
    assert some["scopes"] == ["sessions:read", "participants:write"]


def test_unknown_scopes_are_refused(desk: Desk) -> None:
    for product, scope in (("inspections", "everything"), ("prescreens", "sessions:read")):
        done = desk("key", "create", "--organization", "marston", "--product", product, "--scope", scope)
        assert done.exit_code == 1
        assert "There is no such scope." in done.stderr


def test_each_call_makes_another_key(desk: Desk) -> None:
    create = ("key", "create", "--organization", "marston", "--product", "prescreens")
    assert desk.json(*create)["key"] != desk.json(*create)["key"]


def test_nobody_gets_no_key(desk: Desk) -> None:
    done = desk("key", "create", "--organization", "nobody", "--product", "prescreens")
    assert (done.exit_code, done.stderr) == (1, "There is no organization nobody.\n")


def test_the_token_opens_depositions_for_an_hour(desk: Desk, database: Database) -> None:
    desk("key", "create", "--organization", "marston", "--product", "depositions")
    bearer = desk("token", "--organization", "marston").stdout.strip()
    with database.read() as db:
        assert (
            api_auth.depositions_authenticator.authenticate(f"Bearer {bearer}", db, now()).organization.slug
            == "marston"
        )
    printed = desk.json("token", "--organization", "marston")
    assert printed["expires_at"].endswith("Z")
    assert printed["organization"] == "marston"


def test_without_a_key_there_is_no_token(desk: Desk) -> None:
    done = desk("token", "--organization", "marston")
    assert done.exit_code == 1
    assert "no active depositions key" in done.stderr


def test_a_key_that_nobody_can_read_any_more_is_not_called_missing(desk: Desk) -> None:
    desk.json("key", "create", "--organization", "marston", "--product", "depositions", "--label", "CI")
    done = desk("token", "--organization", "marston", ENCRYPTION_KEYS=Fernet.generate_key().decode())
    assert done.exit_code == 1
    assert "cannot be read with the present ENCRYPTION_KEYS. Create one first." in done.stderr


def test_keys_are_listed_without_their_secrets(desk: Desk) -> None:
    made = desk.json("key", "create", "--organization", "marston", "--product", "prescreens", "--label", "CI")
    (listed,) = desk.json("key", "list")["keys"]
    assert made["key"].startswith(listed["key"])
    assert len(listed["key"]) < len(made["key"]) - 20
    assert (listed["label"], listed["last_used_at"], listed["revoked_at"]) == ("CI", None, None)
    assert f"{listed['key']}…  marston, prescreens “CI”, never used" in desk("key", "list").stdout
    assert desk("key", "list", "--organization", "nobody").exit_code == 1


@pytest.mark.parametrize("whole", [True, False])
def test_a_key_is_revoked_once_and_stays_in_the_list(desk: Desk, database: Database, whole: bool) -> None:
    made = desk.json("key", "create", "--organization", "marston", "--product", "prescreens")["key"]
    shown = desk.json("key", "list")["keys"][0]["key"]
    called = made if whole else shown
    assert desk.json("key", "revoke", called)["changed"] is False
    assert desk.json("key", "list")["keys"][0]["revoked_at"] is None
    revoke = ("key", "revoke", called, "--yes")
    assert [desk.json(*revoke)["changed"] for _ in range(2)] == [True, False]
    assert desk.json("key", "list")["keys"] == []
    (kept,) = desk.json("key", "list", "--revoked")["keys"]
    assert kept["revoked_at"] is not None
    with database.read() as db, pytest.raises(Refusal, match="valid credential"):
        APIS["prescreens"].authenticate(f"Bearer {made}", db, now())


def test_an_unknown_key_is_not_printed(desk: Desk) -> None:
    done = desk("key", "revoke", "ra_" + "x" * 40, "--yes")
    assert done.exit_code == 1
    assert "xx" not in done.output
