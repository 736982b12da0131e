"""Demonstration data of the inspections desk: about eighty inspections in every state, made by the real actions.

Deterministic and relative to now. Each one really went through creating, inviting, joining and ending at past moments,
so every chain verifies. What would have been sent by now is marked as sent; nothing past is mailed today.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, select, update

from app.accounts.models import Organization, Person
from app.dashboard.documents import actions as documents
from app.inspections import actions, queries, receipts, rules
from app.inspections.demo import evidence
from app.inspections.emails import link_name
from app.inspections.evidence.models import Evidence
from app.inspections.locales import TRANSLATIONS, consent_wording
from app.inspections.models import Anchoring, Inspection
from app.inspections.queries import own_wordings
from app.inspections.report import document
from app.kernel import store
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import DEAD, QUEUED, SENT, OutboxRow

PRINTED = uuid.UUID("0c8f4d2e-1a3b-4c5d-9e7f-1234567890ab")
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"
INSTAGRAM = f"{IPHONE} Instagram 350.0.0.0"
CAMERA_ALONE = ("camera",)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

FRENCH = (
    ("Zofia", "Wiśniewska", "Dégât des eaux à la cave, sinistre CL-2026-0039", "pl"),
    ("Duarte", "Figueira", "Toiture après la grêle, CL-2026-0051", "pt"),
    ("Andrei", "Popescu", "Inventaire, entrepôt 3", "ro"),
    ("Marlene", "Fuchs", "Vehicle damage, CL-2026-0057", "de"),
    ("Bjørn", "Dahl", "Kitchen fire, CL-2026-0033", "da"),
    ("Selin", "Aydın", "Bris de glace, pare-brise, CL-2026-0061", "tr"),
    ("Hélène", "d’Arcy-Montmorency de La Rochefoucauld", "Effraction, deux portes et une fenêtre; le voisin du "
     "dessus a entendu des bruits vers trois heures du matin et a photographié la camionnette. Voir aussi le sinistre "
     "CL-2025-0911 pour la même adresse, clos sans suite.", "fr"),
    ("Giulia", "Conti", "Grandine sul tetto, CL-2026-0064", "it"),
    ("Sanne", "de Vries", "Schade aan de gevel, CL-2026-0066", "nl"),
    ("Astrid", "Lindgren-Öberg", "Vattenskada i källaren, CL-2026-0068", "sv"),
    ("Tereza", "Nováková", "Poškozené vozidlo, CL-2026-0070", "cs"),
    ("Inés", "Ortega", "Daños por granizo, CL-2026-0072", "es"),
    ("Camille", "Petit", "État des lieux, appartement 12", "fr"),
    ("Maël", "Guérin", "Choc arrière, parking, CL-2026-0075", "fr"),
)  # fmt: skip
ARABIC = (
    ("ليلى", "حداد", "تسليم الشقة 12", "ar"),
    ("عمر", "الفارسي", "أضرار المركبة، المطالبة CL-2026-0081", "ar"),
    ("Priya", "Nair", "Vehicle damage, claim CL-2026-0083", "en"),
    ("يوسف", "بن سالم", "تسرب مياه في المستودع رقم 3، الطابق الأرضي", "ar"),
    ("Mehmet", "Kaya", "Depo sayımı, CL-2026-0085", "tr"),
)
ENGLISH = (
    ("Dana", "Whitcomb", "Move-out walk-through, unit 4B", "en"),
    ("Marcus", "Bell", "Hail on the roof, CL-2026-0090", "en"),
    ("Rosa", "Delgado", "Revisión de salida, 2C", "es"),
)

FRENCH_WORDS = {
    "camera": "Maison Assurances regarde par votre caméra pendant l’inspection. Les images servent à traiter ce "
    "dossier, et à rien d’autre.",
    "recording": "Avec votre accord, Maison Assurances enregistre l’image et le son. L’enregistrement est gardé cinq "
    "ans avec le dossier ; vous pouvez en demander une copie.",
}
ARABIC_WORDS = {
    "recording": "بموافقتك نسجّل الصورة والصوت أثناء المعاينة. يُحفظ التسجيل مع الملف ولا يُستعمل لغير ذلك.",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """One organization's desk: who works there, whom they invite."""

    db: Db
    organization: Organization
    people: tuple[Person, ...]
    invitees: tuple[tuple[str, str, str, str], ...]
    dice: random.Random
    now: datetime
    campaign: uuid.UUID | None = None

    def actor(self, number: int) -> Actor:
        person = self.people[number % len(self.people)]
        return Actor("person", str(person.id), person.name, self.organization.id, "page")

    def make(
        self, number: int, at: datetime, scheduled_for: datetime | None = None, **more: Any
    ) -> Inspection:  # of `create`
        """An inspection made at `at`, by a person or (every fourth) by the organization's own program. `more` is
        `Any`, as it joins the keywords of `create`."""
        *_, notes, locale = self.invitees[number % len(self.invitees)]
        by = self.actor(number)
        if number % 4 == 3:
            by = Actor("key", None, self.organization.name, self.organization.id, "api")
        maker = self.people[number % len(self.people)] if by.kind == "person" else None
        facts = {"notes": notes, "locale": locale, "campaign_id": self.campaign} | more
        if maker is not None:
            facts = {"operator_email": maker.email, "assignee": (maker.id, maker.name)} | facts
        if number % 3:
            facts["campaign_id"] = None
        return actions.create(
            self.db, organization_id=self.organization.id, by=by, now=at, scheduled_for=scheduled_for, **facts
        )

    def invite(self, inspection: Inspection, number: int, at: datetime, **more: Any) -> actions.Minted:  # of `invite`
        first, last, *_ = self.invitees[number % len(self.invitees)]
        facts = {
            "recipient_first_name": first,
            "recipient_last_name": last,
            "recipient_email": f"field.user{number}@example.com",
            "ttl_minutes": 10_080,
        } | more
        return actions.invite(self.db, inspection.id, by=self.actor(number), now=at, **facts)

    def visitor(self, number: int, agent: str = "") -> actions.Visitor:
        return actions.Visitor(f"203.0.113.{number % 250 + 1}", agent or (IPHONE, ANDROID)[number % 2], None, "page")

    def join(self, minted: actions.Minted, number: int, at: datetime, wrong: int = 0, agent: str = "") -> None:
        """Opens the page, presses, mistypes `wrong` times, gets in."""
        here = self.visitor(number, agent)
        actions.see_invite(self.db, minted.invite, visitor=here, now=at - 2 * MINUTE)
        actions.open_invite(self.db, minted.invite, visitor=here, now=at - MINUTE)
        self.mistype(minted, number, at - MINUTE / 2, wrong, agent)
        self._redeem(minted, minted.otp_code, here, at)

    def mistype(self, minted: actions.Minted, number: int, at: datetime, times: int, agent: str = "") -> None:
        code = f"{(int(minted.otp_code or '0') + 1) % 1_000_000:06d}"
        for n in range(times):
            self._redeem(minted, code, self.visitor(number, agent), at + timedelta(seconds=4 * n))

    def _redeem(self, minted: actions.Minted, code: str | None, here: actions.Visitor, at: datetime) -> None:
        token = (minted.join_url or "").rpartition("=")[2]
        actions.join(self.db, minted.invite.inspection_id, token, code=code, visitor=here, now=at)

    def allow(self, minted: actions.Minted, number: int, at: datetime, **otherwise: str) -> None:
        """Answers about all that is asked: everything is granted, unless it is `otherwise`."""
        used = queries.get(self.db, minted.invite.inspection_id).subjects
        answers = {**dict.fromkeys(used, "granted"), **otherwise}
        self.answer(minted, number, at, {subject: answers[subject] for subject in used})

    def show(self, minted: actions.Minted, number: int, at: datetime, place: bool = True) -> None:
        """Sends photos and a note."""
        fresh = queries.invite(self.db, minted.invite.id, minted.invite.inspection_id)
        evidence.add(self.db, fresh, at, by=self.visitor(number).actor(fresh), place=place)

    def judge(self, session: Inspection, by: Actor, at: datetime) -> None:
        """Remarks on two pieces, one of which is corrected, and a legal hold on one of them."""
        first, second, *_ = queries.evidence(self.db, session.id)
        for item, text, after in (
            (first, "Scratch on the right door.", 1),
            (first, "Scratch on the left door; the right one is whole.", 2),
            (second, "Older than the hail, see the note.", 3),
        ):
            actions.remark_evidence(self.db, session.id, item.id, text=text, by=by, now=at + after * MINUTE)
        reason = "The insurer disputes the age of the damage."
        actions.hold_item(self.db, session.id, second.id, reason=reason, by=by, now=at + 4 * MINUTE)

    def receipt(self, minted: actions.Minted, at: datetime) -> None:
        """Mails what they sent, as the worker does a minute after the end."""
        fresh = queries.invite(self.db, minted.invite.id, minted.invite.inspection_id)
        kept = store.store_at(self.db.config.evidence_url)
        pictures = receipts.pictures(kept, queries.evidence_of(self.db, fresh))
        actions.send_receipt(self.db, fresh.inspection_id, fresh.id, pictures, now=at)

    def withdrawal(self, session: Inspection, subject: str) -> actions.Wording:
        """The words to which a field user takes something back."""
        t = TRANSLATIONS.translator(session.locale)
        return actions.Wording(receipts.withdrawal(subject, self.organization.name, t), t.lang)

    def answer(self, minted: actions.Minted, number: int, at: datetime, answers: Mapping[str, str]) -> None:
        fresh = queries.invite(self.db, minted.invite.id, minted.invite.inspection_id)
        t = TRANSLATIONS.translator(queries.get(self.db, fresh.inspection_id).locale)
        own = own_wordings.own_texts(self.db, self.organization.id, t.lang)
        words = {
            subject: actions.Wording(consent_wording(subject, t, own.get(subject, "")), t.lang) for subject in answers
        }
        actions.consent(self.db, fresh, answers, words, visitor=self.visitor(number), now=at)


