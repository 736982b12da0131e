"""Counting what became of each question: one row a version, question and step, however many prospects there are."""

from collections import Counter
from collections.abc import Iterable
from secrets import randbelow
from uuid import UUID

from app.kernel.db.counters import SLOTS
from app.kernel.db.engine import Db
from app.kernel.db.inserts import INSERTS
from app.kernel.db.prepared import Prepared
from app.prescreens.measures import QuestionCount
from app.prescreens.rules.progress import Step

_KEY = [column.name for column in QuestionCount.__table__.primary_key]


def _adding(dialect: str) -> Prepared[object]:
    statement = INSERTS[dialect](QuestionCount.__table__)
    added = QuestionCount.__table__.c.n + statement.excluded.n
    return Prepared(statement.on_conflict_do_update(index_elements=_KEY, set_={"n": added}))


_ADD = {dialect: _adding(dialect) for dialect in INSERTS}


def count_steps(db: Db, questionnaire_id: UUID, version: int, steps: Iterable[Step]) -> None:
    """Adds the steps to the counts, in the transaction of what they count. Nothing that was typed is in them."""
    counted = Counter(steps)
    if not counted:
        return
    # Parallel prospects do not wait for one row; within a transaction the rows are locked in one order.
    slot = randbelow(SLOTS) if db.dialect == "postgresql" else 0
    version_of = {"workflow_template_id": questionnaire_id, "version": version, "slot": slot}
    for (key, what), n in sorted(counted.items()):
        _ADD[db.dialect].run(db, {**version_of, "key": key, "step": what, "n": n})
