"""Signed links of the prospect. Each carries its own proof: nothing about them is stored that could be stolen.

The chat link is good for answering one prescreen, the status link for reading its status. Neither opens the other page.
"""

from uuid import UUID

from app.config import Config
from app.kernel.errors import Invalid, NotFound
from app.kernel.signing import sign, unsign

CHAT = "prescreen.chat"
STATUS = "prescreen.status"


def token(config: Config, purpose: str, prescreen_id: UUID) -> str:
    """A signed token for one prescreen and one purpose."""
    return sign(config, purpose, prescreen_id.hex)


def read(config: Config, purpose: str, token: str) -> UUID:
    """The prescreen of a token. Raises NotFound when it is incomplete or forged."""
    try:
        return UUID(unsign(config, purpose, token))
    except (Invalid, ValueError, TypeError, AttributeError):
        raise NotFound("This link is not complete. Copy all of it from the message it came in.") from None


def chat_url(config: Config, organization: str, questionnaire: str, prescreen_id: UUID) -> str:
    """The address at which a prospect continues to answer. Arguments: the slugs of organization and questionnaire."""
    return f"{config.public_base_url}/p/{organization}/{questionnaire}/chat/{token(config, CHAT, prescreen_id)}"


def status_url(config: Config, organization: str, questionnaire: str, prescreen_id: UUID) -> str:
    """The address at which a prospect reads: pending, approved or denied."""
    return f"{config.public_base_url}/p/{organization}/{questionnaire}/status/{token(config, STATUS, prescreen_id)}"
