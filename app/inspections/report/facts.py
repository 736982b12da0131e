"""What the report of an inspection says, in its language. Pure: no database, no Flask, no clock."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from babel.numbers import format_decimal
from rfc3161_client.tsp import Accuracy

from app.inspections import anchors, chain, user_agents, verification
from app.inspections.evidence import remarks
from app.inspections.evidence.models import Kind
from app.inspections.evidence.remarks import Remark
from app.inspections.locales import date_time
from app.inspections.models import AnchorState, StatementKind
from app.inspections.queries import AskedStamp, Item
from app.inspections.verification import Result
from app.kernel.text import normalization
from app.kernel.text.i18n import Translator, direction

STATEMENT = "statement.json"
"""The name of the statement that the PDF carries."""


class Inspected(Protocol):
    """What the report says of the inspection itself."""

    id: uuid.UUID
    notes: str
    scheduled_for: datetime | None
    started_at: datetime | None
    ended_at: datetime | None


class Participant(Protocol):
    """What the report says of an invite. Names are empty once they were erased."""

    id: uuid.UUID
    role: str
    recipient_first_name: str
    recipient_last_name: str
    joined_at: datetime | None

    @property
    def recipient_name(self) -> str: ...
    @property
    def otp_required(self) -> bool: ...


class Answer(NamedTuple):
    """One answer about consent, with the words in which it was asked for where they were kept."""

    invite_id: uuid.UUID
    subject: str
    answer: str
    wording: str | None
    locale: str | None
    answered_at: datetime
    text: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """All that a report is made of."""

    inspection: Inspected
    organization: str
    zone: str
    campaign: str
    invites: Sequence[Participant]
    answers: Sequence[Answer]
    items: Sequence[Item]
    links: Sequence[chain.Link]
    people: Mapping[str, str | None]
    stamped: Sequence[AskedStamp]
    verdict: verification.Verdict

    @property
    def end(self) -> int:
        """The number of the event that ended the inspection; 0 while it goes on."""
        return next((link.sequence for link in reversed(self.links) if link.kind == chain.END), 0)


class Person(NamedTuple):
    name: str
    role: str
    how: str


class Consent(NamedTuple):
    who: str
    subject: str
    answer: str
    granted: bool
    at: str
    wording: str


class Wording(NamedTuple):
    """The words of a question, in the language in which they were asked."""

    sha256: str
    locale: str
    text: str

    @property
    def dir(self) -> str:
        """Which way it runs, whatever the language around it: the library knows no `dir="auto"`."""
        return direction(self.locale or "en")


class Piece(NamedTuple):
    """A piece of evidence. `picture` is the SHA-256 of its thumbnail."""

    number: int
    title: str
    kind: str
    lines: list[str]
    note: str
    sha256: str
    picture: str


class Entry(NamedTuple):
    """An event of the chain."""

    number: int
    at: str
    text: str
    detail: str
    seal: str


class Stamp(NamedTuple):
    authority: str
    what: str
    at: str
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the template prints; every text is in the language of the report."""

    lede: str
    going_on: bool
    sums: list[str]
    verdict: str
    tone: str
    rows: list[tuple[str, str]]
    people: list[Person]
    consents: list[Consent]
    wordings: list[Wording]
    pieces: list[Piece]
    entries: list[Entry]
    head: str
    statement: str
    stamps: list[Stamp]
    shows: str


TONES = {Result.PROVEN: "good", Result.NOT_PROVEN: "warn", Result.BROKEN: "danger"}


def of(source: Source, t: Translator) -> Facts:
    """The facts of a report."""
    inspection, zone = source.inspection, source.zone

    def when(at: datetime | None) -> str:
        return date_time(at, zone, t) if at else ""

    begun = inspection.started_at or inspection.scheduled_for
    proven = sum(found.result == Result.PROVEN for found in source.verdict.stamps)
    rows = [
        (t("report_about"), inspection.notes),
        (t("report_campaign"), source.campaign),
        (t("report_planned"), when(inspection.scheduled_for)),
        (t("report_began"), when(inspection.started_at)),
        (t("report_ended"), when(inspection.ended_at)),
        (t("report_session"), str(inspection.id)),
    ]
    head, noted = source.links[-1].hash if source.links else chain.GENESIS, remarks.of(source.links)
    return Facts(
        lede=t("report_lede", when=when(begun)) if begun else "",
        going_on=inspection.ended_at is None,
        sums=[
            t("report_pieces", n=len(source.items)),
            t("report_events", n=len(source.links)),
            t("report_stamped", n=proven),
        ],
        verdict=t(f"report_is_{source.verdict.result.name.lower()}"),
        tone=TONES[source.verdict.result],
        rows=[(name, value) for name, value in rows if value],
        people=_people(source, when, t),
        consents=_consents(source, t),
        wordings=_wordings(source.answers),
        pieces=[_piece(n, item, source, noted, when, t) for n, item in enumerate(source.items, 1)],
        entries=[_entry(link, source, t) for link in source.links],
        head=head,
        statement=statement_of(source).decode(),
        stamps=_stamps(source, when, t),
        shows=t("report_shows" if source.verdict.result == Result.PROVEN else "report_shows_not"),
    )


