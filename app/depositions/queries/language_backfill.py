"""The backfill of languages: a former version stored the default that answers print as if it had been given."""

from sqlalchemy import bindparam, select, update

from app.depositions.models import Deposition
from app.depositions.rules.new_request import DEFAULT_LANGUAGE
from app.kernel.db.backfills import Backfill, Portion
from app.kernel.db.engine import Db


def _languages_of_depositions(db: Db, position: str | None, size: int) -> Portion:
    """Forgets the default, so that the participants of a session go on reading the organization's language."""
    rows = db.execute(
        select(Deposition.id, Deposition.details)
        .where(Deposition.id > int(position or 0))
        .order_by(Deposition.id)
        .limit(size)
    ).all()
    changed: list[dict[str, object]] = [  # numbers and details
        {"of": row.id, "kept": {key: value for key, value in row.details.items() if key != "language"}}
        for row in rows
        if row.details.get("language") == DEFAULT_LANGUAGE
    ]
    if changed:
        table = Deposition.__table__
        statement = update(table).where(table.c.id == bindparam("of")).values(details=bindparam("kept"))
        db.connection().execute(statement, changed)
    return Portion(len(changed), str(rows[-1].id) if len(rows) == size else None)


LANGUAGES = Backfill("languages.depositions", _languages_of_depositions)
