"""Authentication of the three APIs: which credential is valid where, and one refusal for every other one."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import jwt
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from app.accounts import api_auth
from app.accounts.actions import keys
from app.accounts.last_seen import pending_times
from app.accounts.models import ApiKey, Organization
from app.accounts.roles import Product
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.kernel.errors import Unauthorized
from tests.cast import COMMAND_LINE, Cast
from tests.statements import heard

AUTHENTICATORS = {
    "depositions": api_auth.depositions_authenticator,
    "prescreens": api_auth.prescreens_authenticator,
    "inspections": api_auth.inspections_authenticator,
}


def authenticate(database: Database, product: str, authorization: str | None) -> api_auth.Caller:
    with database.read() as db:
        return AUTHENTICATORS[product].authenticate(authorization, db, now())


def refusal_of(database: Database, product: str, authorization: str | None) -> Unauthorized:
    with pytest.raises(Unauthorized) as refusal:
        authenticate(database, product, authorization)
    return refusal.value


def claims(database: Database, cast: Cast, **given: object) -> str:
    """A bearer signed with Marston's key, with these claims."""
    return "Bearer " + jwt.encode(given, cast.key("depositions"), algorithm="HS256")


def soon() -> int:
    return int(time.time()) + 3600


def test_opaque_keys_authenticate_at_their_own_api(database: Database, cast: Cast) -> None:
    for product in ("prescreens", "inspections"):
        caller = authenticate(database, product, f"Bearer {cast.key(product)}")
        assert caller.organization.slug == "marston"
        assert caller.organization.plan == "pro"
        assert cast.key(product).startswith(caller.credential.prefix)


def test_scheme_is_read_without_its_case(database: Database, cast: Cast) -> None:
    assert authenticate(database, "prescreens", f"bearer   {cast.key('prescreens')} ").organization.slug == "marston"


def test_inspection_keys_may_come_after_their_public_half(database: Database, cast: Cast) -> None:
    key = cast.key("inspections")
    assert authenticate(database, "inspections", f"Bearer nb_pub_whatever:{key}").organization.slug == "marston"
    refusal_of(database, "inspections", f"Bearer {key}:nb_pub_whatever")


def test_scopes_travel_with_the_key(database: Database, cast: Cast) -> None:
    key = cast.key("inspections", "marston", "sessions:read")
    assert authenticate(database, "inspections", f"Bearer {key}").credential.scopes == {"sessions:read"}
    everything = authenticate(database, "inspections", f"Bearer {cast.key('inspections')}").credential.scopes
    assert {"sessions:read", "sessions:write", "participants:read", "participants:write"} <= everything


def test_a_signed_bearer_opens_depositions(database: Database, cast: Cast) -> None:
    assert authenticate(database, "depositions", f"Bearer {cast.bearer('harbor')}").organization.slug == "harbor"
    more = claims(database, cast, slug="marston", exp=soon(), aud="x", iss="y", iat=soon(), sub=7, anything=[1])
    assert authenticate(database, "depositions", more).organization.slug == "marston"


@pytest.mark.parametrize("seconds,opens", [(-10, True), (-45, False)])
def test_clocks_may_differ_by_half_a_minute(database: Database, cast: Cast, seconds: int, opens: bool) -> None:
    bearer = f"Bearer {cast.bearer(seconds=seconds)}"
    if opens:
        authenticate(database, "depositions", bearer)
    else:
        refusal_of(database, "depositions", bearer)


def test_any_key_that_is_left_verifies_and_the_newest_signs(database: Database, cast: Cast) -> None:
    first = cast.bearer()
    with database.write() as db:
        home = db.get_one(Organization, cast.marston.id)
        newer, secret = keys.create(db, home, "depositions", by=COMMAND_LINE, now=now())
    second = api_auth.token(secret, "marston", now() + timedelta(hours=1))
    old, new = (
        authenticate(database, "depositions", f"Bearer {first}"),
        authenticate(database, "depositions", f"Bearer {second}"),
    )
    assert (old.credential.id, new.credential.id) == (new.credential.id - 1, newer.id)
    with database.read() as db:
        assert api_auth.signing_key(db, cast.marston.id) == secret
    with database.write() as db:
        keys.revoke(db, db.get_one(ApiKey, newer.id), by=COMMAND_LINE, now=now())
    refusal_of(database, "depositions", f"Bearer {second}")
    with database.read() as db:
        assert api_auth.signing_key(db, cast.marston.id) == cast.key("depositions")


