"""Labels of states, time stamps and groups, with their icons and tones."""

from app.dashboard.queue import Label

STATES = {
    "created": Label("Nobody has joined yet", "clock"),
    "open": Label("Open", "radio", "good"),
    "recording": Label("Recording", "circle-dot", "danger"),
    "closed": Label("Ended", "circle-stop"),
    "expired": Label("Expired, nobody came", "hourglass"),
}

ANCHORING = {
    "no_authority": Label("Sealed, no time stamp", "link-2"),
    "pending": Label("Time stamp awaited", "hourglass", "warn"),
    "anchored": Label("Time-stamped", "shield-check", "good"),
    "failed": Label("Time stamp failed", "circle-alert", "danger"),
}

BROKEN = Label("Does not hold", "circle-alert", "danger")
"""An inspection whose record contradicts itself or what was stamped."""

GROUPS = {
    "waiting": Label("Waiting for you", "door-open", "danger"),
    "live": Label("Live", "radio", "good"),
    "today": Label("Later today", "sun"),
    "upcoming": Label("Upcoming", "calendar"),
    "broken": Label("The record does not hold", "circle-alert", "danger"),
    "unanchored": Label("Without a time stamp", "hourglass", "warn"),
    "ended": Label("Ended", "circle-stop"),
    "expired": Label("Expired, nobody came", "hourglass"),
    "all": Label("Everything, newest first", "list"),
    "days": Label("In these days, latest first", "calendar"),
    "found": Label("Found", "search"),
}
