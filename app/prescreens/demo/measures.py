"""What the desk measures about itself: a questionnaire with alike cases, decided by several agents at many hours."""

import random
from datetime import datetime, timedelta
from uuid import UUID

from app.accounts.models import Organization
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.prescreens import actions
from app.prescreens.actions import questionnaires as drafting
from app.prescreens.measures import Measure
from app.prescreens.models import QuestionType
from app.prescreens.queries import calibration, questionnaires
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.questionnaires import Content
from app.prescreens.rules.questions import Expectation, Question

PROSPECT = Actor("prospect", None, "The prospect", None, "page")
BUDGETS = ("1500", "1750", "1900", "2400")
QUESTIONS = (
    Question("fullName", "What is your full name?", QuestionType.NAME),
    Question(
        "budget",
        "What can you spend each month?",
        QuestionType.NUMBER,
        criterion="at least 1,800",
        expects=Expectation(at_least=1800),
        headline=True,
        short="Budget",
    ),
    Question("parking", "Do you need a parking space?", QuestionType.YESNO, headline=True, short="Parking"),
    Question("more", "Anything else?", QuestionType.LONGTEXT, required=False),
)
LIKELY = ((0.95, 0.05), (0.95, 0.6))
"""By agent: how often they approve what meets the criterion, and what does not."""


def load(db: Db, home: Organization, agents: list[Actor], admin: Actor, names: list[str], now: datetime) -> UUID:
    """Writes 66 decisions of the last weeks, and switches the measures on, with three calibration rounds.

    Returns the questionnaire.
    """
    at, reach, dice = now - timedelta(days=60), Reach((home.id,)), random.Random(31)
    id = drafting.make(db, home.id, "Studios, in short", Content(questions=QUESTIONS), by=agents[-1], now=at)
    drafting.publish(db, id, "The first version", reach=reach, revision=None, by=agents[-1], now=at)
    questionnaire = questionnaires.one(db, reach, id)
    assert questionnaire is not None
    for n in range(66):
        started = now - timedelta(days=dice.uniform(9, 40))
        one = actions.start(db, questionnaire, by=PROSPECT, now=started)
        budget = dice.choice(BUDGETS)
        given = {"fullName": names[n % len(names)], "budget": budget, "parking": dice.choice(("yes", "no"))}
        for key, value in given.items():
            actions.answer(db, one, key, [value], by=PROSPECT, now=started)
        actions.complete(db, one, by=PROSPECT, now=started + timedelta(minutes=4))
        which = n % len(agents)
        approves = dice.random() < LIKELY[which % len(LIKELY)][int(budget) < 1800]
        decided = started + timedelta(hours=dice.uniform(1, 200))
        decide = actions.approve if approves else actions.deny
        decide(db, one, None, reach=reach, by=agents[which], now=decided)
    for measure in Measure:
        actions.switch_measure(db, home.id, measure, True, by=admin, now=now - timedelta(days=16))
    _calibrate(db, home, agents, now)
    return id


def _calibrate(db: Db, home: Organization, agents: list[Actor], now: datetime) -> None:
    """Two rounds that are over, answered by everybody, and one that runs, answered by the first agent alone."""
    dice = random.Random(7)
    for days in (15.5, 8.4, 1.3):
        at = now - timedelta(days=days)
        actions.make_rounds(db, at)
        found = calibration.rounds(db, home.id)[0]
        cases = calibration.cases(db, [found])
        for which, agent in enumerate(agents[:1] if days < 7 else agents):
            likely = LIKELY[which % len(LIKELY)]
            choices = {
                case.place: "approve" if dice.random() < likely[case.rated.outcome == "deny"] else "deny"
                for case in cases
            }
            moment = at + timedelta(hours=5 + which)
            actions.answer_round(
                db, found.id, choices, person_id=int(agent.id or 0), reach=Reach((home.id,)), by=agent, now=moment
            )