def test_without_a_key_nothing_can_be_signed(database: Database, cast: Cast) -> None:
    with database.read() as db, pytest.raises(LookupError):
        api_auth.signing_key(db, cast.fern.id)


def test_a_key_that_nobody_can_decrypt_any_more_is_no_key(database: Database, cast: Cast) -> None:
    """A backup that was restored without the ENCRYPTION_KEYS of its time; another key was created since."""
    lost = cast.bearer()
    with database.write() as db:
        db.execute(update(ApiKey).values(secret_encrypted=Fernet(Fernet.generate_key()).encrypt(b"sd_lost").decode()))
    refusal_of(database, "depositions", f"Bearer {lost}")
    with database.read() as db, pytest.raises(LookupError, match="cannot be read with the present ENCRYPTION_KEYS"):
        api_auth.signing_key(db, cast.marston.id)
    with database.write() as db:
        home = db.get_one(Organization, cast.marston.id)
        _, secret = keys.create(db, home, "depositions", by=COMMAND_LINE, now=now())
    fresh = api_auth.token(secret, "marston", now() + timedelta(hours=1))
    assert authenticate(database, "depositions", f"Bearer {fresh}").organization.slug == "marston"
    refusal_of(database, "depositions", f"Bearer {lost}")


def test_a_key_is_refused_at_other_apis(database: Database, cast: Cast) -> None:
    credentials = {
        "depositions": cast.bearer(),
        "prescreens": cast.key("prescreens"),
        "inspections": cast.key("inspections"),
    }
    for product in AUTHENTICATORS:
        for other, credential in credentials.items():
            if other != product:
                refusal_of(database, product, f"Bearer {credential}")
    refusal_of(database, "depositions", f"Bearer {cast.key('depositions')}")


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_what_only_a_key_decides_gets_one_answer(database: Database, cast: Cast) -> None:
    """Neither whether an organization exists nor which key it has is told."""
    key, stranger = cast.key("depositions"), cast.key("depositions", "harbor")
    good = {"slug": "marston", "exp": soon()}
    wrong = [
        f"Bearer {cast.bearer()}x",
        f"Bearer {cast.bearer()[:-4]}",
        f"Bearer {part({'alg': 'HS256'})}.{part(good)}.",
        "Bearer " + jwt.encode(good, stranger, algorithm="HS256"),
        "Bearer " + jwt.encode({**good, "slug": "nobody"}, key, algorithm="HS256"),
        "Bearer " + jwt.encode({**good, "slug": "fern"}, key, algorithm="HS256"),
        claims(database, cast, slug="mar\x00ston", exp=soon()),
        claims(database, cast, slug="MARSTON", exp=soon()),
        claims(database, cast, slug="x" * 500, exp=soon()),
    ]
    answers = {(r.detail, r.code, r.status, str(r.headers)) for r in refusals(database, wrong)}
    assert len(answers) == 1
    detail, *rest = answers.pop()
    assert "slug" in detail
    assert rest == ["unauthorized", 401, "{'WWW-Authenticate': 'Bearer'}"]


def refusals(database: Database, wrong: list[str]) -> list[Unauthorized]:
    return [refusal_of(database, "depositions", each) for each in wrong]


