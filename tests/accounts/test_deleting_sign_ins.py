"""The worker forgets sign-ins that are over for a month, and challenges that have expired."""

from datetime import timedelta

from sqlalchemy import insert, select

from app.accounts.actions.sign_ins import forget_old
from app.accounts.jobs import Tidy
from app.accounts.models import SignIn, UsedChallenge
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.cast import Cast

AGES = {"open": 0.0, "a week": 7.0, "nearly": 30.4, "over": 30.6, "long over": 90.0}


def fill(database: Database, cast: Cast) -> None:
    with database.write() as db:
        db.execute(
            insert(SignIn),
            [
                {
                    "person_id": cast.lena.id,
                    "token_sha256": name,
                    "session_epoch": 0,
                    "created_at": now() - timedelta(days=days),
                    "last_seen_at": now() - timedelta(days=days),
                    "ended_at": now() - timedelta(days=days) if days else None,
                }
                for name, days in AGES.items()
            ],
        )
        used = [{"challenge_sha256": str(n), "expires_at": now() + timedelta(minutes=n)} for n in (-1, 1)]
        db.execute(insert(UsedChallenge), used)


def test_sign_ins_that_ended_a_month_ago_are_deleted(database: Database, cast: Cast) -> None:
    fill(database, cast)
    assert Tidy()(database, now()) is False
    with database.read() as db:
        assert set(db.scalars(select(SignIn.token_sha256))) == {"open", "a week", "nearly"}
        assert list(db.scalars(select(UsedChallenge.challenge_sha256))) == ["1"]


def test_many_go_in_portions(database: Database, cast: Cast) -> None:
    fill(database, cast)
    with database.write() as db:
        assert forget_old(db, now(), portion=1) is True
        assert forget_old(db, now(), portion=1) is True
        assert forget_old(db, now(), portion=1) is False


def test_it_looks_once_in_a_while(database: Database, cast: Cast) -> None:
    tidy = Tidy()
    tidy(database, now())
    fill(database, cast)
    tidy(database, now())
    with database.read() as db:
        assert len(db.scalars(select(SignIn.token_sha256)).all()) == len(AGES)
