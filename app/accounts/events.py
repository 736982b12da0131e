"""History in words, for the story of a person and of an organization."""

from collections.abc import Iterable
from typing import Any

from app.accounts.roles import TITLES, Role

WORDS: dict[str, tuple[str, str]] = {
    "person.invited": ("mail", "Invited"),
    "person.created": ("user-plus", "Account made"),
    "person.accepted": ("user-check", "Took the invitation and chose a password"),
    "person.role_given": ("id-card", "Got a role"),
    "person.role_taken": ("user-x", "Lost a role"),
    "person.disabled": ("lock", "Account disabled"),
    "person.enabled": ("user-check", "Account enabled again"),
    "person.changed": ("pencil", "Settings changed"),
    "person.password_changed": ("key-round", "Password changed"),
    "person.password_reset": ("key-round", "Password set through a link"),
    "person.reset_sent": ("mail", "Asked for a new password; a link was sent"),
    "person.signed_in": ("log-in", "Signed in"),
    "person.signed_out": ("log-out", "Signed out"),
    "person.others_signed_out": ("log-out", "Signed out everywhere else"),
    "person.app_added": ("smartphone", "Set up an authenticator app"),
    "person.app_removed": ("smartphone", "Took the authenticator app away"),
    "person.passkey_added": ("fingerprint", "Added a passkey"),
    "person.passkey_removed": ("fingerprint", "Removed a passkey"),
    "person.passkey_refused": ("shield-alert", "A passkey was refused: it may have been copied"),
    "person.recovery_codes_made": ("list-checks", "Made new recovery codes"),
    "person.recovery_code_used": ("list-checks", "Used a recovery code"),
    "person.factors_reset": ("shield-alert", "Two-step sign-in reset"),
    "organization.created": ("building-2", "Organization created"),
    "organization.changed": ("pencil", "Settings changed"),
    "key.created": ("key-round", "Key made"),
    "key.revoked": ("ban", "Key revoked"),
    "key.bearer_printed": ("ticket", "Bearer for an hour printed"),
    "delivery.sent_again": ("send", "A message was sent again"),
    "delivery.set_aside": ("eye-off", "A message that was given up was set aside"),
    "delivery.put_back": ("undo-2", "A message that had been set aside was put back"),
}


HOW: dict[str, str] = {
    "password": "with the password",
    "link": "through a link",
    "code": "with a code of the app",
    "recovery code": "with a recovery code",
    "passkey": "with a passkey",
}
"""The last thing a sign-in asked for."""


def entries(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Story entries of history rows: icon, words, who, when."""
    return [_entry(row) for row in rows]


def _entry(row: Any) -> dict[str, Any]:
    icon, words = WORDS.get(row.kind, ("circle-dot", row.kind.replace(".", " ").replace("_", " ")))
    details = [_detail(row.data or {}), f"by {row.actor_name}"]
    return {"icon": icon, "text": words, "small": " · ".join(each for each in details if each), "at": row.created_at}


def _detail(data: dict[str, Any]) -> str:
    if "role" in data:
        return TITLES[Role(data["role"])]
    if "how" in data:
        return HOW[data["how"]]
    if "passkey" in data:
        return str(data["passkey"])
    if "left" in data:
        return f"{data['left']} left"
    if "key" in data:
        return f"{data['product']} {data['key']}…" + (f", {data['label']}" if data.get("label") else "")
    if "before" in data:
        return ", ".join(
            f"{name.replace('_', ' ')}: {_word(data['before'][name])} → {_word(data['after'][name])}"
            for name in data["before"]
        )
    return ""


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) or "nothing"
