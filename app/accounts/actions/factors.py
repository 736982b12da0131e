"""Second factors: codes of an app, passkeys, recovery codes. Setting them up, using them, removing them.

Everything that may be used once is decided by one conditional statement, so that of two uses at once one counts.
"""

from datetime import datetime

from sqlalchemy import delete, exists, insert, or_, select, update

from app.accounts import emails, events, passkeys, recovery, rules, totp
from app.accounts.models import Passkey, Person, RecoveryCode, TotpSecret, UsedChallenge
from app.accounts.queries import LARGEST_ID
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor, record
from app.kernel.crypto import sha256
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict, Denied, NotFound
from app.kernel.json_types import JsonObject
from app.kernel.outbox.outbox import Message
from app.kernel.text import normalization

MOST_PASSKEYS = 20

WRONG_SETUP_CODE = "This is not the code the app shows now. Nothing was set up. Wait for the next one and type that."
APP = "An authenticator app"


def turn_on_app(db: Db, person: Person, secret: str, code: str, *, by: Actor, now: datetime) -> list[str]:
    """Stores the secret of an authenticator app, once a code proves that the app has it too.

    Returns recovery codes where there were none yet, to be shown once. Raises Invalid, or Conflict when there is an
    app already.
    """
    step = totp.step_of(secret, normalization.code(code), now)
    if step is None:
        raise rules.invalid("one_time_code", "wrong", WRONG_SETUP_CODE)
    _lock_factors(db, person.id)
    existing = db.execute(
        select(TotpSecret.person_id).where(TotpSecret.person_id == person.id).limit(1)
    ).scalar_one_or_none()
    if existing is not None:
        raise Conflict(
            "You have an authenticator app already. Nothing was changed. Remove that one first.", code="app.exists"
        )
    values: Values = {
        TotpSecret.person_id: person.id,
        TotpSecret.secret_encrypted: db.vault.encrypt(secret),
        TotpSecret.last_step: step,
        TotpSecret.created_at: now,
    }
    db.execute(insert(TotpSecret).values(values))
    codes = _update_factors(db, person.id)
    _record(db, events.PERSON_APP_ADDED, person, by, now, None, [emails.factor_added(db, person, APP, now)])
    return codes


def turn_off_app(db: Db, person: Person, *, by: Actor, now: datetime) -> None:
    """Removes the authenticator app. Raises Conflict when there is none."""
    _lock_factors(db, person.id)
    gone = db.execute(
        delete(TotpSecret).where(TotpSecret.person_id == person.id).returning(TotpSecret.person_id)
    ).scalar_one_or_none()
    if gone is None:
        raise Conflict("There is no authenticator app to remove. Nothing was changed.", code="app.missing")
    _update_factors(db, person.id)
    message = emails.factor_removed(db, person, APP, _has_factor(db, person.id), now)
    _record(db, events.PERSON_APP_REMOVED, person, by, now, None, [message])


def use_code(db: Db, person: Person, typed: str, *, by: Actor, now: datetime) -> str | None:
    """Uses a code up. Returns `code` for one of the app, `recovery code` for one of those, None when it is wrong."""
    digits = normalization.code(typed)
    if len(digits) == 6 and digits.isascii() and digits.isdecimal():
        return "code" if use_app_code(db, person.id, digits, now=now) else None
    return "recovery code" if _use_recovery_code(db, person, typed, by=by, now=now) else None


def use_app_code(db: Db, person_id: int, code: str, *, now: datetime) -> bool:
    """Uses a code of the person's app up, with all earlier ones. False when it is wrong or its step was used."""
    encrypted = db.execute(select(TotpSecret.secret_encrypted).where(TotpSecret.person_id == person_id)).scalar()
    secret = db.vault.read(encrypted)  # empty where its key is lost: recovery codes and passkeys still sign in
    step = totp.step_of(secret, normalization.code(code), now) if secret else None
    if step is None:
        return False
    done = db.execute(
        update(TotpSecret)
        .where(
            TotpSecret.person_id == person_id,
            # A step that is still to come was used under a clock that was ahead: it must not void codes until then.
            or_(TotpSecret.last_step < step, TotpSecret.last_step > totp.step_at(now) + totp.DRIFT),
        )
        .values({TotpSecret.last_step: step})
        .returning(TotpSecret.person_id)
    )
    return done.scalar_one_or_none() is not None


def _use_recovery_code(db: Db, person: Person, typed: str, *, by: Actor, now: datetime) -> bool:
    done = db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_sha256 == recovery.digest(person.id, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values({RecoveryCode.used_at: now})
        .returning(RecoveryCode.id)
    ).scalar_one_or_none()
    if done is None:
        return False
    unused = select(RecoveryCode.id).where(RecoveryCode.person_id == person.id, RecoveryCode.used_at.is_(None))
    left = len(db.execute(unused).all())
    message = emails.recovery_code_used(db, person, left, now)
    _record(db, events.PERSON_RECOVERY_CODE_USED, person, by, now, {"left": left}, [message])
    return True


def renew_codes(db: Db, person: Person, *, by: Actor, now: datetime) -> list[str]:
    """Replaces the recovery codes by ten new ones. Raises Conflict when there is no factor that they would replace."""
    _lock_factors(db, person.id)
    if not _has_factor(db, person.id):
        raise Conflict("Set up an app or a passkey first. No codes were created.", code="factors.missing")
    codes = _new_codes(db, person.id)
    _record(db, events.PERSON_RECOVERY_CODES_MADE, person, by, now)
    return codes


