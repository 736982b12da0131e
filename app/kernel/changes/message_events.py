"""Events of outgoing messages, recorded at the item that a message is about."""

from app.kernel.changes.event_types import EventType, EventTypes

MESSAGE_RESENT = EventType(
    "message.resent", "Message sent again by {who}", "sent a message again", "send", aliases=("delivery.sent_again",)
)
MESSAGE_DISMISSED = EventType(
    "message.dismissed",
    "Failed message dismissed by {who}",
    "dismissed a failed message",
    "eye-off",
    aliases=("delivery.set_aside",),
)
MESSAGE_RESTORED = EventType(
    "message.restored",
    "Dismissed message restored by {who}",
    "restored a dismissed message",
    "undo-2",
    aliases=("delivery.put_back",),
)
MESSAGE_EVENTS = EventTypes((MESSAGE_RESENT, MESSAGE_DISMISSED, MESSAGE_RESTORED))
"""What can happen to the messages of any item; part of every item's timeline."""
