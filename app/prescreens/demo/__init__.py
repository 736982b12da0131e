"""Demonstration data: questionnaires of four organizations, and some 170 prospects in every state, relative to now.

Deterministic: the same `now` makes the same people, answers and days. Everything is written by the real actions, so
that timelines and e-mails are real; only their times are in the past.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from sqlalchemy import insert, select, update

from app.accounts.models import Organization, Person
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.json_types import JsonObject
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import OutboxRow
from app.kernel.text import normalization, search
from app.prescreens import actions, events
from app.prescreens.actions import questionnaires as drafting
from app.prescreens.actions._count import count_steps
from app.prescreens.actions._write import record
from app.prescreens.demo import files, measures, personal
from app.prescreens.events import SUBJECT
from app.prescreens.models import (
    Contact,
    Prescreen,
    Questionnaire,
    QuestionnaireVersion,
    QuestionType,
    ReviewStatus,
    Status,
    Submission,
)
from app.prescreens.queries import questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.queries.search import contact_document, search_document
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import answers, progress, ready_made
from app.prescreens.rules.bounds import LIMITING
from app.prescreens.rules.progress import REFUSED, Step
from app.prescreens.rules.question_types import TYPES
from app.prescreens.rules.questionnaires import Content
from app.prescreens.rules.questions import Clause, Condition, Expectation, Question

DATA: JsonObject = json.loads((Path(__file__).parent / "demo.json").read_text("utf-8"))
IDS = UUID("6f0c2f6e-3f0e-4c52-9f39-0d7c1f2a55aa")
"""The namespace of the ids of demonstration questionnaires."""

PROSPECT = Actor("prospect", None, "The prospect", None, "page")

JANE = DATA["jane"]
"""The session printed in the API document, with its own ids."""


@dataclass(frozen=True, slots=True)
class Fate:
    """A group of prospects: their number, their state, and how many days ago they started."""

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


def load(db: Db, *, organizations: dict[str, Organization], people: dict[str, Person], now: datetime) -> dict[str, int]:
    """Writes the demonstration data of this desk. Returns the number of prescreens by organization."""
    dice = random.Random(20261122)
    written: dict[str, int] = {}
    for slug, fates in FATES.items():
        home = organizations[slug]
        known = [_questionnaire(db, home, made, now) for made in DATA["templates"][slug]]
        agents = [_agent(people[email]) for email in DATA["agents"].get(slug, ())]
        names = _names(DATA["names"][DATA["languages"][slug]], dice)
        total = 0
        for fate in fates:
            # A questionnaire that is closed has only old ones.
            chosen = [questionnaire for questionnaire in known if questionnaire.is_open or fate.days[0] > 30]
            for _ in range(fate.number):
                _prescreen(db, home, dice.choice(chosen), fate, next(names), agents, dice, now)
                total += 1
        written[slug] = total
    _jane(db, organizations["alder"], now)
    _special(db, organizations["alder"], dice, now)
    jane_asked = questionnaires.one(db, Reach((organizations["alder"].id,)), UUID(JANE["workflowTemplateId"]))
    assert jane_asked is not None
    withdrawn = Fate("withdrawn", 1, (3, 6))
    _prescreen(db, organizations["alder"], jane_asked, withdrawn, "Noor Lindqvist", [], random.Random(7), now)
    _draft(db, organizations["alder"], people["priya.raman@example.com"], now)
    _asked(db, organizations["alder"], people["priya.raman@example.com"], now)
    _written_to(db, organizations["alder"], people["priya.raman@example.com"], now)
    _blind(db, organizations["alder"], [_agent(people[email]) for email in DATA["agents"]["alder"]], now)
    _measures(db, organizations["alder"], people, now)
    files.load(db, organizations["alder"], _agent(people["priya.raman@example.com"]), PROSPECT, IDS, now)
    personal.erased(db, organizations["alder"], now)
    _deliver(db, now)
    personal.exported(db, organizations["alder"], _agent(people["dolores.whitfield@example.com"]), now)
    db.execute(update(Person).where(Person.email == "priya.raman@example.com").values(new_answers="daily"))
    return written


def _asked(db: Db, home: Organization, lead: Person, now: datetime) -> None:
    """Three who are asked again, of whom one has answered."""
    at, reach, by = now - timedelta(hours=5), Reach((home.id,)), _agent(lead)
    waiting = (Prescreen.status == Status.COMPLETED.value, Prescreen.review_status == ReviewStatus.PENDING.value)
    found = db.execute(
        select(Prescreen.id)
        .where(Prescreen.organization_id == home.id, *waiting, Prescreen.email.is_not(None))
        .where(Prescreen.expires_at > now + timedelta(days=9), Prescreen.created_at < now - timedelta(days=2))
        .order_by(Prescreen.expires_at, Prescreen.id)
        .limit(3)
    )
    asked = []
    for id in found.scalars():
        more, text = ("Who could be your guarantor?",), "Two things before we decide."
        asked.append(actions.ask(db, id, ["budget"], more, text, reach=reach, version=None, by=by, now=at))
    for key, typed in (("budget", "2600"), ("asked1", "My aunt, she lives nearby.")):
        actions.answer_inquiry(db, asked[-1], key, [typed], by=PROSPECT, now=at + timedelta(hours=3))


def _written_to(db: Db, home: Organization, lead: Person, now: datetime) -> None:
    """One who was reminded, and one whose answers had expired and who was sent a fresh link."""
    at, reach, by = now - timedelta(hours=20), Reach((home.id,)), _agent(lead)
    asked = questionnaires.one(db, reach, UUID(JANE["workflowTemplateId"]))
    assert asked is not None
    silent = _prescreen(db, home, asked, Fate("silent", 1, (3, 5)), "Oksana Brandvold", [], random.Random(4), now)
    actions.remind(db, silent, reach=reach, by=by, now=at)
    over = (Prescreen.status == Status.COMPLETED.value, Prescreen.review_status == ReviewStatus.PENDING.value)
    expired = (Prescreen.expires_at < at, Prescreen.withdrawn_at.is_(None), Questionnaire.is_open)
    found = (
        select(Prescreen.id)
        .join(Questionnaire, Questionnaire.id == Prescreen.workflow_template_id)
        .where(Prescreen.organization_id == home.id, Prescreen.email.is_not(None), *over, *expired)
        .order_by(Prescreen.expires_at.desc(), Prescreen.id)
        .limit(1)
    )
    actions.renew(db, db.scalars(found).one(), reach=reach, by=by, now=at)


def _blind(db: Db, home: Organization, agents: list[Actor], now: datetime) -> None:
    """A questionnaire whose prescreens begin with a blind first look: some were decided after it, two otherwise."""
    at, reach, dice = now - timedelta(days=50), Reach((home.id,)), random.Random(12)
    lead = agents[-1]
    id = drafting.make(db, home.id, "Flats by the park", ready_made.content("home", "USD"), by=lead, now=at)
    drafting.publish(db, id, "The first version", reach=reach, revision=None, by=lead, now=at)
    drafting.set_blind(db, id, True, reach=reach, revision=None, by=lead, now=at)
    questionnaire = questionnaires.one(db, reach, id)
    assert questionnaire is not None
    names = _names(DATA["names"]["en"], dice)
    for _ in range(3):
        _prescreen(db, home, questionnaire, Fate("completed", 1, (2, 12)), next(names), [], dice, now)
    for choice, decided in (("approve", "approve"),) * 5 + (("deny", "deny"), ("deny", "approve"), ("approve", "deny")):
        one = _prescreen(db, home, questionnaire, Fate("completed", 1, (4, 20)), next(names), [], dice, now)
        agent, moment = dice.choice(agents), now - timedelta(hours=dice.uniform(2, 90))
        person_id = int(agent.id or 0)
        actions.look(db, one, choice, person_id=person_id, reach=reach, version=None, by=agent, now=moment)
        decide = {"approve": actions.approve, "deny": actions.deny}[decided]
        decide(db, one, None, reach=reach, by=agent, now=moment + timedelta(minutes=3))


def _measures(db: Db, home: Organization, people: dict[str, Person], now: datetime) -> None:
    agents = [_agent(people[email]) for email in DATA["agents"][home.slug]]
    admin = _agent(people["dolores.whitfield@example.com"])
    measures.load(db, home, agents, admin, DATA["names"]["en"], now)


def _draft(db: Db, home: Organization, lead: Person, now: datetime) -> None:
    """A draft that asks for a higher budget and for the breed of a dog, and a questionnaire nobody has published."""
    reach, by = Reach((home.id,)), _agent(lead)
    raised = Expectation(at_least=2600)

    def change(content: Content) -> Content:
        questions = list(content.questions)
        place = next(n for n, question in enumerate(questions) if question.key == "budget")
        questions[place] = replace(questions[place], criterion="at least 2,600", expects=raised)
        pets = next(n for n, question in enumerate(questions) if question.key == "pets")
        asked = Condition((Clause("pets", ("1 small dog", "1 large dog")),))
        breed = Question("breed", "Which breed, and how heavy?", QuestionType.TEXT, condition=asked)
        return replace(content, questions=(*questions[: pets + 1], breed, *questions[pets + 1 :]))

    id, at = UUID(JANE["workflowTemplateId"]), now - timedelta(hours=3)
    drafting.change_draft(db, id, change, reach=reach, revision=None, by=by, now=at)
    drafting.make(db, home.id, "Rooms on Mill Street", ready_made.content("room", "USD"), by=by, now=at)


def _questionnaire(db: Db, home: Organization, made: JsonObject, now: datetime) -> QuestionnaireDetail:
    id = UUID(made["id"]) if "id" in made else uuid5(IDS, f"{home.slug}/{made['slug']}")
    versions = made["versions"]
    created_at = now - timedelta(days=118)
    db.execute(
        insert(Questionnaire).values(
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
            insert(QuestionnaireVersion).values(
                workflow_template_id=id,
                number=number,
                introduction=version.get("introduction", ""),
                questions=[DATA["questions"][key] if isinstance(key, str) else key for key in version["questions"]],
                texts=version.get("texts"),
                author=version.get("author", ""),
                reason=version.get("reason", ""),
                created_at=created_at + timedelta(days=30 * (number - 1)),
            )
        )
    found = questionnaires.one(db, Reach((home.id,)), id)
    assert found is not None
    return found


def _agent(person: Person) -> Actor:
    return Actor("person", str(person.id), person.name, None, "page")


def _names(known: list[str], dice: random.Random) -> Iterator[str]:
    """Every name once, then new combinations; some prospects come twice."""
    yield from dice.sample(known, len(known))
    # A name with one half in another script would be nobody's.
    mixable = [name for name in known if name.isascii()] or known
    while True:
        first, last = dice.choice(mixable), dice.choice(mixable)
        yield first if dice.random() < 0.15 else f"{first.split()[0]} {last.split()[-1]}"


def _prescreen(
    db: Db,
    home: Organization,
    questionnaire: QuestionnaireDetail,
    fate: Fate,
    name: str,
    agents: list[Actor],
    dice: random.Random,
    now: datetime,
) -> UUID:
    """One prospect, in the state of their group."""
    at = now - timedelta(days=dice.uniform(*fate.days))
    typing = random.Random(name)
    open_questionnaire = replace(questionnaire, is_open=True)
    id = actions.start(db, open_questionnaire, by=PROSPECT, now=at)
    if fate.state == "draft":
        return id
    given: Submission = {}
    reached: progress.Progress | None = progress.after_start(answers.next_question(questionnaire.questions, given))[0]
    times: dict[str, str] = {}
    steps: list[Step] = []
    stop = 8 if fate.state == "silent" else dice.randint(1, 4) if fate.state in ("active", "abandoned") else 99
    left_empty: list[str] = []
    for _ in range(stop):
        key = answers.next_question(questionnaire.questions, given, left_empty)
        if key is None:
            break
        question = next(q for q in questionnaire.questions if q.key == key)
        at += timedelta(seconds=dice.randint(9, 150))
        value = answers.check_answer(question, _answer(question, name, dice, at))
        former, given = given, answers.with_answer(questionnaire.questions, given, question, value)
        times = answers.times(times, former, given, at)
        left_empty = answers.still_left_empty(questionnaire.questions, given, left_empty, key)
        if not typing.randrange(12) and TYPES[question.type].errors.keys() - LIMITING:
            steps.append(Step(key, f"{REFUSED}{typing.choice(sorted(TYPES[question.type].errors.keys() - LIMITING))}"))
        due = answers.next_question(questionnaire.questions, given, left_empty)
        reached, more = progress.after_answer(reached, key, value is not None, due)
        steps += more
    count_steps(db, questionnaire.id, questionnaire.number, steps)
    _fill(db, questionnaire, id, given, left_empty, at, reached, times)
    if stop < 99:
        return id
    actions.complete(db, id, by=PROSPECT, now=at)
    if fate.state in ("approved", "denied") and agents:
        decided = min(at + timedelta(hours=dice.uniform(2, 200)), now - timedelta(minutes=dice.randint(5, 300)))
        decide = actions.approve if fate.state == "approved" else actions.deny
        notes = dice.choice(DATA["notes"][fate.state])
        decide(db, id, notes, reach=Reach((home.id,)), by=dice.choice(agents), now=decided)
    elif fate.state == "withdrawn":
        actions.withdraw(db, id, by=PROSPECT, now=at + timedelta(hours=20))
    elif fate.state == "completed" and agents and dice.random() < 0.3:
        agent = dice.choice(agents)
        assigned = min(at + timedelta(hours=dice.uniform(1, 40)), now)
        assignee = (int(agent.id or 0), agent.name)
        actions.assign(db, id, assignee=assignee, former=None, reach=Reach((home.id,)), by=agent, now=assigned)
    return id


def _fill(
    db: Db,
    questionnaire: QuestionnaireDetail,
    id: UUID,
    given: Submission,
    left_empty: list[str],
    at: datetime,
    reached: progress.Progress | None = None,
    times: dict[str, str] | None = None,
) -> None:
    """Writes all answers at once: one by one, as a prospect gives them, would slow down the first start."""
    person = answers.person(questionnaire.questions, given)
    phone_key = normalization.telephone_key(person.phone, questionnaire.region) if person.phone else None
    changes = {
        "submission": given,
        "answer_times": times,
        "left_empty": left_empty,
        "status": Status.ACTIVE.value,
        "version": 1 + len(given),
        "updated_at": at,
        "phone_key": phone_key,
        "progress": reached,
        **person._asdict(),
    }
    db.execute(update(Prescreen).where(Prescreen.id == id).values(**changes))
    search.index(db, search_document(id, questionnaire.organization_id, person, phone_key))
    data = {"template": questionnaire.name}
    record(db, events.STARTED, id, questionnaire.organization_id, by=PROSPECT, now=at, data=data)


def _answer(question: Question, name: str, dice: random.Random, at: datetime) -> list[str]:
    """What this prospect types; sometimes nothing, where that is allowed."""
    kind = question.type.value
    if kind == "file":
        return [""]
    if not question.required and dice.random() < {"email": 0.12, "phone": 0.25}.get(kind, 0.45):
        return [""]
    plain = "".join(c for c in name.lower() if c.isascii() and (c.isalpha() or c == " ")).split()
    local = ".".join(plain) or f"guest{dice.randint(100, 999)}"
    if kind == "name":
        return [name]
    if kind == "date":
        return [(at.date() + timedelta(days=dice.randint(9, 190))).isoformat()]
    if kind in ("number", "money"):
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
    remark = str(dice.choice(DATA["remarks"].get(question.key, DATA["remarks"]["*"])))
    return [remark[:200] if kind == "text" else remark]


def _jane(db: Db, home: Organization, now: datetime) -> None:
    """The printed session, with its ids, answers and duration; 25 days ago, so that it can be decided."""
    created_at = (now - timedelta(days=25)).replace(hour=10, minute=30, second=0, microsecond=0)
    completed_at = created_at + timedelta(minutes=15)
    questionnaire = questionnaires.one(db, Reach((home.id,)), UUID(JANE["workflowTemplateId"]))
    assert questionnaire is not None
    contact_id = UUID(JANE["contactId"])
    db.execute(
        insert(Contact).values(
            id=contact_id,
            organization_id=home.id,
            name="Jane Smith",
            email=JANE["email"],
            phone=JANE["phone"],
            email_key=normalization.email_key(JANE["email"]),
            phone_key=normalization.telephone_key(JANE["phone"], home.region),
            created_at=completed_at,
        )
    )
    jane = answers.Person("Jane Smith", JANE["email"], JANE["phone"])
    key = normalization.telephone_key(JANE["phone"], home.region)
    search.index(db, contact_document(contact_id, home.id, jane, key))
    known = actions.start(db, questionnaire, by=PROSPECT, now=created_at, id=UUID(JANE["id"]))
    # Not judged by today: the printed day of moving in lies further and further back.
    questions = {question.key: question for question in questionnaire.questions}
    given: Submission = {}
    for key, value in JANE["answers"].items():
        read = answers.check_answer(questions[key], [value])
        given = answers.with_answer(questionnaire.questions, given, questions[key], read)
    _fill(db, questionnaire, known, given, [], completed_at)
    actions.complete(db, known, by=PROSPECT, now=completed_at)


def _special(db: Db, home: Organization, dice: random.Random, now: datetime) -> None:
    """A prospect with the e-mail of one contact and the phone of another, and answers that look hostile."""
    reach = Reach((home.id,))
    questionnaire = questionnaires.one(db, reach, UUID(JANE["workflowTemplateId"]))
    assert questionnaire is not None
    for number, typed in enumerate(map(dict, DATA["special"])):
        at = now - timedelta(days=6 + 3 * number, minutes=dice.randint(1, 600))
        id = actions.start(db, questionnaire, by=PROSPECT, now=at)
        given: Submission = {}
        left_empty: list[str] = []
        typed["moveInDate"] = (now + timedelta(days=typed["moveInDays"])).date().isoformat()
        while (key := answers.next_question(questionnaire.questions, given, left_empty)) is not None:
            given = actions.answer(db, id, key, [typed.get(key, "")], by=PROSPECT, now=at + timedelta(minutes=4))
            left_empty = answers.still_left_empty(questionnaire.questions, given, left_empty, key)
        actions.complete(db, id, by=PROSPECT, now=at + timedelta(minutes=5))


def _deliver(db: Db, now: datetime) -> None:
    """Marks messages older than an hour as sent; only the newest wait for the worker."""
    db.execute(
        update(OutboxRow)
        .where(
            OutboxRow.subject_type == SUBJECT,
            OutboxRow.state == outbox.QUEUED,
            OutboxRow.created_at < now - timedelta(hours=1),
        )
        .values(state=outbox.SENT, attempts=1, finished_at=OutboxRow.created_at, payload="")
    )
