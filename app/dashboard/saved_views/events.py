"""Every kind of event of saved views and handover notes."""

from app.kernel.changes.event_types import EventType, EventTypes

VIEW_SAVED = EventType("view.saved", "Saved the view “{name}”", "saved a view", "bookmark")
VIEW_RENAMED = EventType("view.renamed", "Renamed the view “{before}” to “{after}”", "renamed a view", "pencil")
VIEW_MOVED = EventType("view.moved", "Moved the view “{name}”", "moved a view", "list")
VIEW_REMOVED = EventType("view.removed", "Removed the view “{name}”", "removed a view", "trash-2")
NOTE_WRITTEN = EventType("note.written", "Left a note for the team: “{text}”", "left a note", "message-square-text")
NOTE_CLEARED = EventType("note.cleared", "Cleared the note “{before}”", "cleared the note", "x")

EVENTS = EventTypes.of_module(globals())