def load(
    db: Db, *, organizations: Mapping[str, Organization], people: Mapping[str, Person], now: datetime
) -> dict[str, object]:
    """Fills the desks of four organizations. Returns about how many inspections that are."""

    def desk(slug: str, cast: tuple[str, ...], invitees: Sequence[tuple[str, ...]], campaign: str = "") -> Desk:
        organization = organizations[slug]
        made = None
        if campaign:
            made = actions.create_campaign(db, organization_id=organization.id, name=campaign, now=now).id
        those = tuple(people[f"{name}@example.com"] for name in cast)
        return Desk(db, organization, those, invitees, random.Random(slug), now, made)

    maison = desk("maison", ("camille.roche", "tomasz.wilk"), FRENCH, "Grêle, octobre")
    khaleej = desk("khaleej", ("layla.haddad",), ARABIC, "أمطار نوفمبر")
    alder = desk("alder", ("owen.parry",), ENGLISH)
    juniper = desk("juniper", ("marisol.vega",), ENGLISH)
    _own_words(maison, "fr", FRENCH_WORDS, "Formulation relue par le service juridique")
    _own_words(khaleej, "ar", ARABIC_WORDS, "نص أقره المستشار القانوني")
    _as_printed(maison)
    _now(maison)
    _today(maison)
    for place, upcoming, expired, ended in (
        (maison, 9, 4, 17),
        (khaleej, 4, 3, 9),
        (alder, 2, 1, 5),
        (juniper, 1, 1, 2),
    ):
        _upcoming(place, upcoming)
        _expired(place, expired)
        _ended(place, ended)
    _live(khaleej, 1, minutes=26, recording=True)
    _waiting(khaleej, 0, minutes=3)
    _locked(khaleej, 3)
    _live(alder, 0, minutes=12, subjects=("camera", "gps"))
    _unanchored(maison)
    _delivered(db, now)
    _report(maison)
    return {"inspections": "about 80"}


