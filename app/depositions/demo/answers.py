"""What organizations of the demonstration answer: about sessions, a question, a test webhook; and checklists."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from app.accounts.models import Organization
from app.depositions import actions, emails
from app.depositions.actions import people as knowledge
from app.depositions.events import WEBHOOK_TEST
from app.depositions.models import BOOKED, Deposition, Kind, State
from app.depositions.queries import people as people_queries
from app.depositions.queries import proposals, questions, reconfirmation
from app.depositions.rules.checklist import Item, Progress
from app.depositions.rules.proposals import NewProposal, written
from app.depositions.rules.questions import Kind as Question
from app.depositions.rules.questions import NewQuestion
from app.depositions.rules.reconfirmation import Answer
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict
from app.kernel.outbox.outbox import SENT, OutboxAttempt, OutboxRow

ANSWERS = ("yes", "", "no", None, "yes", "yes", "", "yes")
"""What organizations answer when they are asked whether a session takes place, in turn; None: they are not asked."""

CHECKLISTS: tuple[dict[Item, Progress], ...] = (
    {Item.REPORTER: Progress.DONE, Item.EXHIBITS: Progress.OPEN, Item.LINK: Progress.OPEN},
    {Item.INTERPRETER: Progress.OPEN, Item.REPORTER: Progress.DONE},
    {Item.REPORTER: Progress.DONE, Item.EXHIBITS: Progress.DONE, Item.LINK: Progress.DONE},
)


def reconfirm(db: Db, organizations: dict[str, Organization], now: datetime) -> None:
    """Lets those of the next business day answer: most that it takes place, one that it does not, some nothing.

    Those that begin within two hours are not asked: what is answered of them would soon be on no list.
    """
    names = {each.id: each.name for each in organizations.values()}
    until = now + timedelta(hours=10)
    rows = db.scalars(
        select(Deposition)
        .where(Deposition.reconfirm_at <= until, Deposition.starts_at > now + timedelta(hours=2))
        .where(Deposition.state.in_([state.value for state in BOOKED]))
        .order_by(Deposition.id.desc())
    )
    for row, answer in zip(rows.all(), cycle(ANSWERS), strict=False):
        if answer is None:
            continue
        by = Actor("participant", None, names[row.organization_id], row.organization_id, "page")
        asked_at = min(row.reconfirm_at or now, now - timedelta(minutes=90))
        knowledge.asked(db, row, "", now=asked_at, kind=Kind.ORGANIZATION)
        for each in emails.participants(row):
            if each.host:
                knowledge.asked(db, row, each.email, now=asked_at)
        reconfirmation.summarize(db, row)
        if answer:
            at = asked_at + timedelta(minutes=25)
            actions.reconfirm(db, row.id, "organization:", Answer(answer), by=by, now=at)


def ask(db: Db, firm: Organization, by: Actor, now: datetime) -> None:
    """Asks about two requests; one answer waits, with an hour that suits better."""
    waiting = select(Deposition).where(
        Deposition.state.in_([State.INITIAL.value, State.SCHEDULED.value]),
        Deposition.starts_at > now + timedelta(days=3),
        Deposition.organization_id == firm.id,
    )
    rows = db.scalars(waiting.order_by(Deposition.state.desc(), Deposition.id).limit(2)).all()
    at = now - timedelta(hours=3)
    later = now.astimezone(ZoneInfo(rows[0].zone)).replace(hour=15, minute=30) + timedelta(days=8)
    hours = NewQuestion(
        "The manager you prefer is free at these hours only. Which one suits?",
        Question.HOURS,
        (f"{later:%Y-%m-%dT%H:%M}", f"{later + timedelta(days=1):%Y-%m-%dT%H:%M}"),
    )
    actions.ask(db, rows[0].id, hours, by=by, now=at)
    actions.ask(db, rows[1].id, NewQuestion("Will the witness need an interpreter?", Question.YES_NO), by=by, now=at)
    asked = questions.latest(db, rows[0].id)
    if asked is not None:
        them = Actor("participant", None, firm.name, firm.id, "page")
        note = "The second day would do as well."
        actions.answer_question(db, asked.id, hours.hours[0], note, by=them, now=at + timedelta(hours=2))


def prepare(db: Db, by: Actor, now: datetime) -> None:
    """Begins the checklists of some booked sessions that lie ahead, most of them with something still to do."""
    rows = db.scalars(
        select(Deposition)
        .where(Deposition.state == State.SCHEDULED.value, Deposition.starts_at > now + timedelta(days=1))
        .order_by(Deposition.starts_at, Deposition.id)
        .limit(len(CHECKLISTS))
    )
    for row, checklist in zip(rows.all(), CHECKLISTS, strict=False):
        actions.change_checklist(db, row.id, checklist, by=by, now=now - timedelta(hours=2))


def test_webhook(db: Db, firm: Organization, by: Actor, now: datetime) -> None:
    """Sends a test webhook, which the organization's receiver has taken."""
    at, took = now - timedelta(hours=5), timedelta(milliseconds=184)
    actions.test_webhook(db, firm.id, "https://hooks.example.com/sessions", by=by, now=at)
    sent = (OutboxRow.subject_type == WEBHOOK_TEST, OutboxRow.subject_id == str(firm.id))
    (id,) = db.execute(
        update(OutboxRow).where(*sent).values(state=SENT, finished_at=at + took, attempts=1).returning(OutboxRow.id)
    ).one()
    answer = db.vault.encrypt('{"received": true}')
    ended = {"ended_at": at + took, "ok": True, "status": 200, "detail": "", "answer": answer}
    db.execute(insert(OutboxAttempt).values(outbox_id=id, number=1, started_at=at, **ended))


def propose(db: Db, by: Actor, now: datetime) -> None:
    """Offers other hours for the first three sessions for which they can be found: of the one all but one person have
    answered, of the next everybody, and they agree; for the last the time to answer was over too soon."""
    made_at = now - timedelta(hours=20)
    booked = (Deposition.state == State.SCHEDULED.value, Deposition.starts_at > now + timedelta(days=5))
    wanted = [(1, None), (0, None), (1, now - timedelta(hours=2))]
    for row in db.scalars(select(Deposition).where(*booked).order_by(Deposition.starts_at)).all():
        people = emails.participants(row)
        try:
            hours = proposals.first_found(db, row.id, made_at) if len(people) > 2 else ()
        except Conflict:
            continue
        if hours and wanted:
            missing, until = wanted.pop(0)
            new = NewProposal(tuple(hours), because="Counsel has a hearing that morning.", answers_until=until)
            _offer(db, row, people[: len(people) - missing], new, by, made_at)


def _offer(
    db: Db,
    row: Deposition,
    people: Sequence[emails.Participant],
    new: NewProposal,
    by: Actor,
    made_at: datetime,
) -> None:
    """Offers these hours, about which these people answer; all can come to the second."""
    actions.propose(db, row.id, new, by=by, now=made_at)
    offered = proposals.latest(db, row.id)
    assert offered is not None
    answers = cycle(("yes", "maybe", "yes", "no"))
    for at, one in enumerate(people, start=1):
        given = {written(hour): "yes" if n == 1 else next(answers) for n, hour in enumerate(new.slots)}
        who = Actor("participant", None, one.name or one.email, row.organization_id, "page")
        note = "Not before ten, please." if at == 1 else ""
        answered_at = made_at + timedelta(hours=at)
        key = people_queries.address_key(one.email)
        actions.answer_hours(db, offered.id, key, given, by=who, now=answered_at, note=note)
