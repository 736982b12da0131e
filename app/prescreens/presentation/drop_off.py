"""Where prospects leave, in words: how many of how many, and no share of too few."""

from app.dashboard.captions import percent_range
from app.dashboard.statistics import interval
from app.kernel.text.template_filters import pluralize
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.presentation.questions import problem
from app.prescreens.rules.drop_off import ENOUGH, Asked, DropOff

LIMITS = {"too_early": "A day that is earlier than it may be.", "too_late": "A day that is later than it may be."}
"""Bounds that move with the day on which the answer was typed."""


def name_of(asked: Asked) -> str:
    """The question in short, or what stands after the last one."""
    return asked.question.name if asked.question else "All answers once more, and Send"


def refusals(asked: Asked) -> list[tuple[str, int]]:
    """Why answers were refused, as prospects read it, and how often."""
    t = TRANSLATIONS.translator("en")
    if asked.question is None:
        return []
    return [(LIMITS.get(code) or problem(asked.question, code, None, t), n) for code, n in asked.refused]


def share_left(asked: Asked) -> str:
    """`9% to 21%`: the range of the true share of those who leave there; empty for too few."""
    return percent_range(asked.left, asked.shown) if asked.shown >= ENOUGH else ""


def finding(seen: DropOff) -> str:
    """How many of those who started have sent their answers, and where most are lost."""
    if not seen.started:
        return "Nobody has pressed Start since this is counted."
    sent = "1 has" if seen.sent == 1 else f"{seen.sent:,} have"
    text = f"{sent} sent their answers, of {pluralize(seen.started, 'person', 'people')} who pressed Start"
    if seen.started < ENOUGH:
        more = pluralize(ENOUGH - seen.started, "more person", "more people")
        return f"{text}. That is too few to say where they leave: {more} must start."
    text += f", which makes the true share {percent_range(seen.sent, seen.started)}."
    worst = seen.worst
    if worst is None:
        return f"{text} Nobody left at a question that {ENOUGH} or more have seen."
    most = f"“{name_of(worst)}”: {worst.left:,} of the {worst.shown:,} who saw it"
    if interval(worst.left, worst.shown)[0] <= seen.usual:
        return f"{text} No question loses more than chance would. The most are lost at {most}."
    return f"{text} Most leave at {most}, {percent_range(worst.left, worst.shown)}."