def _own_words(desk: Desk, locale: str, texts: Mapping[str, str], reason: str) -> None:
    """The words in which an organization asks itself; what it does not word is asked in the product's."""
    by, at = Actor("cli", None, "desk command", None, "cli"), desk.now - timedelta(days=400)
    id = desk.organization.id
    actions.change_wording(desk.db, id, locale, texts, reason, revision=None, by=by, now=at)


def _as_printed(desk: Desk) -> None:
    """The document's own example, under its own id, today instead of in May."""
    begin = desk.now - 9 * MINUTE
    notes = "Vehicle damage — claim CL-2026-0042"
    session = desk.make(
        0, begin - 44 * HOUR, begin, notes=notes, locale="fr", operator_email="ops@yourco.com", id=PRINTED
    )
    minted = desk.invite(
        session,
        0,
        begin - 2 * MINUTE,
        recipient_first_name="Alex",
        recipient_last_name="Garcia",
        recipient_email="alex@policyholder.com",
        ttl_minutes=1440,
    )
    desk.join(minted, 0, begin + timedelta(seconds=14), wrong=1)
    desk.answer(minted, 0, begin + MINUTE, {"camera": "granted", "gps": "granted"})
    actions.attend(desk.db, session.id, by=desk.actor(0), now=begin + 2 * MINUTE)


def _waiting(desk: Desk, number: int, minutes: float, denied: bool = False, agent: str = "") -> None:
    at = desk.now - minutes * MINUTE
    session = desk.make(number, at - 5 * HOUR, at - 3 * MINUTE)
    minted = desk.invite(session, number, at - 4 * MINUTE)
    desk.join(minted, number, at, wrong=1 if denied else 0, agent=agent)
    if denied:
        desk.allow(minted, number, at + MINUTE / 2, camera="denied")


