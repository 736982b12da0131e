"""Signed links of the prospect. Each carries its own proof: nothing about them is stored that could be stolen.

The chat link is good for answering one prescreen, the status link for reading its status. That of an
inquiry is good for its questions, a fresh link for starting with the old answers. None opens another page.
"""

import re
from uuid import UUID

from app.config import Config
from app.kernel.errors import Invalid, NotFound
from app.kernel.signing import sign, unsign

CHAT = "prescreen.chat"
STATUS = "prescreen.status"
INQUIRY = "prescreen.inquiry"
AGAIN = "prescreen.again"

_PROOF = re.compile(r"(/p/[^/\s]+/[^/\s]+/[a-z]+/)(?:\[their own proof\]|[^\s<>\"']+)")


def token(config: Config, purpose: str, id: UUID) -> str:
    """A signed token for one prescreen or inquiry, and one purpose."""
    return sign(config, purpose, id.hex)


def read(config: Config, purpose: str, token: str) -> UUID:
    """The prescreen of a token. Raises NotFound when it is incomplete or forged."""
    try:
        return UUID(unsign(config, purpose, token))
    except (Invalid, ValueError, TypeError, AttributeError):
        raise NotFound("This link is not complete. Copy all of it from the message it came in.") from None


def without_proofs(text: str) -> str:
    """A text in which no link opens anything any more: what is handed on is for others too."""
    return _PROOF.sub(r"\1[their own proof]", text)


def chat_url(config: Config, organization: str, questionnaire: str, prescreen_id: UUID) -> str:
    """The address at which a prospect continues to answer. Arguments: the slugs of organization and questionnaire."""
    return f"{config.public_base_url}/p/{organization}/{questionnaire}/chat/{token(config, CHAT, prescreen_id)}"


def status_url(config: Config, organization: str, questionnaire: str, prescreen_id: UUID) -> str:
    """The address at which a prospect reads: pending, approved or denied."""
    return f"{config.public_base_url}/p/{organization}/{questionnaire}/status/{token(config, STATUS, prescreen_id)}"


def inquiry_url(config: Config, organization: str, questionnaire: str, inquiry_id: UUID) -> str:
    """The address at which a prospect answers what they are asked again."""
    return f"{config.public_base_url}/p/{organization}/{questionnaire}/asked/{token(config, INQUIRY, inquiry_id)}"


def again_url(config: Config, organization: str, questionnaire: str, prescreen_id: UUID) -> str:
    """The address at which a prospect starts with the answers of a prescreen that has expired."""
    return f"{config.public_base_url}/p/{organization}/{questionnaire}/again/{token(config, AGAIN, prescreen_id)}"
