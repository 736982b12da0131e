"""Creating a campaign."""

import uuid
from datetime import datetime

from app.inspections.models import Campaign
from app.kernel.db.engine import Db


def create_campaign(db: Db, *, organization_id: int, name: str, now: datetime) -> Campaign:
    """Creates a campaign. Its name is unique within the organization."""
    campaign = Campaign(id=uuid.uuid4(), organization_id=organization_id, name=name, created_at=now)
    db.add(campaign)
    db.flush()
    return campaign
