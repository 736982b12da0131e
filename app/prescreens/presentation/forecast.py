"""The forecast of what expires undecided, in a sentence that says what it stands on."""

from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.prescreens.queries.forecast import Outlook
from app.prescreens.rules.forecast import DAYS


def at_this_pace(outlook: Outlook) -> str:
    """What expires undecided, in the middle and in eight of ten cases; empty when nothing waits."""
    total, decided = outlook.forecast.total, outlook.forecast.decided
    if not total.waiting:
        return ""
    if not decided:
        return f"Nothing was decided in the last {DAYS} days: at this pace all of them expire undecided."
    pace = f"At the pace of the last {DAYS} days, {decided:,} decided,"
    if not total.high:
        return f"{pace} all are decided in time in at least nine of ten cases."
    if not total.likely:
        return f"{pace} probably none expires undecided, and in nine of ten cases {total.high:,} at most."
    band = f"in eight of ten cases {total.low:,} to {total.high:,}" if total.low != total.high else ""
    first = f"the first on {datetimes.day(outlook.first_day, outlook.first_day)}" if outlook.first_day else ""
    more = "; ".join(filter(None, (band, first)))
    return f"{pace} about {pluralize(total.likely, 'expires', 'expire')} undecided{f' ({more})' if more else ''}."
