"""Demonstration data: four organizations' questionnaires, and some 170 prospects in every state, relative to now.

Deterministic: the same `now` makes the same people, answers and days. Everything goes through the real actions, so
that the stories and the letters are real ones too; only their times lie in the past.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import insert, update

from app.accounts.models import Organization, Person
from app.kernel.changes.events import Actor, Event
from app.kernel.db.engine import Db
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import OutboxRow
from app.kernel.text import search
from app.kernel.text.search import SearchEntry
from app.prescreens import actions
from app.prescreens.models import Contact, Prescreen, Status, TemplateVersion, WorkflowTemplate
from app.prescreens.queries import detail, questionnaires
from app.prescreens.queries.questionnaires import Workflow
from app.prescreens.queries.search import search_document
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import answers

DATA: dict[str, Any] = json.loads((Path(__file__).parent / "demo.json").read_text("utf-8"))
IDS = UUID("6f0c2f6e-3f0e-4c52-9f39-0d7c1f2a55aa")
"""What the ids of demonstration templates are derived from."""

PROSPECT = Actor("prospect", None, "The prospect", None, "page")

JANE = DATA["jane"]
"""The session printed in the document, with its own ids."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a group of prospects: how many, in which state, started how many days ago."""

    state: str
    number: int
    days: tuple[float, float]


FATES = {
    "alder": (
        Fate("completed", 5, (27.2, 29.7)),
        Fate("completed", 9, (20.5, 26.5)),
        Fate("completed", 18, (0.3, 19)),
        Fate("active", 8, (0.02, 14)),
        Fate("draft", 5, (0.01, 6)),
        Fate("approved", 24, (2, 88)),
        Fate("denied", 11, (3, 90)),
        Fate("expired", 9, (31, 75)),
        Fate("abandoned", 12, (32, 95)),
    ),
    "cedar": (
        Fate("completed", 3, (27.5, 29.6)),
        Fate("completed", 12, (1, 25)),
        Fate("active", 4, (0.1, 10)),
        Fate("draft", 2, (0.2, 3)),
        Fate("approved", 14, (4, 80)),
        Fate("denied", 6, (5, 85)),
        Fate("expired", 4, (31, 60)),
        Fate("abandoned", 5, (33, 70)),
    ),
    "maison": (Fate("completed", 7, (1, 28)), Fate("active", 2, (0.2, 5)), Fate("approved", 5, (3, 50))),
    "khaleej": (Fate("completed", 6, (1, 28)), Fate("active", 2, (0.2, 5))),
}


def load(db: Db, *, organizations: dict[str, Organization], people: dict[str, Person], now: datetime) -> dict[str, Any]:
    """Writes the demonstration data of this room. Returns how many prescreens of each organization."""
    dice = random.Random(20261122)
    written: dict[str, Any] = {}
    for slug, fates in FATES.items():
        home = organizations[slug]
        workflows = [_template(db, home, made, now) for made in DATA["templates"][slug]]
        agents = [_agent(people[email]) for email in DATA["agents"].get(slug, ())]
        names = _names(DATA["names"][DATA["languages"][slug]], dice)
        total = 0
        for fate in fates:
            # A template that is closed has only old ones.
            chosen = [workflow for workflow in workflows if workflow.is_open or fate.days[0] > 30]
            for _ in range(fate.number):
                _prescreen(db, home, dice.choice(chosen), fate, next(names), agents, dice, now)
                total += 1
        written[slug] = total
    _jane(db, organizations["alder"], now)
    _doubles(db, organizations["alder"], dice, now)
    _delivered(db, now)
    return written


