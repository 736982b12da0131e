"""Erasing what events hold of people outside: the one change of an event that the database lets pass.

Events refer to prospects, participants and field users, and do not hold their names, addresses or answers. What earlier
versions wrote of them is taken away from the events of one item once its erasure is on record, as an event itself.
"""

from sqlalchemy import text

from app.kernel.db.append_only import Erasure
from app.kernel.db.engine import Db

PERSONAL = ("prospect", "why", "tag", "to", "address")
"""Members of the data of an event that an erasure takes away."""
INSIDE = ("person", "key", "cli", "worker")
"""Kinds of actors whose name and network address stay: the users and programs of an organization, and ours."""
SOMEBODY = "Somebody"
"""Who acted, once that is erased."""
COLUMNS = ("actor_name", "address", "data")
OTHERS = (
    "id",
    "organization_id",
    "subject_type",
    "subject_id",
    "kind",
    "actor_kind",
    "actor_id",
    "via",
    "request_id",
    "created_at",
)


def erased_kind(subject_type: str) -> str:
    """The kind of the event that says that an item was erased. Without one about it nothing of it is erased."""
    return f"{subject_type}.erased"


def _erased(dialect: str, row: str = "") -> dict[str, str]:
    """What becomes of each column, in SQL."""
    outside = f"{row}actor_kind NOT IN ({', '.join(f'{kind!r}' for kind in INSIDE)})"
    members = ", ".join(f"'$.{name}'" if dialect == "sqlite" else f"'{name}'" for name in PERSONAL)
    return {
        "actor_name": f"CASE WHEN {outside} THEN '{SOMEBODY}' ELSE {row}actor_name END",
        "address": f"CASE WHEN {outside} THEN NULL ELSE {row}address END",
        "data": f"json_remove({row}data, {members})" if dialect == "sqlite" else f"{row}data - ARRAY[{members}]",
    }


def _condition(dialect: str) -> str:
    """When a change of a row passes: it is the erased form of the row, and the erasure is on record."""
    same = "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"
    becomes = [f"NEW.{column} {same} {value}" for column, value in _erased(dialect, "OLD.").items()]
    on_record = (
        "EXISTS (SELECT 1 FROM events AS e WHERE e.subject_type = OLD.subject_type "
        "AND e.subject_id = OLD.subject_id AND e.kind = OLD.subject_type || '.erased')"
    )
    return " AND ".join([*becomes, on_record])


ERASURE = Erasure(COLUMNS, OTHERS, {dialect: _condition(dialect) for dialect in ("sqlite", "postgresql")})


def erase_events(db: Db, subject_type: str, subject_id: object) -> None:
    """Erases what the events of one item hold of people outside. The caller has recorded the event of `erased_kind`."""
    values = ", ".join(f"{column} = {value}" for column, value in _erased(db.dialect).items())
    where = "subject_type = :subject_type AND subject_id = :subject_id AND kind <> :kind"
    names = {"subject_type": subject_type, "subject_id": str(subject_id), "kind": erased_kind(subject_type)}
    db.execute(text(f"UPDATE events SET {values} WHERE {where}"), names)
