"""E-mails to the manager of a session, in their language (`locales.manager_translator`). Each carries a calendar file
as chair.

They are sent with the change that they are about: `manager_invited` once somebody manages the session,
`manager_changed` when its moment or its room changes, `manager_canceled` when it is canceled or somebody else manages
it. A session without a manager has none of them.
"""

from datetime import datetime
from typing import Any

from app.depositions import calendar
from app.depositions.emails.own_links import own_link_message
from app.depositions.emails.participants import join_url, manager_of, participants
from app.depositions.locales import formerly, in_words, language_name, manager_translator, own_time, time_and_zone
from app.depositions.models import Deposition, Kind, Manager
from app.depositions.queries import managers, people
from app.kernel.db.engine import Db
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from app.kernel.text.i18n import Translator


def manager_invited(db: Db, deposition: Deposition, organization: str, now: datetime) -> list[Message]:
    """That they manage this session: when, for whom, the room, and their link."""
    return _invitation(db, deposition, organization, now, "deposition-managed")


def manager_changed(
    db: Db, deposition: Deposition, organization: str, now: datetime, *, moved: bool = False, room_changed: bool = False
) -> list[Message]:
    """That the session they manage has another moment or another room."""
    template = "deposition-managed-changed"
    return _invitation(db, deposition, organization, now, template, moved=moved, room_changed=room_changed)


def manager_canceled(
    db: Db,
    deposition: Deposition,
    organization: str,
    now: datetime,
    *,
    former: Manager | None = None,
    invited_at: str = "",
) -> list[Message]:
    """That the session does not take place; or to its `former` manager, that they no longer manage it, and who does: at
    the address to which they were invited, where the roster has another one by now."""
    manager = managers.get(db, deposition.manager_id) if deposition.manager_id and former is None else former
    if manager is None:
        return []
    name, email = (former.name, invited_at) if former else (deposition.manager_name, deposition.manager_email)
    address, name = email or manager.email, name or manager.name
    context = _context(deposition, manager, organization)
    t: Translator = context["t"]
    file = calendar.cancellation(deposition, db.config, to=address, name=name, now=now, t=t, chair=True)
    case = deposition.case_name
    if former is None:
        why = t("managed_canceled", case=case, organization=organization)
    elif deposition.manager_name:
        why = t("managed_instead", name=deposition.manager_name, case=case, organization=organization)
    else:
        why = t("managed_released", case=case, organization=organization)
    message = email_message(
        db,
        "deposition-managed-canceled",
        to=address,
        name=name,
        attachments=[file],
        receipt=people.receipt(deposition, address, Kind.MANAGER, name, canceled=True),
        released=former is not None,
        why=why,
        **context,
    )
    return [message]


def _invitation(
    db: Db,
    deposition: Deposition,
    organization: str,
    now: datetime,
    template: str,
    *,
    moved: bool = False,
    room_changed: bool = False,
) -> list[Message]:
    host = manager_of(deposition)
    if host is None or deposition.manager_id is None:
        return []
    manager = managers.get(db, deposition.manager_id)
    url = join_url(deposition, db.config, host)
    context = _context(deposition, manager, organization)
    t: Translator = context["t"]
    before = formerly(deposition, t) if moved else ""
    what = {(True, True): "both", (True, False): "moment", (False, True): "room"}.get(
        (bool(before), room_changed), "other"
    )
    room = deposition.room_url or url
    file = calendar.invitation(deposition, db.config, to=host.email, name=host.name, url=room, now=now, t=t, chair=True)
    message = own_link_message(
        db,
        template,
        url,
        to=host.email,
        name=host.name,
        attachments=[file],
        receipt=people.receipt(deposition, host.email, Kind.MANAGER, host.name),
        before=before,
        changed=t(f"managed_change_{what}", case=deposition.case_name, organization=organization),
        room_url=deposition.room_url or "",
        provider=deposition.provider or "",
        join_url=url,
        desk_url=f"{db.config.public_base_url}/depositions/{deposition.id}" if manager.person_id else "",
        people=[f"{one.name} <{one.email}>" if one.name else one.email for one in participants(deposition)],
        interpreter=language_name(deposition.details.get("interpreter", ""), t),
        remarks=deposition.details.get("additional_details", ""),
        **context,
    )
    return [message]


def _context(deposition: Deposition, manager: Manager, organization: str) -> dict[str, Any]:
    """What every e-mail to a manager says. `Any`, because the values join other arguments of `email_message`."""
    t = manager_translator(manager.languages)
    when, zone = time_and_zone(deposition, t)
    day, _ = in_words(deposition.starts_at, deposition.ends_at, deposition.zone, t)
    return {
        "t": t,
        "locale": t.lang,
        "what": calendar.title(deposition, t),
        "case": deposition.case_name,
        "organization": organization,
        "when": when,
        "zone": zone,
        "yours": own_time(deposition.starts_at, deposition.zone, manager.zone, t),
        "day": day,
    }