def _template(db: Db, home: Organization, made: dict[str, Any], now: datetime) -> Workflow:
    id = UUID(made["id"]) if "id" in made else uuid5(IDS, f"{home.slug}/{made['slug']}")
    versions = made["versions"]
    created_at = now - timedelta(days=118)
    db.execute(
        insert(WorkflowTemplate).values(
            id=id,
            organization_id=home.id,
            slug=made["slug"],
            name=made["name"],
            current_version=len(versions),
            is_open=made.get("is_open", True),
            created_at=created_at,
        )
    )
    for number, version in enumerate(versions, 1):
        db.execute(
            insert(TemplateVersion).values(
                workflow_template_id=id,
                number=number,
                introduction=version.get("introduction", ""),
                questions=[DATA["questions"][key] if isinstance(key, str) else key for key in version["questions"]],
                created_at=created_at + timedelta(days=30 * (number - 1)),
            )
        )
    found = questionnaires.one(db, Reach((home.id,)), id)
    assert found is not None
    return found


def _agent(person: Person) -> Actor:
    return Actor("person", str(person.id), person.name, None, "page")


def _names(known: list[str], dice: random.Random) -> Iterator[str]:
    """Every name once, then mixed anew; some prospects come twice."""
    yield from dice.sample(known, len(known))
    # Half a name in one script and half in another is nobody's.
    mixable = [name for name in known if name.isascii()] or known
    while True:
        first, last = dice.choice(mixable), dice.choice(mixable)
        yield first if dice.random() < 0.15 else f"{first.split()[0]} {last.split()[-1]}"


def _prescreen(
    db: Db,
    home: Organization,
    workflow: Workflow,
    fate: Fate,
    name: str,
    agents: list[Actor],
    dice: random.Random,
    now: datetime,
) -> None:
    """One prospect on the way to their fate."""
    at = now - timedelta(days=dice.uniform(*fate.days))
    open_workflow = Workflow(**{**_facts(workflow), "is_open": True})
    id = actions.start(db, open_workflow, by=PROSPECT, now=at)
    if fate.state == "draft":
        return
    given: dict[str, Any] = {}
    stop = dice.randint(1, 4) if fate.state in ("active", "abandoned") else 99
    after = None
    for _ in range(stop):
        key = answers.next_question(workflow.questions, given, after)
        if key is None:
            break
        question = next(q for q in workflow.questions if q.key == key)
        at += timedelta(seconds=dice.randint(9, 150))
        value = answers.check_answer(question, _answer(question, name, dice, at))
        given = answers.with_answer(workflow.questions, given, question, value)
        after = key
    _fill(db, home, id, answers.person(workflow.questions, given), given, at)
    if stop < 99:
        return
    actions.complete(db, id, by=PROSPECT, now=at)
    if fate.state in ("approved", "denied") and agents:
        decided = min(at + timedelta(hours=dice.uniform(2, 200)), now - timedelta(minutes=dice.randint(5, 300)))
        act = actions.approve if fate.state == "approved" else actions.deny
        notes = dice.choice(DATA["notes"][fate.state])
        act(db, id, notes, reach=Reach((home.id,)), by=dice.choice(agents), now=decided)
    elif fate.state == "completed" and agents and dice.random() < 0.3:
        agent = dice.choice(agents)
        taken = min(at + timedelta(hours=dice.uniform(1, 40)), now)
        actions.take(db, id, int(agent.id or 0), None, reach=Reach((home.id,)), by=agent, now=taken)


def _fill(db: Db, home: Organization, id: UUID, person: dict[str, Any], given: dict[str, Any], at: datetime) -> None:
    """All answers in one stroke: one by one, as a prospect gives them, would keep the first start waiting."""
    changes = {
        "submission": given,
        "status": Status.ACTIVE.value,
        "version": 1 + len(given),
        "updated_at": at,
        **person,
    }
    db.execute(update(Prescreen.__table__).where(Prescreen.__table__.c.id == id).values(**changes))
    search.index(db, search_document(id, home.id, person))


def _facts(workflow: Workflow) -> dict[str, Any]:
    return {name: getattr(workflow, name) for name in Workflow.__slots__}


