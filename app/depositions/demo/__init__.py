"""Depositions of the demonstration: every state, believable names, long and right-to-left texts, always the same.

The real actions bring them to their states, at the times when that would have happened. Nothing is sent for them: the
messages that the actions queued are marked as sent long ago.
"""

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from app.accounts.models import Organization, Person
from app.depositions import actions
from app.depositions.actions import rereading
from app.depositions.demo import answers, day
from app.depositions.events import SUBJECT
from app.depositions.models import Deposition, DepositionPerson, MessageState, State
from app.depositions.queries import managers, people
from app.depositions.rules import new_request
from app.depositions.rules.roster import read as read_roster
from app.depositions.rules.settings import SettingsFields
from app.depositions.rules.transitions import Span
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import SENT, OutboxRow
from app.kernel.text.time_zones import clock12, iana_name

SEED = 1187
OPERATOR = Actor("cli", None, "Demonstration data", None, "cli")
SWITCHED_ON = timedelta(days=118)
"""How long ago the firms switched their settings on."""
FIRMS = ("marston", "hartwell", "khaleej")
ZONES = (
    "Pacific Time (US & Canada)",
    "Mountain Time (US & Canada)",
    "Central Time (US & Canada)",
    "Eastern Time (US & Canada)",
    "Eastern Time (US & Canada)",
    "Arizona",
    "America/Chicago",
    "(GMT-08:00) Pacific Time (US & Canada)",
    "London",
)
FIRST = (
    "Orsolya", "Tomasz", "Delphine", "Rafael", "Amara", "Lazuli", "Quentin", "Henrike", "Ignatius", "Priya", "Basil",
    "Noor", "Éamon", "Sigrid", "Mateus", "Yuki", "Odalys", "Wren", "Casimir", "Thandiwe", "Leopold", "Marisol",
)  # fmt: skip
LAST = (
    "Brandt", "Adeyemi", "Okafor", "Lindqvist", "Whitfield", "Acacia", "Vasquez", "Solberg", "Bell", "Raghunathan",
    "Thorne", "Halvorsen", "Ó Briain", "Castellanos", "Mbeki", "Tanaka", "Ferreira", "Nakamura-Hale", "Achterberg",
)  # fmt: skip
CASES = (
    "Keller v. Northline Freight", "In re Castellan Trust", "Dunmore v. Ashby", "Brightwater Homes, 2026-1184",
    "Marlowe Shipping", "Solberg v. Tessera Labs", "Carrow Estate, 2026-0917", "Raghunathan v. Orchard Mutual",
    "Hollis & Sons v. Pemberton", "State ex rel. Varga", "Quillon Pharma MDL 3102", "456-case",
)  # fmt: skip
ARABIC_NAMES = ("سلمى الكتبي", "خالد المنصوري", "مريم الزرعوني", "عمر بن سليمان", "نورة الشامسي")
ARABIC_CASES = ("قضية الميناء رقم ٢٠٢٦/١١٨", "الشامسي ضد مؤسسة المرجان", "تركة المنصوري")
OUTSIDERS = ("quartz@example.com", "obsidian@example.com", "amber@example.com", "gypsum@example.com")
ABROAD = (
    ("Spanish", "Spanish", "Mexico City", "Marisol Castellanos", timedelta(days=3)),
    ("fr-CA", "French", "America/Montreal", "Delphine Lachance", timedelta(days=5)),
    ("ar", "Arabic", "Abu Dhabi", "سلمى الكتبي", timedelta(days=6)),
    ("English", "", "Pacific Time (US & Canada)", "Yuki Tanaka", timedelta(minutes=50)),
)
"""Sessions by the language that was given, with their interpreter, zone and deponent, and how far away they are."""
ROSTER = Path(__file__).with_name("roster.json")
"""The roster, as the cells of its CSV."""
LONG = (
    "Deposition of the corporate representative most knowledgeable about the maintenance, inspection and repair "
    "records of the freight elevators at the Northline terminal between January 2019 and December 2025, second volume"
)
WAITS = (0.4, 2.2, 3.5, 5, 6.5, 1.3, 7, 9, 4.4, 15, 3, 5.8, 22, 6, 30, 2.7, 11, 62)
"""Hours from a request to what the team did about it, in turn."""
REMARKS = (
    "Please call the court reporter an hour before. Exhibits 4 to 19 are sent by courier.",
    "The witness is hard of hearing; live captions are needed from the first minute.",
    "Counsel joins from a moving train for the first half hour. Start with the housekeeping.",
)


