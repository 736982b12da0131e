"""Keeping the text of a refused answer, so that its question can be shown again with it, at an address of its own."""

from collections.abc import Sequence

from sqlalchemy import update

from app.kernel.db.engine import Db
from app.prescreens.actions._count import count_steps
from app.prescreens.models import Prescreen, Status
from app.prescreens.rules import answers
from app.prescreens.rules.progress import REFUSED, Step

LONGEST = 100_000
"""Characters of a refused text that are kept: five times what any form takes."""


def keep_refused(db: Db, prescreen: Prescreen, key: str, typed: Sequence[str], code: str) -> None:
    """Keeps what was typed for the question `key` until the next answer, and counts why it was refused.

    It is no answer: no version, no event. `code` is the rule's; of what was typed nothing is counted.
    """
    values = [answers.storable(value)[:LONGEST] for value in typed]
    db.execute(
        update(Prescreen)
        .where(Prescreen.id == prescreen.id, Prescreen.status != Status.COMPLETED.value)
        .values(refused_answer={"step": key, "typed": values})
        .execution_options(synchronize_session=False)
    )
    if prescreen.progress is not None:
        step = Step(key, f"{REFUSED}{code}")
        count_steps(db, prescreen.workflow_template_id, prescreen.template_version, [step])
