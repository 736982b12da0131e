"""Noting what became of the copies of a photo."""

import uuid

from sqlalchemy import update

from app.inspections.evidence.models import Copying, EvidenceState
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db


def settle_copy(
    db: Db,
    evidence_id: uuid.UUID,
    *,
    copy: str | None = None,
    thumbnail: str | None = None,
    size: tuple[int, int] | None = None,
    failure: str = "",
    credentials: bool = False,
) -> bool:
    """Notes the copies of a photo, or why there are none; answers False for one that was erased meanwhile.

    The page shows it when the job ends, which is noted by the outbox.
    """
    values: Values = {
        EvidenceState.copying: (Copying.MADE if copy else Copying.FAILED).value,
        EvidenceState.copy_sha256: copy,
        EvidenceState.thumbnail_sha256: thumbnail,
        EvidenceState.width: size[0] if size else None,
        EvidenceState.height: size[1] if size else None,
        EvidenceState.failure: failure,
        EvidenceState.credentials: credentials,
    }
    mine = (EvidenceState.evidence_id == evidence_id, EvidenceState.erased_at.is_(None))
    written = update(EvidenceState).where(*mine).values(dict(values)).returning(EvidenceState.evidence_id)
    return db.execute(written).one_or_none() is not None