def _live(desk: Desk, number: int, minutes: float, recording: bool = False, **made: Any) -> None:  # of `make`
    at = desk.now - minutes * MINUTE
    session = desk.make(number, at - 26 * HOUR, at, **made)
    minted = desk.invite(session, number, at - 3 * MINUTE)
    desk.join(minted, number, at)
    desk.allow(minted, number, at + MINUTE)
    by = desk.actor(number)
    actions.attend(desk.db, session.id, by=by, now=at + 2 * MINUTE)
    if recording:
        actions.start_recording(desk.db, session.id, by=by, now=at + 3 * MINUTE)
    desk.show(minted, number, at + 4 * MINUTE)
    actions.add_remark(desk.db, session.id, text="Serial number read aloud.", by=by, now=at + 7 * MINUTE)
    if not recording:
        actions.hear_phone(desk.db, minted.invite, now=desk.now - MINUTE / 2, waiting=2)


def _now(desk: Desk) -> None:
    _waiting(desk, 5, minutes=2, denied=True, agent=INSTAGRAM)
    _waiting(desk, 12, minutes=0.8)
    _live(desk, 0, minutes=20, recording=True)
    _live(desk, 1, minutes=10)


def _locked(desk: Desk, number: int) -> None:
    at = desk.now - 6 * MINUTE
    session = desk.make(number, at - 3 * HOUR, desk.now + 20 * MINUTE)
    minted = desk.invite(session, number, at)
    desk.mistype(minted, number, at + 2 * MINUTE, times=5)


def _today(desk: Desk) -> None:
    """What begins later today, each invite stuck or moving in another way."""
    now = desk.now
    _locked(desk, 6)
    scanned = desk.invite(desk.make(2, now - 30 * HOUR, now + 40 * MINUTE), 2, now - 25 * HOUR)
    actions.see_invite(
        desk.db, scanned.invite, visitor=desk.visitor(2, "MailScanner/2.1"), now=now - 25 * HOUR + MINUTE
    )
    opened = desk.invite(desk.make(4, now - 20 * HOUR, now + 70 * MINUTE), 4, now - 12 * MINUTE)
    for act in (actions.see_invite, actions.open_invite):
        act(desk.db, opened.invite, visitor=desk.visitor(4), now=now - 11 * MINUTE)
    desk.mistype(opened, 4, now - 8 * MINUTE, times=2)
    bounced = desk.invite(desk.make(3, now - 20 * HOUR, now + 160 * MINUTE), 3, now - 19 * HOUR)
    o = OutboxRow.__table__.c
    failure = {"state": DEAD, "attempts": 1, "last_error": "550 5.1.1 There is no such mailbox.", "payload": ""}
    named = o.dedupe == link_name(bounced.invite)
    desk.db.execute(update(OutboxRow.__table__).where(named).values(**failure, finished_at=now - 19 * HOUR + MINUTE))
    desk.make(8, now - 2 * HOUR, now + 190 * MINUTE)
    desk.invite(desk.make(9, now - 40 * MINUTE), 9, now - 39 * MINUTE, recipient_email="", send_email=False)


def _upcoming(desk: Desk, count: int) -> None:
    for n in range(count):
        at = desk.now - (2 + 5 * n) * HOUR
        begin = (desk.now + timedelta(days=1 + n * 2)).replace(hour=8 + n % 9, minute=(0, 15, 30)[n % 3], second=0)
        session = desk.make(
            n, at, begin.replace(microsecond=0), subjects=CAMERA_ALONE if n % 3 == 1 else rules.SUBJECTS
        )
        if n == 1:
            subjects, by = (*CAMERA_ALONE, "gps"), desk.actor(n)
            actions.change_subjects(desk.db, session.id, subjects, seen=CAMERA_ALONE, by=by, now=at + 2 * MINUTE)
        if n % 4 != 3:
            desk.invite(session, n, at + 5 * MINUTE, ttl_minutes=43_200)


def _expired(desk: Desk, count: int) -> None:
    for n in range(count):
        begin = desk.now - timedelta(days=1 + n * 3, hours=2 + n)
        session = desk.make(n + 4, begin - 50 * HOUR, begin)
        minted = desk.invite(session, n + 4, begin - 40 * HOUR)
        if n % 2:
            actions.see_invite(desk.db, minted.invite, visitor=desk.visitor(n), now=begin - 39 * HOUR)


