"""Reads what the report of an inspection is made of, and upon what it depends."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from app.accounts.models import Organization
from app.inspections import queries, records
from app.inspections.evidence.models import EvidenceState
from app.inspections.models import Anchor, AnchorRequest, Campaign, Consent, ConsentWording, Inspection
from app.inspections.report.facts import Answer, Source
from app.kernel.db.engine import Db

LAYOUT = 1
"""Goes up when what the report says of the same facts changes."""


def source(db: Db, inspection_id: uuid.UUID) -> Source:
    """All that a report is made of, as it is now. Raises NotFound."""
    inspection, record = queries.get(db, inspection_id), records.read(db, inspection_id)
    (organization,) = queries.organizations(db, Organization.id == inspection.organization_id)
    campaign = select(Campaign.name).where(Campaign.id == inspection.campaign_id)
    return Source(
        inspection,
        organization.name,
        organization.time_zone,
        (db.scalar(campaign) or "") if inspection.campaign_id else "",
        queries.invites(db, inspection_id),
        _answers(db, inspection_id),
        queries.evidence(db, inspection_id),
        record.links,
        record.people,
        record.stamped,
        record.verdict(db.config.tsa_roots),
    )


def _answers(db: Db, inspection_id: uuid.UUID) -> list[Answer]:
    columns = (
        Consent.invite_id,
        Consent.subject,
        Consent.answer,
        Consent.wording_sha256,
        Consent.locale,
        Consent.answered_at,
        ConsentWording.text,
    )
    rows = select(*columns).outerjoin(ConsentWording, ConsentWording.sha256 == Consent.wording_sha256)
    return [Answer(*row) for row in db.execute(rows.where(Consent.inspection_id == inspection_id).order_by(Consent.id))]


def basis(db: Db, inspection_id: uuid.UUID) -> str:
    """Upon what a report depends: the head of the chain, how far stamps are, and the pictures that can be shown."""
    head = db.scalar(select(Inspection.chain_head).where(Inspection.id == inspection_id))
    stamps = db.scalar(select(func.count()).select_from(Anchor).where(Anchor.inspection_id == inspection_id))
    requests = select(AnchorRequest.state, func.count()).where(AnchorRequest.inspection_id == inspection_id)
    asked = sorted((state, n) for state, n in db.execute(requests.group_by(AnchorRequest.state)))
    pictures = select(func.count(EvidenceState.thumbnail_sha256)).where(EvidenceState.inspection_id == inspection_id)
    return f"{LAYOUT} {head} {stamps} {asked} {db.scalar(pictures)}"