def statement_of(source: Source) -> bytes:
    """The statement that was stamped last; that of the record as it is, where none was."""
    last = max((each.statement for each in source.stamped), key=verification.events_of, default="")
    if verification.events_of(last):
        return last.encode()
    head = source.links[-1].hash if source.links else chain.GENESIS
    return chain.statement(str(source.inspection.id), head, len(source.links))


def name_of(invite: Participant, t: Translator) -> str:
    """Who a participant is, as far as it is still known."""
    return normalization.shown(invite.recipient_name, t("report_unnamed"))


def clock_time(at: str, zone: str, t: Translator) -> str:
    """The time of an event, with its seconds, which tell one from the next."""
    pattern = re.sub(r"HH(\W)mm", r"HH\1mm\1ss", t("date_time_pattern"))
    return date_time(datetime.fromisoformat(at), zone, t, pattern)


def _people(source: Source, when: Callable[[datetime | None], str], t: Translator) -> list[Person]:
    browsers = _browsers(source)
    found = []
    for invite in sorted(source.invites, key=lambda each: (each.joined_at is None, str(each.joined_at), str(each.id))):
        if invite.joined_at is None:
            how = t("report_not_joined")
        else:
            how = t("report_joined_code" if invite.otp_required else "report_joined_link", when=when(invite.joined_at))
            if browser := browsers.get(str(invite.id)):
                how = f"{how} {browser}."
        found.append(Person(name_of(invite, t), t(f"report_role_{invite.role}"), how))
    known: dict[str, str] = {}
    for link in source.links:
        if link.kind == "operator.joined":
            operator = json.loads(link.payload)["operator"]
            known.setdefault(operator if isinstance(operator, str) else operator["name"], link.occurred_at)
    operators = [
        Person(name, t("report_role_operator"), t("report_signed_in", when=when(datetime.fromisoformat(at))))
        for name, at in known.items()
    ]
    return found + operators


def _browsers(source: Source) -> dict[str, str]:
    """What the browser of each participant called itself when they joined, while that is kept."""
    found = {}
    for link in source.links:
        if link.kind == "participant.joined":
            payload = json.loads(link.payload)
            content = source.people.get(payload.get("record", ""))
            agent = json.loads(content).get("agent", "") if content else ""
            if agent:
                found[payload["participant"]] = user_agents.describe(agent)
    return found


def _consents(source: Source, t: Translator) -> list[Consent]:
    names = {invite.id: name_of(invite, t) for invite in source.invites}
    return [
        Consent(
            names.get(each.invite_id, ""),
            t(f"consent_name_{each.subject}"),
            t(f"answer_{each.answer}"),
            each.answer == "granted",
            clock_time(chain.instant(each.answered_at), source.zone, t),
            each.wording or "",
        )
        for each in source.answers
    ]


def _wordings(answers: Sequence[Answer]) -> list[Wording]:
    found = {
        each.wording: Wording(each.wording, each.locale or "", each.text)
        for each in answers
        if each.wording and each.text
    }
    return list(found.values())


def _piece(
    number: int,
    item: Item,
    source: Source,
    noted: Mapping[str, Sequence[Remark]],
    when: Callable[[datetime | None], str],
    t: Translator,
) -> Piece:
    """One piece of evidence; `noted` are the remarks on all of them."""
    particulars, kind = item.particulars, t(f"evidence_kind_{Kind(item.kind).value}")
    payload = json.loads(source.links[item.sequence - 1].payload) if item.sequence <= len(source.links) else {}
    lines = [t("report_added_by", name=_by(item, payload, source, t), when=when(item.received_at))]
    captured, entered = particulars.get("captured_at"), payload.get("by_hand", ())
    if captured:
        source_of = "person" if "time" in entered else particulars.get("captured_by", "device")
        lines.append(t(f"report_taken_{source_of}", when=when(datetime.fromisoformat(captured))))
    place = particulars.get("place")
    if isinstance(place, dict):
        source_of = "person" if "place" in entered else particulars.get("place_by", "device")
        lines.append(t(f"report_place_{source_of}", place=_place(place)))
    elif payload.get("place") == "cut":
        lines.append(t("report_place_cut"))
    if item.erased_at:
        lines.append(t("report_erased", when=when(item.erased_at)))
    else:
        lines.append(f"{item.mime}, {size(item.bytes, t)}")
    if 0 < source.end < item.sequence:
        lines.append(t("report_late"))
    for n, each in enumerate(noted.get(str(item.id), ())):
        at = when(each.at)
        newest = t("report_remark", name=each.name, when=at, text=each.text)
        lines.append(t("report_remark_earlier", name=each.name, when=at, text=each.text) if n else newest)
    return Piece(
        number,
        kind if item.erased_at else normalization.shown(str(particulars.get("name", "")), kind),
        kind,
        lines,
        item.note or "",
        item.sha256,
        item.thumbnail_sha256 or "" if item.erased_at is None else "",
    )