MILLISECONDS = int(time.time() * 1000) + 3_600_000


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"slug": "marston"}, ["`exp`", "missing"]),
        ({"exp": soon()}, ["`slug`", "missing"]),
        ({"slug": None, "exp": soon()}, ["`slug`", "missing"]),
        ({"slug": "", "exp": soon()}, ["`slug`", "missing"]),
        ({"slug": ["marston"], "exp": soon()}, ["`slug`", "text"]),
        ({"requests": []}, ["`exp`", "missing"]),
        ({"slug": "marston", "exp": MILLISECONDS}, ["`exp`", "milliseconds", "seconds"]),
        ({"slug": "marston", "exp": MILLISECONDS * 1000}, ["`exp`", "milliseconds"]),
        ({"slug": "marston", "exp": MILLISECONDS + 0.5}, ["`exp`", "milliseconds"]),
        ({"slug": "marston", "exp": 253_402_300_800}, ["`exp`", "milliseconds"]),
        ({"slug": "marston", "exp": 2**63}, ["`exp`", "milliseconds"]),
        ({"slug": "marston", "exp": 10**40}, ["`exp`", "milliseconds"]),
        ({"slug": "marston", "exp": 1e300}, ["`exp`", "milliseconds"]),
        ({"slug": "marston", "exp": soon() - 7200}, ["`exp`", "passed"]),
        ({"slug": "marston", "exp": 0}, ["`exp`", "passed"]),
        ({"slug": "marston", "exp": -(10**40)}, ["`exp`", "passed"]),
        ({"slug": "marston", "exp": True}, ["`exp`", "number"]),
        ({"slug": "marston", "exp": str(soon())}, ["`exp`", "number"]),
        ({"slug": "marston", "exp": [soon()]}, ["`exp`", "number"]),
        ({"slug": "marston", "exp": soon(), "nbf": soon()}, ["`nbf`", "future"]),
        ({"slug": "marston", "exp": soon(), "nbf": MILLISECONDS}, ["`nbf`", "future"]),
        ({"slug": "marston", "exp": soon(), "nbf": True}, ["`nbf`", "number"]),
        ({"slug": "marston", "exp": soon(), "nbf": "now"}, ["`nbf`", "number"]),
    ],
)
def test_what_is_wrong_with_a_token_is_named(database: Database, cast: Cast, given: dict, named: list[str]) -> None:
    """Signed or not: no key is looked up for it."""
    signed = claims(database, cast, **given)
    forged = "Bearer " + jwt.encode(given, "somebody else's key, thirty-two bytes", algorithm="HS256")
    details = {refusal.detail for refusal in refusals(database, [signed, forged])}
    assert len(details) == 1
    assert [word for word in named if word not in details.copy().pop()] == []


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "RS256", "hs256", "", None, 7, ["HS256"]])
def test_another_algorithm_is_named(database: Database, cast: Cast, algorithm: object) -> None:
    signature = cast.bearer().rpartition(".")[2]
    token = f"{part({'alg': algorithm})}.{part({'slug': 'marston', 'exp': soon()})}.{signature}"
    refusal = refusal_of(database, "depositions", f"Bearer {token}")
    assert "`alg`" in refusal.detail
    assert "HS256" in refusal.detail


def test_what_is_no_token_is_named(database: Database, cast: Cast) -> None:
    header = part({"alg": "HS256"})
    wrong = [
        f"Bearer {cast.key('depositions')}",
        "Bearer a.b.c",
        "Bearer ..",
        f"Bearer {header}.{part([])}.x",
        f"Bearer {part('HS256')}.{part({})}.x",
        f"Bearer {header}.{part({'exp': float('nan')})}.x",
        f"Bearer {header}.{base64.urlsafe_b64encode(b'[' * 5000).decode()}.x",
        f"Bearer {base64.urlsafe_b64encode(b'[' * 5000).decode()}.{part({})}.x",
        f"Bearer {cast.bearer()}.",
        "Bearer " + "x" * 8000,
    ]
    details = {refusal.detail for refusal in refusals(database, wrong)}
    assert len(details) == 1
    assert "JSON Web Token" in details.pop()


def test_a_missing_credential_is_one_refusal_at_every_api(database: Database, cast: Cast) -> None:
    wrong = [None, "", "Bearer", "Bearer ", f"Basic {cast.bearer()}", "Bearer " + "x" * 20_000, "Bearer ünïcode.x.y"]
    answers = {
        (r.detail, r.code, r.status, str(r.headers))
        for product in AUTHENTICATORS
        for r in (refusal_of(database, product, each) for each in wrong)
    }
    answers |= {
        (r.detail, r.code, r.status, str(r.headers))
        for product in ("prescreens", "inspections")
        for r in (
            refusal_of(database, product, each) for each in (f"Bearer {cast.bearer()}", "Bearer ra_unknown-key-0")
        )
    }
    assert len(answers) == 1
    assert answers.pop()[1:] == ("unauthorized", 401, "{'WWW-Authenticate': 'Bearer'}")


def test_moments_may_have_fractions_and_end_with_the_year_9999(database: Database, cast: Cast) -> None:
    for exp in (soon() + 0.5, 253_402_300_799):
        bearer = claims(database, cast, slug="marston", exp=exp, nbf=soon() - 7200.25, iat="whenever")
        assert authenticate(database, "depositions", bearer).organization.slug == "marston"