def add_passkey(
    db: Db, person: Person, passkey: passkeys.NewPasskey, name: str, *, by: Actor, now: datetime
) -> list[str]:
    """Stores a new passkey. Returns recovery codes where there were none yet, to be shown once.

    Raises Invalid for a bad name, Conflict when it is registered already or there are too many.
    """
    name = rules.plain_text("name", name, rules.LABEL_LENGTH)
    _lock_factors(db, person.id)
    if len(db.execute(select(Passkey.id).where(Passkey.person_id == person.id)).all()) >= MOST_PASSKEYS:
        raise Conflict(f"You have {MOST_PASSKEYS} passkeys, the most there may be. Remove one first.", "passkey.many")
    inserted = insert_once(
        db,
        Passkey,
        {
            Passkey.person_id: person.id,
            Passkey.name: name,
            Passkey.credential_id: passkey.credential_id,
            Passkey.public_key: passkey.public_key,
            Passkey.sign_count: passkey.sign_count,
            Passkey.created_at: now,
            Passkey.last_used_at: None,
        },
    )
    if inserted is None:
        raise Conflict("This passkey is registered already. Nothing was changed.", code="passkey.exists")
    codes = _update_factors(db, person.id)
    message = emails.factor_added(db, person, f"The passkey “{name}”", now)
    _record(db, events.PERSON_PASSKEY_ADDED, person, by, now, {"passkey": name}, [message])
    return codes


def remove_passkey(db: Db, person: Person, passkey_id: int, *, by: Actor, now: datetime) -> None:
    """Removes a passkey of the person. Raises NotFound."""
    _lock_factors(db, person.id)
    name = None
    if passkey_id <= LARGEST_ID:
        name = db.execute(
            delete(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == person.id).returning(Passkey.name)
        ).scalar_one_or_none()
    if name is None:
        raise NotFound("There is no such passkey, or it is removed already.")
    _update_factors(db, person.id)
    message = emails.factor_removed(db, person, f"The passkey “{name}”", _has_factor(db, person.id), now)
    _record(db, events.PERSON_PASSKEY_REMOVED, person, by, now, {"passkey": name}, [message])


def use_passkey(
    db: Db, passkey: Passkey, challenge: bytes, expires_at: datetime, sign_count: int, *, by: Actor, now: datetime
) -> bool:
    """Uses a verified response up. False when its challenge was used before or the device's counter did not grow.

    A counter that did not grow means that the passkey may have been copied: this is recorded as an event.
    """
    used: Values = {
        UsedChallenge.challenge_sha256: sha256(challenge.hex()),
        UsedChallenge.expires_at: expires_at,
    }
    if insert_once(db, UsedChallenge, used) is None:
        return False
    counted = or_(Passkey.sign_count < sign_count, (Passkey.sign_count == 0) & (sign_count == 0))
    done = db.execute(
        update(Passkey)
        .where(Passkey.id == passkey.id, counted)
        .values({Passkey.sign_count: sign_count, Passkey.last_used_at: now})
        .returning(Passkey.id)
    ).scalar_one_or_none()
    if done is None and db.execute(select(Passkey.id).where(Passkey.id == passkey.id)).first() is not None:
        person = db.get_one(Person, passkey.person_id)
        _record(db, events.PERSON_PASSKEY_REFUSED, person, by, now, {"passkey": passkey.name})
    return done is not None


def reset(db: Db, person: Person, *, by: Actor, now: datetime) -> None:
    """Removes every factor of a person who lost them, so that the password alone signs in again.

    Raises Conflict when there is none, and Denied on oneself: the settings page asks for proof of identity first.
    """
    if by.kind == "person" and by.id == str(person.id):
        raise Denied("Change your own sign-in on your settings page. Nothing was changed.")
    _lock_factors(db, person.id)
    gone = [
        len(db.execute(delete(table).where(table.person_id == person.id).returning(table.person_id)).all())
        for table in (TotpSecret, Passkey)
    ]
    if not any(gone):
        raise Conflict(f"{person.name} signs in with the password alone. Nothing was changed.", "factors.missing")
    _update_factors(db, person.id)
    _record(db, events.PERSON_FACTORS_RESET, person, by, now, None, [emails.factors_reset(db, person, by, now)])


def _lock_factors(db: Db, person_id: int) -> None:
    """Lets one transaction at a time change a person's factors; SQLite has one writer anyway."""
    db.execute(select(Person.id).where(Person.id == person_id).with_for_update())


def _update_factors(db: Db, person_id: int) -> list[str]:
    """Updates `second_factor`, and keeps recovery codes exactly while there is a factor. Returns those made now."""
    has_factor = or_(exists().where(TotpSecret.person_id == person_id), exists().where(Passkey.person_id == person_id))
    second_factor = db.execute(
        update(Person)
        .where(Person.id == person_id)
        .values({Person.second_factor: has_factor})
        .returning(Person.second_factor)
    ).scalar_one()
    if not second_factor:
        db.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
        return []
    if db.execute(select(RecoveryCode.id).where(RecoveryCode.person_id == person_id).limit(1)).first() is not None:
        return []
    return _new_codes(db, person_id)


def _has_factor(db: Db, person_id: int) -> bool:
    """Whether the person has a second factor."""
    return bool(db.execute(select(Person.second_factor).where(Person.id == person_id)).scalar_one())


def _new_codes(db: Db, person_id: int) -> list[str]:
    codes = recovery.new_codes()
    db.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    db.execute(
        insert(RecoveryCode),
        [{"person_id": person_id, "code_sha256": recovery.digest(person_id, code)} for code in codes],
    )
    return codes


def _record(
    db: Db,
    event_type: EventType,
    person: Person,
    by: Actor,
    now: datetime,
    data: JsonObject | None = None,
    messages: list[Message] | None = None,
) -> None:
    record(
        db,
        event_type,
        subject_type="person",
        subject_id=person.id,
        organization_id=None,
        by=by,
        now=now,
        data=data,
        messages=messages or [],
    )