def _place(place: Mapping[str, str]) -> str:
    """A place as it was entered, or a line of coordinates, which reads from left to right whatever stands around it."""
    line = f"{place['latitude']}, {place['longitude']}" if "latitude" in place else ""
    line = f"{line} ± {place['accuracy']} m" if place.get("accuracy") else line
    return f"\u2066{line}\u2069" if line else f"\u2068{place['text']}\u2069"


def _by(item: Item, payload: Mapping[str, object], source: Source, t: Translator) -> str:
    by = payload.get("by")
    if isinstance(by, dict) and by.get("name"):
        return str(by["name"])
    return next((name_of(each, t) for each in source.invites if each.id == item.invite_id), t("report_unnamed"))


def size(number: int, t: Translator) -> str:
    """A size as people of this language write it."""
    if number < 1_000_000:
        return t("report_kilobytes", number=format_decimal(max(number / 1000, 0.1), "0.#", locale=t.lang))
    return t("report_megabytes", number=format_decimal(number / 1_000_000, "#,##0.0", locale=t.lang))


KINDS = (
    "session.created",
    "invite.minted",
    "invite.reissued",
    "code.renewed",
    "invite.locked",
    "invite.revoked",
    "participant.joined",
    "operator.joined",
    "recording.started",
    "recording.stopped",
    "notes.changed",
    "subjects.changed",
    "remark.added",
    "record.erased",
    "evidence.captured",
    "evidence.erased",
    "evidence.remarked",
    "device.enrolled",
    "session.ended",
    "consent.given",
    "consent.withdrawn",
)
"""Events that have a name in every language; others stand as they are called in the chain."""


def _entry(link: chain.Link, source: Source, t: Translator) -> Entry:
    payload = json.loads(link.payload)
    text = t(f"report_event_{link.kind.replace('.', '_')}") if link.kind in KINDS else link.kind
    return Entry(
        link.sequence,
        clock_time(link.occurred_at, source.zone, t),
        text,
        _detail(link.kind, payload, source, t),
        link.hash,
    )


def _detail(kind: str, payload: Mapping[str, object], source: Source, t: Translator) -> str:
    """What is said of an event beside its name: who, what."""
    if kind == "operator.joined":
        operator = payload["operator"]
        return str(operator["name"]) if isinstance(operator, dict) else str(operator)
    if kind.startswith("consent."):
        subject, answer = payload["subject"], payload["answer"]
        return f"{t(f'consent_name_{subject}')}: {t(f'answer_{answer}')}"
    if kind in ("evidence.captured", "evidence.erased", remarks.KIND):
        number = next((n for n, item in enumerate(source.items, 1) if item.sha256 == payload.get("sha256")), 0)
        return t("report_piece", number=number) if number else ""
    if kind == "subjects.changed" and isinstance(after := payload.get("after"), list):
        return ", ".join(t(f"consent_name_{subject}") for subject in after)
    if kind == "remark.added":
        return str(payload.get("text", ""))
    participant = str(payload.get("participant", ""))
    known = next((name_of(each, t) for each in source.invites if str(each.id) == participant), "")
    by = payload.get("by")
    acted = str(by["name"]) if isinstance(by, dict) and by.get("name") else ""
    return ", ".join(part for part in (known, acted) if part)


def _stamps(source: Source, when: Callable[[datetime | None], str], t: Translator) -> list[Stamp]:
    """The answers of the authorities, and what each is worth."""
    found = []
    for asked, finding in zip(source.stamped, source.verdict.stamps, strict=True):
        name, accuracy = anchors.name_of(asked.authority), ""
        state, tone = t("report_stamp_pending"), "warn"
        if asked.state == AnchorState.FAILED:
            state, tone = t("report_stamp_failed"), "danger"
        elif asked.reply is not None:
            with suppress(anchors.Unreadable):  # the finding says so
                token = anchors.token_of(asked.reply)
                name, accuracy = f"{name} ({token.policy.dotted_string})", _accuracy(token.accuracy, t)
            until = anchors.certificate_ends_at(asked.reply)
            if finding.result == Result.PROVEN:
                state, tone = t("report_stamp_proven", until=when(until)) if until else t("report_stamp_good"), "good"
            else:
                state = t("report_stamp_unproven")
        if finding.result == Result.BROKEN:
            state, tone = t("report_stamp_broken"), "danger"
        at = "\n".join(part for part in (when(asked.stamped_at), accuracy) if part)
        found.append(Stamp(name, t(f"report_stamp_of_{StatementKind(asked.kind).value}"), at, state, tone))
    return found


def _accuracy(accuracy: Accuracy | None, t: Translator) -> str:
    """How exact the authority says that its time is."""
    parts = (accuracy.seconds, accuracy.millis, accuracy.micros) if accuracy else ()
    seconds = sum((part or 0) / unit for part, unit in zip(parts, (1, 1_000, 1_000_000), strict=False))
    if not seconds:
        return t("report_accuracy_unknown")
    return t("report_accuracy", seconds=format_decimal(seconds, "0.######", locale=t.lang))
