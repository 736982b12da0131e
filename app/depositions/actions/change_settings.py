"""Changing what an organization chose about its depositions."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update

from app.depositions.events import SETTINGS_CHANGED
from app.depositions.models import DepositionSettings
from app.depositions.queries import settings
from app.depositions.rules.settings import Settings, SettingsFields, check_promised_hours
from app.kernel.changes.events import Actor, is_own_act, record
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict


def change_settings(
    db: Db, organization_id: int, changes: SettingsFields, *, by: Actor, now: datetime, version: int | None = None
) -> Settings:
    """Writes the choices that differ; reminders and reconfirmation count from the moment they are switched on.

    Raises Invalid for a promise out of bounds, Conflict when the choices were changed meanwhile.
    """
    check_promised_hours(changes.get("promised_hours"))
    current = settings.of_organization(db, organization_id)
    expected = current.version if version is None else version
    before = current._asdict()
    after = {name: value for name, value in changes.items() if before[name] != value}
    if not after and expected == current.version:
        return current
    since = {f"{name}_since": now for name in ("reminders", "reconfirmation") if after.get(name)}
    if not _stored(db, organization_id, expected, {**before, **after, **since}):
        own = is_own_act(db, "organization", organization_id, [SETTINGS_CHANGED], by)
        raise Conflict(
            f"{'You have' if own else 'Somebody else has'} changed these settings. Nothing was saved. Look at the "
            "changes, then save again.",
            code="organization.changed",
        )
    record(
        db,
        SETTINGS_CHANGED,
        subject_type="organization",
        subject_id=organization_id,
        organization_id=organization_id,
        by=by,
        now=now,
        data={"before": {name: before[name] for name in after}, "after": after},
    )
    return settings.of_organization(db, organization_id)


def _stored(db: Db, organization_id: int, expected: int, chosen: Mapping[str, object]) -> bool:
    """Whether the choices were written: only when they are still at the expected version."""
    values = {getattr(DepositionSettings, name): value for name, value in {**chosen, "version": expected + 1}.items()}
    if expected == 0:
        made = {DepositionSettings.organization_id: organization_id, **values}
        return insert_once(db, DepositionSettings, made) is not None
    row = db.execute(
        update(DepositionSettings)
        .where(DepositionSettings.organization_id == organization_id, DepositionSettings.version == expected)
        .values(values)
        .returning(DepositionSettings.organization_id)
    )
    return row.first() is not None