class Plan(NamedTuple):
    """A request to make: how far away it starts, how long ago it was made, and its state by now."""

    state: str
    starts: timedelta
    ago: timedelta
    firm: str = "marston"


def load(db: Db, *, organizations: dict[str, Organization], people: dict[str, Person], now: datetime) -> dict[str, int]:
    """Stores them. Returns how many."""
    _settings(db, organizations, now)
    maker = _Maker(db, organizations, people, now)
    maker.roster()
    maker.document_examples()
    maker.by_phone()
    for plan in _plans(maker.random):
        maker.make(plan)
    maker.abroad()
    maker.day()
    maker.request_twice()
    answers.ask(db, organizations["marston"], _actor(maker.team[0]), now)
    answers.prepare(db, _actor(maker.team[0]), now)
    answers.propose(db, _actor(maker.team[0]), now)
    maker.change_zone_rules()
    maker.settle()
    answers.reconfirm(db, organizations, now)
    answers.test_webhook(db, organizations["marston"], _actor(maker.team[0]), now)
    return {"depositions": maker.made}


def _settings(db: Db, organizations: dict[str, Organization], now: datetime) -> None:
    """Reminders and reconfirmation are on at every firm, since before its first session."""
    for firm in FIRMS:
        choices: SettingsFields = {"reminders": True, "reconfirmation": True}
        if firm == "marston":
            choices |= {"postback_cancellations": True, "promised_hours": 8}
        if firm == "hartwell":
            choices |= {"silence_is_yes": True}
        actions.change_settings(db, organizations[firm].id, choices, by=OPERATOR, now=now - SWITCHED_ON)


def _plans(chance: random.Random) -> list[Plan]:
    hours, days = (lambda n: timedelta(hours=n)), (lambda n: timedelta(days=n))
    urgent = [Plan("initial", hours(h), hours(a)) for h, a in ((3, 19), (5, 7), (8, 30), (20, 5))]
    waiting = [Plan("initial", days(chance.randint(2, 30)), hours(chance.randint(25, 110))) for _ in range(9)]
    passed = [Plan("initial", -days(chance.randint(1, 300)), days(4)) for _ in range(2)]
    fresh = [Plan("initial", days(chance.randint(2, 50)), hours(chance.randint(0, 22))) for _ in range(14)]
    scheduled = [Plan("scheduled", days(chance.randint(0, 40)) + hours(2), days(1 + n * 1.9)) for n in range(25)]
    requested = [Plan("cancellation requested", days(n), days(12)) for n in (1, 3, 8)]
    ready = [Plan("ready", days(chance.randint(1, 25)), days(3), "hartwell") for _ in range(10)]
    never = [Plan("scheduled", -days(2), days(20))]
    live = [Plan("active", -hours(h) / 2, days(11)) for h in (1, 2, 3)]
    past = [chance.randint(1, 7 if n % 3 == 0 else 90) for n in range(24)]
    ended = [Plan("ended", -days(ago), days(ago + 4 + n % 15)) for n, ago in enumerate(past)]
    canceled = [Plan("canceled", days(chance.randint(-40, 30)), days(44 + n)) for n in range(14)]
    abroad = [Plan("initial", days(6), hours(11), "khaleej"), Plan("scheduled", days(9), days(2), "khaleej")]
    return [
        *urgent,
        *waiting,
        *passed,
        *fresh,
        *scheduled,
        *requested,
        *ready,
        *never,
        *live,
        *ended,
        *canceled,
        *abroad,
        Plan("canceled silently", days(5), days(9)),
    ]


