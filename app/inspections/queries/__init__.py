"""Reads of the inspections desk: one inspection with what belongs to it (detail.py), and the desk's list (listing.py).

Statements are built once. Nothing here counts rows of a growing table: counts come from kept counters
(inspection_counts), and what is bounded by a day from an index range.
"""

from app.inspections.queries.consents import Consents, consents, unasked
from app.inspections.queries.detail import (
    AskedStamp,
    CampaignRow,
    LinkMessage,
    OrganizationRow,
    SessionRow,
    anchors,
    campaigns,
    get,
    invite,
    invite_by_field_token,
    invite_by_token,
    invite_of_replaced_link,
    invites,
    invites_of,
    link_messages,
    links,
    one,
    operator_is_in,
    organizations,
    personal_records,
    wire_page,
    wrong_codes,
    wrong_codes_of,
    wrong_of,
)

__all__ = [
    "AskedStamp",
    "CampaignRow",
    "Consents",
    "LinkMessage",
    "OrganizationRow",
    "SessionRow",
    "anchors",
    "campaigns",
    "consents",
    "get",
    "invite",
    "invite_by_field_token",
    "invite_by_token",
    "invite_of_replaced_link",
    "invites",
    "invites_of",
    "link_messages",
    "links",
    "one",
    "operator_is_in",
    "organizations",
    "personal_records",
    "unasked",
    "wire_page",
    "wrong_codes",
    "wrong_codes_of",
    "wrong_of",
]
