"""What happened to views and notes, in words, for whoever reads history."""

from typing import Any

WORDS: dict[str, tuple[str, str]] = {
    "view.saved": ("bookmark", "Saved the view “{name}”"),
    "view.renamed": ("pencil", "Renamed the view “{before}” to “{after}”"),
    "view.moved": ("list", "Moved the view “{name}”"),
    "view.removed": ("trash-2", "Removed the view “{name}”"),
    "note.written": ("message-square-text", "Left a note for the team: “{text}”"),
    "note.cleared": ("x", "Cleared the note “{before}”"),
}


def entry(row: Any) -> dict[str, Any]:
    """A story entry of one history row: icon, words, who, when."""
    icon, words = WORDS[row.kind]
    said = words.format_map({name: row.data.get(name, "") for name in ("name", "before", "after", "text")})
    return {"icon": icon, "text": said, "small": f"by {row.actor_name}", "at": row.created_at}
