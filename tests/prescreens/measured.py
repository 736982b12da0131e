"""Decisions on pages as they are stored, and the switch of the fairness page."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.actions import switch_measure
from app.prescreens.measures import Measure
from app.prescreens.models import DecisionSnapshot, Prescreen
from tests.cast import Cast
from tests.prescreens.factories import template


def decided(database: Database, cast: Cast, home: int, *groups: tuple[int, dict[str, Any]]) -> None:
    """Decisions on pages, written as they are stored."""
    yesterday = now() - timedelta(days=1)
    with database.write() as db:
        questionnaire = template(db, home)
        for count, facts in groups:
            for _ in range(count):
                id = UUID(int=random.getrandbits(128))
                one = {
                    "approved": True,
                    "who": "lena",
                    "met": {"budget": True},
                    "locale": "en",
                    "alike": "same",
                    **facts,
                }
                at = one.get("at", yesterday)
                word = "approved" if one["approved"] else "denied"
                db.execute(
                    insert(Prescreen.__table__).values(
                        id=id,
                        organization_id=home,
                        workflow_template_id=questionnaire,
                        template_version=1,
                        submission={},
                        status="completed",
                        review_status=word,
                        reviewed_at=at,
                        completed_at=at - one.get("waited", timedelta(hours=3)),
                        updated_at=at,
                        alike_key=one["alike"],
                        locale=one["locale"],
                        **Prescreen.lifetime(at - timedelta(days=1)),
                    )
                )
                hashes = dict.fromkeys(("answers_hash", "criteria_hash", "email_hash"), "0" * 64)
                db.execute(
                    insert(DecisionSnapshot.__table__).values(
                        prescreen_id=id,
                        organization_id=home,
                        decision=word,
                        via=one.get("via", "page"),
                        person_id=cast.people[one["who"]].id,
                        decided_by=cast.people[one["who"]].name,
                        version=1,
                        template_version=1,
                        met=one["met"],
                        reasons=[],
                        why="",
                        pressed_at=at,
                        decided_at=at,
                        **hashes,
                    )
                )


def switch(database: Database, cast: Cast, home: int, on: bool = True) -> bool:
    with database.write() as db:
        return switch_measure(db, home, Measure.FAIRNESS, on, by=cast.actor("adam"), now=now())
