"""Who and what a mail is about: addresses, the person questioned, the case, its number, language and interpreter."""

import re
from collections.abc import Iterator

from app.depositions.rules.mail.candidates import Candidate

_ADDRESS = re.compile(r"(?<![\w.+%-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
_LABELS = (
    r"case(?: name| caption)?|caption|matter|re|style|case (?:no|number|#)|docket(?: no| number)?|cause no",
    r"(?:our |your )?file(?: no| number| #)?|claim(?: no| number| #)?|(?:our )?ref(?:erence)?(?: no| number)?",
    r"deponent|witness|deponent(?:'s|’s)? name|witness name|deponent(?:'s|’s)? e-?mail|witness e-?mail",
    r"language|interpreter|platform|video|title|notes?|special (?:requests|instructions)",
)
_LABEL = re.compile(
    rf"(?:^[ \t>*•-]{{0,8}}|[.;,][ \t]{{1,2}})({'|'.join(_LABELS)})"
    r"[ \t]{0,3}\.?[ \t]{0,2}[:#][ \t]{0,8}(?=(\S[^\n\r]{0,300}))",
    re.I | re.M,
)
_NAME = r"[^\W\d_][\w'’.-]{0,30}(?:[ \t]{1,2}[^\W\d_][\w'’.-]{0,30}){0,3}"
_DEPOSE = re.compile(
    rf"\b(?:deposition|depo|testimony|examination)[ \t]{{1,2}}of[ \t]{{1,2}}(?:the[ \t]{{1,2}})?(?:deponent[ \t]{{1,2}}"
    rf"|witness[ \t]{{1,2}})?(?:(?:mr|mrs|ms|dr|prof)\.?[ \t]{{1,2}})?({_NAME})",
    re.I,
)
_CAPTION = re.compile(
    r"((?:[A-Z][\w'’&,.-]{0,30}[ \t]{1,2}){1,6})(v|vs)(\.?)([ \t]{1,2})((?:[A-Z][\w'’&,.-]{0,30}[ \t]{0,2}){1,6})"
)
_LANGUAGES = (
    "Spanish|French|German|Arabic|Mandarin|Cantonese|Chinese|Vietnamese|Korean|Japanese|Russian|Portuguese|Italian|"
    "Polish|Tagalog|Hindi|Punjabi|Urdu|Farsi|Persian|Armenian|Hebrew|Turkish|Ukrainian|Haitian Creole|Greek|Thai|"
    "Amharic|Somali|Bengali|Gujarati|Hmong|Khmer|Lao|Nepali|Romanian|Serbian|Croatian|Swahili|Dutch|ASL|"
    "American Sign Language"
)
_INTERPRETER = re.compile(
    rf"\b(?:({_LANGUAGES})[ \t-]{{1,2}}(?:language[ \t]{{1,2}})?(?:interpreter|translator)"
    rf"|(?:interpreter|translator)[ \t]{{1,2}}(?:\(|for[ \t]{{1,2}}|in[ \t]{{1,2}})?({_LANGUAGES})"
    r"|((?:an[ \t]{1,2}|need[ \t]{1,2}|needs[ \t]{1,2})(?:interpreter|translator)))\b",
    re.I,
)
_LANGUAGE = re.compile(rf"\b(?:in|speaks(?:[ \t]{{1,2}}only)?|testify in)[ \t]{{1,2}}({_LANGUAGES})\b", re.I)
_PLATFORM = re.compile(
    r"\b(?:via|by|over|on|using)[ \t]{1,2}(Zoom|Microsoft Teams|Teams|Webex|Google Meet|Chime)\b", re.I
)
_STOP = frozenset(
    re.findall(
        r"\w+",
        "on at in for is will has to and by via from scheduled set please before after re regarding who which with the "
        "this next tomorrow today monday tuesday wednesday thursday friday saturday sunday",
    )
)
_TITLES = re.compile(r"(?:mr|mrs|ms|dr|prof)\.?[ \t]{1,2}", re.I)
_HEADER = re.compile(
    r"^[ \t>]{0,8}(from|to|cc|bcc|sent|date|subject)[ \t]{0,2}:[ \t]{0,8}([^\n\r]{0,500})", re.I | re.M
)
_FIELDS = (
    ("deponent_email", ("deponent e-mail", "deponent email", "deponent's email", "witness email", "witness e-mail")),
    ("deponent_name", ("deponent", "witness")),
    (
        "file_number",
        ("file", "our file", "your file", "claim", "ref", "our ref", "reference", "docket", "cause", "case no"),
    ),
    ("case", ("case", "caption", "matter", "style", "re")),
    ("interpreter", ("interpreter",)),
    ("language", ("language",)),
    ("video_provider", ("platform", "video")),
    ("title", ("title",)),
    ("additional_details", ("note", "special")),
)


class Headers:
    """The lines above a mail that say from whom it is. They are found by standing together."""

    def __init__(self, text: str) -> None:
        self.lines: list[tuple[str, int, int]] = []
        block: list[re.Match[str]] = []
        for found in _HEADER.finditer(text):
            if block and found.start() > block[-1].end() + 2:
                self._close(block)
                block = []
            block.append(found)
        self._close(block)

    def _close(self, block: list[re.Match[str]]) -> None:
        names = {found[1].lower() for found in block}
        if len(names) >= 2 and names & {"from", "subject"}:
            self.lines += [(found[1].lower(), *found.span(2)) for found in block]


def addresses(text: str, headers: Headers) -> Iterator[Candidate]:
    """Addresses of people to invite: all but those that the mail was sent to. Its sender is first asked for by name."""
    mailed, place = headers.lines, 0
    for found in _ADDRESS.finditer(text):
        while place < len(mailed) and mailed[place][2] <= found.start():
            place += 1
        line = mailed[place][0] if place < len(mailed) and mailed[place][1] <= found.start() else ""
        if line == "from":
            yield Candidate("asked_by", found[0], *found.span())
        if line not in ("to", "bcc"):
            yield Candidate("invites", found[0], *found.span(), "they sent the mail" if line == "from" else "")


def labelled(text: str) -> Iterator[Candidate]:
    """What stands behind a label at the beginning of a line: `Case: Keller v. Northline`."""
    for found in _LABEL.finditer(text):
        label = " ".join(found[1].lower().replace("’", "'").split())
        field = _field_of(label)
        start, end = _trimmed(text, *found.span(2))
        value = text[start:end]
        if not field or not value:
            continue
        if field == "deponent_name":
            yield from _person(value, start)
            if label.startswith("witness"):
                yield Candidate("deponent_role", "witness", *found.span(1))
        elif field == "deponent_email":
            if address := _ADDRESS.search(value):
                yield Candidate(field, address[0], start + address.start(), start + address.end())
        elif field == "interpreter" and value.lower().rstrip(".") in (
            "no",
            "none",
            "n/a",
            "not needed",
            "not required",
        ):
            continue
        elif field == "file_number":
            why = "it is called the case number" if label.startswith(("case", "docket", "cause")) else ""
            yield Candidate(field, value[:100], start, min(end, start + 100), why)
        elif label != "re" or _CAPTION.search(value) is None:
            most = 500 if field in ("case", "title", "additional_details") else 100
            yield Candidate(field, value[:most], start, min(end, start + most))


def _field_of(label: str) -> str:
    if label.startswith("case ") and label != "case name" and label != "case caption":
        return "file_number"
    if "mail" in label:
        return "deponent_email"
    return next((field for field, names in _FIELDS if label.startswith(names)), "")


def deponents(text: str) -> Iterator[Candidate]:
    """Names behind `deposition of`."""
    for found in _DEPOSE.finditer(text):
        start = found.start(1)
        line = text[start : start + 200].split("\n", 1)[0]
        yield from _person(line, start)


def _person(value: str, start: int) -> Iterator[Candidate]:
    """A name at the beginning of these words, and the address right behind it."""
    title = _TITLES.match(value)
    offset = title.end() if title else 0
    name_end = offset
    for word in re.finditer(r"\S{1,40}", value[offset:][:120]):
        plain = word[0].strip(',.;:()<>“”"')
        if not plain or plain.lower() in _STOP or "@" in plain or plain[0].islower() or plain[0].isdigit():
            break
        name_end = offset + word.start() + len(word[0].rstrip(",;:()<>"))
        if word[0][-1] in ",;:)" or (word[0].endswith(".") and len(plain) > 3):
            break
    name = value[offset:name_end].rstrip(" .,;")
    if name:
        yield Candidate("deponent_name", name[:200], start + offset, start + offset + len(name[:200]))
    if name and (address := _ADDRESS.search(value, name_end)) and address.start() - name_end <= 12:
        yield Candidate("deponent_email", address[0], start + address.start(), start + address.end())


def captions(text: str) -> Iterator[Candidate]:
    """`Keller v. Northline Freight`."""
    for found in _CAPTION.finditer(text):
        start, end = _trimmed(text, *found.span())
        # What only begins a sentence or a subject is no party.
        while head := re.match(
            r"(?:Re|Fwd?|RE|FW|FWD|In|The|Case|Matter|Please|Deposition|Of)\b[:.]?[ \t]{0,2}", text[start:end]
        ):
            start += head.end()
        value = text[start:end].rstrip(" ,.;")
        if " v" in value and not value.startswith(("v.", "vs", "v ")):
            yield Candidate("case", value[:500], start, start + len(value[:500]))


def details(text: str) -> Iterator[Candidate]:
    """Language, interpreter and video provider."""
    for found in _INTERPRETER.finditer(text):
        language = found[1] or found[2]
        if text[max(0, found.start() - 12) : found.start()].lower().rstrip().endswith(("no", "without", "not")):
            continue
        why = "" if language else "the language is not written"
        yield Candidate("interpreter", language or "yes", *found.span(), why)
    for found in _LANGUAGE.finditer(text):
        yield Candidate("language", found[1], *found.span(1))
    for found in _PLATFORM.finditer(text):
        yield Candidate("video_provider", found[1], *found.span(1))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip(" \t.,;")))