def _answer(question: answers.Question, name: str, dice: random.Random, at: datetime) -> list[str]:
    """What this prospect would type; sometimes nothing, where that is allowed."""
    kind = question.type.value
    if not question.required and dice.random() < {"email": 0.12, "phone": 0.25}.get(kind, 0.45):
        return [""]
    plain = "".join(c for c in name.lower() if c.isascii() and (c.isalpha() or c == " ")).split()
    local = ".".join(plain) or f"guest{dice.randint(100, 999)}"
    if kind == "name":
        return [name]
    if kind == "date":
        return [(at.date() + timedelta(days=dice.randint(9, 190))).isoformat()]
    if kind == "number":
        low, high, step = DATA["ranges"].get(question.key, (1, 5, 1))
        return [str(dice.randrange(low, high, step))]
    if kind == "yesno":
        return [dice.choice(("yes", "no"))]
    if kind == "choice":
        return [dice.choice(question.options).value]
    if kind == "choices":
        return [o.value for o in dice.sample(question.options, dice.randint(1, len(question.options)))]
    if kind == "email":
        return [f"{local}@example.com"]
    if kind == "phone":
        return [f"+1 555 {dice.randint(100, 999)} {dice.randint(1000, 9999)}"]
    return [dice.choice(DATA["remarks"].get(question.key, DATA["remarks"]["*"]))]


def _jane(db: Db, home: Organization, now: datetime) -> None:
    """The printed session: its ids, its answers, its quarter of an hour; 25 days ago, so that it can be decided."""
    created_at = (now - timedelta(days=25)).replace(hour=10, minute=30, second=0, microsecond=0)
    completed_at = created_at + timedelta(minutes=15)
    workflow = questionnaires.one(db, Reach((home.id,)), UUID(JANE["workflowTemplateId"]))
    assert workflow is not None
    contact_id = UUID(JANE["contactId"])
    db.execute(
        insert(Contact).values(
            id=contact_id,
            organization_id=home.id,
            name="Jane Smith",
            email=JANE["email"],
            phone=JANE["phone"],
            email_key=answers.email_key(JANE["email"]),
            phone_key=answers.phone_key(JANE["phone"]),
            created_at=completed_at,
        )
    )
    id = actions.start(db, workflow, by=PROSPECT, now=created_at)
    known = UUID(JANE["id"])
    db.execute(update(Prescreen).where(Prescreen.id == id).values(id=known))
    for table in (Event, SearchEntry):
        db.execute(update(table).where(table.subject_id == str(id)).values(subject_id=str(known)))
    for key, value in JANE["answers"].items():
        actions.answer(db, known, key, [value], by=PROSPECT, now=completed_at)
    actions.complete(db, known, by=PROSPECT, now=completed_at)


def _doubles(db: Db, home: Organization, dice: random.Random, now: datetime) -> None:
    """A prospect whose address is one known contact's and whose number is another's; and hostile looking answers."""
    reach = Reach((home.id,))
    workflow = questionnaires.one(db, reach, UUID(JANE["workflowTemplateId"]))
    assert workflow is not None
    for number, story in enumerate(DATA["special"]):
        at = now - timedelta(days=6 + 3 * number, minutes=dice.randint(1, 600))
        id = actions.start(db, workflow, by=PROSPECT, now=at)
        after, given = None, detail.get(db, id)
        assert given is not None
        current: dict[str, Any] = {}
        while (key := answers.next_question(workflow.questions, current, after)) is not None:
            current = actions.answer(db, id, key, [story.get(key, "")], by=PROSPECT, now=at + timedelta(minutes=4))
            after = key
        actions.complete(db, id, by=PROSPECT, now=at + timedelta(minutes=5))


def _delivered(db: Db, now: datetime) -> None:
    """Letters of the past have long arrived: only those of the last hour still wait for the worker."""
    row = OutboxRow.__table__.c
    db.execute(
        update(OutboxRow.__table__)
        .where(row.subject_type == "prescreen", row.state == outbox.QUEUED, row.created_at < now - timedelta(hours=1))
        .values(state=outbox.SENT, attempts=1, finished_at=row.created_at, payload="")
    )
