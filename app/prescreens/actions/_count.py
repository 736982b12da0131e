"""Counting what became of each question: one row a version, question and step, however many prospects there are."""

from collections import Counter
from collections.abc import Iterable
from secrets import randbelow
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from app.kernel.db.counters import SLOTS
from app.kernel.db.engine import Db
from app.prescreens.measures import QuestionCount
from app.prescreens.rules.progress import Step

_KEY = [column.name for column in QuestionCount.__table__.primary_key]


def count_steps(db: Db, questionnaire_id: UUID, version: int, steps: Iterable[Step]) -> None:
    """Adds the steps to the counts, in the transaction of what they count. Nothing that was typed is in them."""
    counted = Counter(steps)
    if not counted:
        return
    insert = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    statement = insert(QuestionCount.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=_KEY, set_={"n": QuestionCount.__table__.c.n + statement.excluded.n}
    )
    # Parallel prospects do not wait for one row; within a transaction the rows are locked in one order.
    slot = randbelow(SLOTS) if db.dialect == "postgresql" else 0
    rows = [
        {"workflow_template_id": questionnaire_id, "version": version, "key": key, "step": what, "slot": slot, "n": n}
        for (key, what), n in sorted(counted.items())
    ]
    db.execute(statement, rows)