def _ended(desk: Desk, count: int) -> None:
    for n in range(count):
        # Each desk on days of its own, working days mostly, more of them lately.
        day = n and n * 2 + n * n // 12 + len(desk.invitees) % 3
        begin = desk.now - timedelta(days=day, hours=3 + n % 7, minutes=7 * n % 60)
        session = desk.make(n + 1, begin - (20 + 9 * n % 60) * HOUR, begin)
        by = desk.actor(n)
        if n % 6 == 5:
            actions.end(desk.db, session.id, by=by, now=begin - HOUR)
            continue
        minted = desk.invite(session, n + 1, begin - (4, 2, 7, 3, 9, 1)[n % 6] * MINUTE)
        desk.join(minted, n + 1, begin + timedelta(seconds=20), wrong=n % 3)
        place, recording = ("denied" if n % 5 == 2 else "granted"), ("granted" if n % 2 else "denied")
        desk.allow(minted, n + 1, begin + MINUTE, gps=place, recording=recording)
        actions.attend(desk.db, session.id, by=by, now=begin + 2 * MINUTE)
        if n % 2:
            actions.start_recording(desk.db, session.id, by=by, now=begin + 3 * MINUTE)
        if n < 2:
            desk.show(minted, n + 1, begin + 4 * MINUTE, place=place == "granted")
        fresh = queries.invite(desk.db, minted.invite.id, session.id)
        by_phone = desk.visitor(n + 1).actor(fresh)
        waiting = evidence.Waiting(desk.db, fresh, by=by_phone, now=begin + 8 * MINUTE) if n == 1 else None
        for remark in ("Everything on the list was seen.", "<b>Odd</b> noise & smoke, see photo 3.")[: 1 + n % 2]:
            actions.add_remark(desk.db, session.id, text=remark, by=by, now=begin + 9 * MINUTE)
        _delivered(desk.db, begin)
        actions.end(desk.db, session.id, by=by, now=begin + (12 + n % 17) * MINUTE)
        desk.receipt(minted, begin + (13 + n % 17) * MINUTE)
        if waiting:
            waiting.arrive(begin + 10 * MINUTE, begin + 50 * MINUTE)
        if n == 0:
            desk.judge(session, by, begin + HOUR)
        if n == 3:
            at = begin + 2 * HOUR
            words = desk.withdrawal(session, "recording")
            actions.withdraw(desk.db, fresh, "recording", words, visitor=desk.visitor(n + 1), now=at)


def _unanchored(desk: Desk) -> None:
    """Two ended ones whose authority has failed, so that the tab is not empty: demonstrations ask none."""
    for n in range(2):
        begin = desk.now - timedelta(hours=5 + 20 * n)
        session = desk.make(n + 7, begin - 9 * HOUR, begin)
        minted = desk.invite(session, n + 7, begin - 3 * MINUTE)
        desk.join(minted, n + 7, begin)
        _delivered(desk.db, begin)
        ended = actions.end(desk.db, session.id, by=desk.actor(n), now=begin + 14 * MINUTE)
        if ended.anchoring != Anchoring.NO_AUTHORITY:
            continue
        actions.ask_authorities(desk.db, ended, ["https://tsa.northseal.example/tsr"], begin + 14 * MINUTE)
        for anchor in queries.anchors(desk.db, ended.id):
            actions.settle_anchor(
                desk.db,
                anchor.id,
                now=begin + 15 * MINUTE,
                reason="The authority refused to stamp: bad certificate.",
                final=True,
            )


def _report(desk: Desk) -> None:
    """The report of the newest ended inspection with evidence, which the first worker that runs makes."""
    mine = (Inspection.organization_id == desk.organization.id, Inspection.ended_at.is_not(None))
    holding = select(Evidence.inspection_id).where(Evidence.organization_id == desk.organization.id)
    newest = select(Inspection).where(*mine, Inspection.id.in_(holding)).order_by(Inspection.ended_at.desc()).limit(1)
    session = desk.db.scalars(newest).one()
    about = (document.KIND, session.id, session.organization_id, document.options_of(session))
    documents.request(desk.db, *about, by=desk.actor(0), now=desk.now)


def _delivered(db: Db, now: datetime) -> None:
    """What these past moments would have sent is not sent today: it is marked as accepted when it was due."""
    o = OutboxRow.__table__.c
    db.execute(
        update(OutboxRow.__table__)
        .where(o.subject_type == "inspection", o.state == QUEUED, o.due_at <= now)
        .values(
            state=SENT,
            attempts=1,
            finished_at=o.due_at,
            payload=case((o.secret, ""), else_=o.payload),
        )
    )