class _Maker:
    """Makes one deposition after the other, with the same random choices each time."""

    def __init__(
        self, db: Db, organizations: dict[str, Organization], people: dict[str, Person], now: datetime
    ) -> None:
        self.db, self.organizations, self.now = db, organizations, now
        self.team = [p for p in people.values() if p.email in ("ines.moreau@example.com", "ana.ruiz@example.com")]
        self.random = random.Random(SEED)
        self.made = 0
        self.managers: dict[str, int] = {}
        self.taken: dict[str, list[Span]] = {}

    def roster(self) -> None:
        """Who manages: the team, and outsiders whom organizations ask for."""
        began = self.now - SWITCHED_ON
        on_weekend = self.now.astimezone(ZoneInfo(day.VIEWER)).weekday() > 4
        for typed in json.loads(ROSTER.read_text("utf-8")):
            typed = day.hours_of_today(typed) if on_weekend else typed
            actions.roster.add(self.db, read_roster(typed), by=OPERATOR, now=began)
        self.managers = {one.email: one.id for one in managers.managers(self.db)}
        away = ((day.ANA, *day.HOLIDAYS, "Holidays"), ("amber@example.com", -1, 2, "At a trial in Hamburg"))
        for email, *days, note in away:
            first, last = (self.now.date() + timedelta(days=each) for each in days)
            actions.roster.add_absence(self.db, self.managers[email], first, last, note, by=OPERATOR, now=began)

    def document_examples(self) -> None:
        """The requests the document prints, with its own dates, and the first once more for the coming night."""
        pacific = "Pacific Time (US & Canada)"
        example = {
            "title": "Example Remote Session Request",
            "case_name": "567-case-id-name",
            "deponent_name": "Malachite Yarrow",
            "deponent_email": "malachite@example.com",
            "deponent_role": "deponent",
            "invites": (new_request.Invite("quartz@example.com"), new_request.Invite("obsidian@example.com")),
            "details": new_request.tidy_details(
                {"preferred_manager": "Quartz Verbena", "video_provider": "chime", "session_type": "remote_deposition"}
            ),
            "estimated_duration": 1.25,
            "postback_url": "https://www.urltosendsessioninfo.com",
        }
        printed = new_request.parse_start("2025-01-28", "01:30 AM", pacific)
        tonight = (self.now + timedelta(hours=30)).astimezone(ZoneInfo("America/Los_Angeles"))
        tonight = tonight.replace(hour=1, minute=30)
        soon = new_request.parse_start(f"{tonight:%Y-%m-%d}", "01:30 AM", pacific)
        self._request(new_request.NewRequest(start=printed, **example), "marston", self.now - timedelta(days=4))
        self._request(new_request.NewRequest(start=soon, **example), "marston", self.now - timedelta(hours=2))
        lazuli = {
            **example,
            "title": "Another Example Remote Session",
            "case_name": "456-case",
            "deponent_name": "Lazuli Acacia",
            "deponent_email": "lazuli@example.com",
            "invites": (new_request.Invite("amber@example.com"), new_request.Invite("gypsum@example.com")),
            "details": new_request.tidy_details(
                {
                    "additional_details": "Additional instructions for the deposition",
                    "preferred_manager": "Amber Zinnia",
                    "interpreter": "German",
                }
            ),
        }
        self._request(
            new_request.NewRequest(start=new_request.parse_start("2025-01-24", "03:30 PM", pacific), **lazuli),
            "marston",
            self.now - timedelta(days=3, hours=6),
        )

    def by_phone(self) -> None:
        """A request that staff entered for a firm that phoned."""
        wall = (self.now + timedelta(days=16)).astimezone(ZoneInfo("America/Denver"))
        start = new_request.parse_start(f"{wall:%Y-%m-%d}", "10:00 AM", "Mountain Time (US & Canada)")
        new = new_request.NewRequest(
            start=start,
            title="Deposition of Sigrid Halvorsen",
            case_name="Solberg v. Tessera Labs",
            file_number="TL-2291",
            deponent_name="Sigrid Halvorsen",
            deponent_email="sigrid.halvorsen@example.com",
            deponent_role="witness",
            invites=(new_request.Invite("amber@example.com", "host"),),
            details=new_request.tidy_details({"interpreter": "Norwegian"}),
            estimated_duration=2,
        )
        entry = actions.Entry("Dana Whitfield, paralegal", "phone", b"the same for every demonstration")
        self.made += 1
        at = self.now - timedelta(hours=3)
        actions.request(self.db, self.organizations["marston"], new, by=_actor(self.team[0]), now=at, entry=entry)

    def make(self, plan: Plan) -> None:
        """One deposition, brought to its state by now."""
        firm = plan.firm if plan.firm != "marston" or self.random.random() < 0.9 else "khaleej"
        made_at = self.now - plan.ago
        new = self._new_request(plan, firm)
        if plan.state == "canceled silently":
            new = replace(new, invites=(new_request.Invite(OUTSIDERS[0]), new_request.Invite(OUTSIDERS[1], "host")))
        deposition = self._request(new, firm, made_at)
        person = self.random.choice(self.team)
        by = _actor(person)
        later = made_at + min(timedelta(hours=WAITS[self.made % len(WAITS)]), plan.ago * 0.9)
        if plan.state == "initial":
            if self.random.random() < 0.25:
                actions.assign(self.db, deposition.id, assignee=(person.id, person.name), by=by, now=later)
            return
        if plan.state == "canceled":
            actions.cancel(self.db, deposition.id, by=by, now=later + plan.ago / 2, notify=self.random.random() < 0.7)
            return
        manager = day.manager(self.made, plan.starts, live=plan.state == "active")
        if deposition.state == "initial":
            self._schedule(deposition, person, later, manager)
        if plan.state == "cancellation requested":
            owner = self.organizations[firm]
            key = Actor("key", None, owner.name, owner.id, "api")
            actions.request_cancellation(
                self.db, deposition.id, organization_id=owner.id, by=key, now=self.now - timedelta(hours=5)
            )
        if plan.state == "canceled silently":
            self.settle()
            reason = "Counsel called; they will tell their side themselves."
            actions.cancel(
                self.db, deposition.id, by=by, now=self.now - timedelta(hours=3), notify=False, reason=reason
            )
        if plan.state in ("active", "ended"):
            actions.start(self.db, deposition.id, by=by, now=deposition.starts_at)
        if plan.state == "active":
            day.attend(self.db, deposition, manager)
        if plan.state == "ended":
            actions.end(
                self.db, deposition.id, by=by, now=max(deposition.ends_at, deposition.starts_at + timedelta(minutes=20))
            )

    def request_twice(self) -> None:
        """A request that was sent twice, and one of the same organization that needs the same witness at that hour."""
        start = _start(self.now + timedelta(days=4), "Eastern Time (US & Canada)", 10)
        name = "Leopold Achterberg"
        for case, minutes in (("Marlowe Shipping", 0), ("Marlowe Shipping", 0), ("Carrow Estate, 2026-0917", 30)):
            begins = new_request.parse_start(start.start_date, f"10:{minutes:02d} AM", start.time_zone)
            new = new_request.NewRequest(
                title=f"Deposition of {name}",
                case_name=case,
                start=begins,
                estimated_duration=2,
                deponent_name=name,
                deponent_email="leopold.achterberg@example.com",
                deponent_role="witness",
                invites=(new_request.Invite(OUTSIDERS[2], "host"),),
            )
            self._request(new, "marston", self.now - timedelta(hours=3, minutes=minutes))

    def change_zone_rules(self) -> None:
        """Puts one session where rules of former years would have placed it, so that those of today move its hour."""
        ahead = (Deposition.state == "scheduled", Deposition.starts_at > self.now + timedelta(days=3))
        row = self.db.execute(
            select(*Deposition.__table__.c).where(*ahead).order_by(Deposition.starts_at).limit(1)
        ).one()
        hour = timedelta(hours=1)
        values = {Deposition.starts_at: row.starts_at - hour, Deposition.ends_at: row.ends_at - hour}
        self.db.execute(
            update(Deposition).where(Deposition.id == row.id).values({**values, Deposition.zone_version: "2024a"})
        )
        rereading.read_anew(self.db, rereading.outdated(self.db, 1), self.now)

    def abroad(self) -> None:
        """Booked sessions in every language that participants read. One begins soon; the first was moved by a day."""
        booked = []
        for language, interpreter, zone, name, ahead in ABROAD:
            start = _start(self.now + ahead, zone, 10 if ahead.days else None)
            new = new_request.NewRequest(
                title=f"Deposition of {name}",
                case_name=self.random.choice(CASES),
                start=start,
                estimated_duration=1.5,
                deponent_name=name,
                deponent_email=f"witness{self.made + 1}@example.com",
                deponent_role="witness",
                invites=(new_request.Invite(OUTSIDERS[0], "host"), new_request.Invite(OUTSIDERS[1])),
                details=new_request.tidy_details({"language": language, "interpreter": interpreter}),
            )
            deposition = self._request(new, "marston", self.now - timedelta(days=6))
            self._schedule(deposition, self.team[0], self.now - timedelta(days=5), day.INES)
            booked.append(deposition)
        self.settle()
        later = _start(booked[0].starts_at + timedelta(days=1), booked[0].time_zone)
        reason = "The interpreter could not come on the day before."
        to = actions.Move(later, 1.5, notice=reason, because=reason, reason=reason)
        actions.move(self.db, booked[0].id, to, by=_actor(self.team[0]), now=self.now - timedelta(days=1))

    def day(self) -> None:
        """The day of today, full whatever day of the week it is, and some sessions of the next."""
        made_at = self.now - timedelta(days=4)
        for n, each in enumerate(day.due(self.now, self.taken)):
            deposition = self._request(day.request(each, n), "marston", made_at)
            by, begins, ends = _actor(self.team[0]), each.span.starts_at, each.span.ends_at
            if not each.booked.manager:
                continue
            self._schedule(deposition, self.team[0], made_at + timedelta(hours=5), each.booked.manager)
            if begins <= self.now:
                actions.start(self.db, deposition.id, by=by, now=begins)
                day.attend(self.db, deposition, each.booked.manager)
            if ends <= self.now:
                actions.end(self.db, deposition.id, by=by, now=ends)

    def settle(self) -> None:
        """Marks what the past would have sent as sent, so that nothing is sent now."""
        self.db.execute(
            update(OutboxRow)
            .where(OutboxRow.subject_type == SUBJECT)
            .values(state=SENT, finished_at=OutboxRow.created_at, attempts=1, payload="")
        )
        canceled = select(Deposition.id).where(
            Deposition.id == DepositionPerson.deposition_id, Deposition.state == State.CANCELED.value
        )
        starts_at = select(Deposition.starts_at).where(Deposition.id == DepositionPerson.deposition_id)
        arrived: Values = {
            DepositionPerson.message_state: MessageState.ACCEPTED.value,
            DepositionPerson.invited_sequence: DepositionPerson.message_sequence,
            DepositionPerson.invited_at: DepositionPerson.message_at,
            DepositionPerson.invited_starts_at: starts_at.scalar_subquery(),
            DepositionPerson.invited_canceled: canceled.exists(),
        }
        on_the_way = DepositionPerson.message_state == MessageState.WAITING.value
        self.db.execute(update(DepositionPerson).where(on_the_way).values(arrived))
        people.refresh(self.db, Deposition.sequence > 0)

    def _schedule(self, deposition: Deposition, person: Person, at: datetime, manager: str) -> None:
        # In the manager's own room at the provider that was asked for, or else in their first.
        booking = actions.Booking(manager_id=self.managers[manager], reason="A colleague takes over at the half hour.")
        actions.schedule(self.db, deposition.id, booking, by=_actor(person), now=at)
        self.taken.setdefault(manager, []).append(Span(deposition.starts_at, deposition.ends_at))

    def _request(self, new: new_request.NewRequest, firm: str, at: datetime) -> Deposition:
        owner = self.organizations[firm]
        self.made += 1
        by = Actor("key", None, owner.name, owner.id, "api")
        return actions.request(self.db, owner, new, by=by, now=at)

    def _new_request(self, plan: Plan, firm: str) -> new_request.NewRequest:
        pick = self.random.choice
        arabic = firm == "khaleej"
        zone = "Abu Dhabi" if arabic else pick(ZONES)
        wall = (self.now + plan.starts).astimezone(ZoneInfo(iana_name(zone)))
        wall = wall.replace(minute=wall.minute // 15 * 15, second=0, microsecond=0)
        if abs(plan.starts) > timedelta(days=1):
            wall = wall.replace(hour=pick((8, 9, 10, 10, 11, 13, 14, 15, 16, 21)), minute=pick((0, 0, 0, 30)))
        name = pick(ARABIC_NAMES) if arabic else f"{pick(FIRST)} {pick(LAST)}"
        address = f"witness{self.made}@example.com"
        long = self.made % 29 == 7
        return new_request.NewRequest(
            title=LONG if long else f"Deposition of {name}",
            case_name=pick(ARABIC_CASES) if arabic else pick(CASES),
            file_number=f"2026-{self.random.randint(100, 1999)}" if self.random.random() < 0.4 else None,
            start=new_request.parse_start(f"{wall:%Y-%m-%d}", clock12(wall), zone),
            estimated_duration=pick((1, 1.25, 1.5, 2, 2.5, 4, 7)) if self.random.random() < 0.95 else None,
            deponent_name=f"Captain {name} of the Lesser Antilles Harbor Pilots’ Association" if long else name,
            deponent_email=address,
            deponent_role="deponent" if self.random.random() < 0.7 else "witness",
            invites=tuple(
                new_request.Invite(email) for email in self.random.sample(OUTSIDERS, self.random.randint(0, 3))
            ),
            details=new_request.tidy_details(
                {
                    "preferred_manager": pick(("Quartz Verbena", "Amber Zinnia", "Ines Moreau", "")),
                    "interpreter": pick(("Polish", "Tamil", "", "", "", "", "")),
                    "video_provider": pick(("chime", "zoom", "")),
                    "additional_details": pick((*REMARKS, "", "", "")),
                }
            ),
            postback_url=pick(("https://hooks.example.com/sessions", "https://hooks.example.com/sessions", None)),
        )


def _start(moment: datetime, zone: str, hour: int | None = None) -> new_request.Start:
    """The last full quarter of an hour before a moment as people of a zone write it, or this hour of its day."""
    wall = moment.astimezone(ZoneInfo(iana_name(zone)))
    minute = wall.minute // 15 * 15 if hour is None else 0
    wall = wall.replace(hour=wall.hour if hour is None else hour, minute=minute, second=0, microsecond=0)
    return new_request.parse_start(f"{wall:%Y-%m-%d}", clock12(wall), zone)


def _actor(person: Person) -> Actor:
    return Actor("person", str(person.id), person.name, None, "page")
