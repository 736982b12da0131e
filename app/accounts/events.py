"""Every kind of event of people, organizations and keys."""

from app.accounts.roles import TITLES, Role
from app.kernel.changes.event_types import EventRow, EventType, EventTypes
from app.kernel.changes.message_events import MESSAGE_EVENTS

FACTORS: dict[str, str] = {
    "password": "with the password",
    "link": "through a link",
    "code": "with a code of the app",
    "recovery code": "with a recovery code",
    "passkey": "with a passkey",
}
"""The last factor of a sign-in."""


def _details(row: EventRow) -> str:
    data = row.data or {}
    if "role" in data:
        return TITLES[Role(data["role"])]
    if "how" in data:
        return FACTORS[data["how"]]
    if "passkey" in data:
        return str(data["passkey"])
    if "left" in data:
        return f"{data['left']} left"
    if "key" in data:
        return f"{data['product']} {data['key']}…" + (f", {data['label']}" if data.get("label") else "")
    if "before" in data and not data["before"].keys() & {"disabled", "closed"}:  # which the label says
        return ", ".join(
            f"{name.replace('_', ' ')}: {_value(data['before'][name])} → {_value(data['after'][name])}"
            for name in data["before"]
        )
    return ""


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "nothing" if value is None else str(value) or "nothing"


def _event(kind: str, label: str, icon: str) -> EventType:
    return EventType(kind, label, icon=icon, details=_details)


PERSON_INVITED = _event("person.invited", "Invited", "mail")
PERSON_CREATED = _event("person.created", "Account created", "user-plus")
PERSON_ACCEPTED = _event("person.accepted", "Accepted the invitation and chose a password", "user-check")
PERSON_ROLE_GIVEN = _event("person.role_given", "Got a role", "id-card")
PERSON_ROLE_TAKEN = _event("person.role_taken", "Lost a role", "user-x")
PERSON_DISABLED = _event("person.disabled", "Account disabled", "lock")
PERSON_ENABLED = _event("person.enabled", "Account enabled again", "user-check")
PERSON_CHANGED = _event("person.changed", "Settings changed", "pencil")
PERSON_ADDRESS_ASKED = _event("person.address_asked", "Asked for another e-mail address; a link was sent", "mail")
PERSON_ADDRESS_CHANGED = _event("person.address_changed", "E-mail address changed", "mail")
PERSON_PASSWORD_CHANGED = _event("person.password_changed", "Password changed", "key-round")
PERSON_PASSWORD_RESET = _event("person.password_reset", "Password set through a link", "key-round")
PERSON_RESET_SENT = _event("person.reset_sent", "Asked for a new password; a link was sent", "mail")
# No longer written: it kept what visitors typed, for ever.
RESET_REQUESTED = EventType("person.reset_asked", "Asked for a new password at an address", icon="mail")
PERSON_SIGNED_IN = _event("person.signed_in", "Signed in", "log-in")
PERSON_SIGNED_OUT = _event("person.signed_out", "Signed out", "log-out")
PERSON_OTHERS_SIGNED_OUT = _event("person.others_signed_out", "Signed out everywhere else", "log-out")
PERSON_APP_ADDED = _event("person.app_added", "Set up an authenticator app", "smartphone")
PERSON_APP_REMOVED = _event("person.app_removed", "Removed the authenticator app", "smartphone")
PERSON_PASSKEY_ADDED = _event("person.passkey_added", "Added a passkey", "fingerprint")
PERSON_PASSKEY_REMOVED = _event("person.passkey_removed", "Removed a passkey", "fingerprint")
PERSON_PASSKEY_REFUSED = _event("person.passkey_refused", "A passkey was refused: it may be a copy", "shield-alert")
PERSON_RECOVERY_CODES_MADE = _event("person.recovery_codes_made", "Made new recovery codes", "list-checks")
PERSON_RECOVERY_CODE_USED = _event("person.recovery_code_used", "Used a recovery code", "list-checks")
PERSON_FACTORS_RESET = _event("person.factors_reset", "Two-step sign-in reset", "shield-alert")
ORGANIZATION_CREATED = _event("organization.created", "Organization created", "building-2")
ORGANIZATION_CHANGED = _event("organization.changed", "Settings changed", "pencil")
ORGANIZATION_CLOSED = _event("organization.closed", "Organization closed", "lock")
ORGANIZATION_REOPENED = _event("organization.reopened", "Organization reopened", "building-2")
KEY_CREATED = _event("key.created", "Key created", "key-round")
KEY_REVOKED = _event("key.revoked", "Key revoked", "ban")
KEY_BEARER_PRINTED = _event("key.bearer_printed", "Bearer for an hour printed", "ticket")

EVENTS = EventTypes.of_module(globals(), MESSAGE_EVENTS)
