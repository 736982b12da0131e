"""What the worker does for prescreens: it writes decisions whose undo window is over, forgets empty drafts, writes
about what is new and what expires, makes calibration rounds, and copies and tidies the files of answers."""

from datetime import datetime
from uuid import UUID

from app.accounts.roles import PRESCREENS
from app.dashboard.undo.actions import Finalizer
from app.files import keeping
from app.kernel import store
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Delivery, Handler, TemporaryFailure
from app.prescreens import actions
from app.prescreens.answer_files import AnswerFile, FileCopies
from app.prescreens.events import SUBJECT

FINALIZERS = {SUBJECT: Finalizer(PRESCREENS, actions.finalize)}


def copy_file(delivery: Delivery) -> str:
    """Makes the cleaned copy and the thumbnail of a picture, outside any transaction; later when the store is away."""
    id = UUID(delivery.payload["file"])
    with delivery.database.read() as db:
        found = db.get(AnswerFile, id)
    if found is None or found.erased_at is not None or found.copying != FileCopies.PENDING:
        return "Nothing to copy."
    kept = store.store_at(delivery.database.config.evidence_url)
    try:
        made = keeping.make_copies(kept, id, found.sha256, found.mime)
    except store.Away as away:
        raise TemporaryFailure(f"The store is away ({away}).") from None
    with delivery.database.write() as db:
        noted = actions.settle_file_copies(db, id, made)
    if not noted:
        return tidy_file(delivery)
    return made.failure or "Copied."


def tidy_file(delivery: Delivery) -> str:
    """Deletes all that is kept of a file which no answer needs any more; again later when the store is away."""
    id = UUID(delivery.payload["file"])
    with delivery.database.write() as db:
        if actions.settle_kept_file(db, id, delivery.now):
            return "It is needed."
    kept = store.store_at(delivery.database.config.evidence_url)
    try:
        keeping.delete_all(kept, id)
    except store.Away as away:
        raise TemporaryFailure(f"The store is away ({away}).") from None
    return "Deleted."


HANDLERS: dict[str, Handler] = {
    actions.DAILY: actions.daily_news,
    actions.COPY: copy_file,
    actions.TIDY: tidy_file,
}


def tidy(db: Db, now: datetime) -> None:
    """Forgets drafts that nobody answered, announces what expires, and makes the calibration rounds that are due."""
    actions.forget_drafts(db, now)
    actions.announce_expiry(db, now)
    actions.make_rounds(db, now)