def test_a_revoked_key_is_a_wrong_key(database: Database, cast: Cast) -> None:
    for product in AUTHENTICATORS:
        cast.key(product)
    with database.write() as db:
        for key in db.scalars(select(ApiKey)):
            keys.revoke(db, key, by=COMMAND_LINE, now=now())
    for product in ("prescreens", "inspections"):
        refusal_of(database, product, f"Bearer {cast.key(product)}")
    refusal_of(database, "depositions", f"Bearer {cast.bearer()}")


def test_each_authentication_is_one_query(database: Database, cast: Cast) -> None:
    credentials = {name: cast.headers(name)["Authorization"] for name in AUTHENTICATORS}
    for name, credential in credentials.items():
        with heard(database.reader) as asked:
            authenticate(database, name, credential)
        assert len(asked) == 1


def test_no_secret_is_stored_in_clear(database: Database, cast: Cast) -> None:
    secrets = [cast.key(product) for product in AUTHENTICATORS]
    with database.read() as db:
        rows = db.scalars(select(ApiKey)).all()
        kept = [f"{row.secret_sha256} {row.secret_encrypted} {row.prefix} {row.label}" for row in rows]
    assert not [secret for secret in secrets for text in kept if secret in text]
    assert {row.product for row in rows if row.secret_encrypted} == {"depositions"}
    assert all(len(secret) >= 32 for secret in secrets)


def test_last_used_is_written_beside_and_at_most_once_a_minute(database: Database, cast: Cast) -> None:
    credential = cast.headers("prescreens")["Authorization"]
    authenticate(database, "prescreens", credential)
    authenticate(database, "prescreens", credential)
    pending_times(database).write()
    with database.read() as db:
        first = db.execute(select(ApiKey.last_used_at)).scalar_one()
    assert first is not None
    assert now() - first < timedelta(seconds=10)
    authenticate(database, "prescreens", credential)
    pending_times(database).write()
    with database.write() as db:
        assert db.execute(select(ApiKey.last_used_at)).scalar_one() == first
        db.execute(update(ApiKey).values(last_used_at=first - timedelta(seconds=61)))
    authenticate(database, "prescreens", credential)
    pending_times(database).write()
    with database.read() as db:
        assert db.execute(select(ApiKey.last_used_at)).scalar_one() > first - timedelta(seconds=61)


def test_closing_waits_for_times_that_are_being_written(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is in use when the engines close would never be closed."""
    begun, go_on = threading.Event(), threading.Event()
    really = database.write

    @contextmanager
    def slowly() -> Iterator[Db]:
        with really() as db:
            begun.set()
            assert go_on.wait(10)
            yield db

    authenticate(database, "prescreens", cast.headers("prescreens")["Authorization"])
    monkeypatch.setattr(database, "write", slowly)
    writing = threading.Thread(target=pending_times(database).write)
    closing = threading.Thread(target=pending_times(database).write)
    writing.start()
    assert begun.wait(10)
    closing.start()
    closing.join(0.2)
    assert closing.is_alive()
    go_on.set()
    for thread in (writing, closing):
        thread.join(10)
        assert not thread.is_alive()
    with database.read() as db:
        assert db.execute(select(ApiKey.last_used_at)).scalar_one() is not None


def test_limits_are_those_of_the_documents(database: Database, cast: Cast) -> None:
    def limits(product: str, slug: str) -> list[int]:
        caller = authenticate(database, product, cast.headers(product, slug)["Authorization"])
        return [each for _, each in AUTHENTICATORS[product].limits(caller)]

    assert limits("inspections", "marston") == [60, 600]
    assert limits("depositions", "marston") == [600]
    assert [limits("prescreens", slug)[0] for slug in ("pine", "marston", "quill", "fern")] == [30, 120, 600, 30]


def test_buckets_are_shared_only_within_one_organization(database: Database, cast: Cast) -> None:
    def buckets(product: str, slug: str) -> set[str]:
        caller = authenticate(database, product, cast.headers(product, slug)["Authorization"])
        return {bucket for bucket, _ in AUTHENTICATORS[product].limits(caller)}

    for product in Product:
        assert not buckets(product, "marston") & buckets(product, "harbor")
