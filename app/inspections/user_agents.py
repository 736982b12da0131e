"""What a browser calls itself, in words."""

import re

BROWSERS = (
    ("Instagram", "Instagram’s browser"),
    ("FBAN|FBAV", "Facebook’s browser"),
    ("Edg", "Edge"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
)
DEVICES = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Macintosh", "Mac"), ("Windows", "Windows"))


def describe(agent: str) -> str:
    """`Safari on iPhone`, from a User-Agent header; it may lie."""
    name = next((label for pattern, label in BROWSERS if re.search(pattern, agent)), "an unknown browser")
    device = next((label for pattern, label in DEVICES if re.search(pattern, agent)), "")
    return f"{name} on {device}" if device else name
