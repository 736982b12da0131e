"""The prospect's two links. Each carries its own proof, so that nothing about them is kept that could be stolen.

The chat link answers for one prescreen; the status link only shows how it stands. Neither opens the other.
"""

from uuid import UUID

from app.config import Config
from app.kernel.errors import Invalid, NotFound
from app.kernel.signing import sign, unsign

CHAT = "prescreen.chat"
STATUS = "prescreen.status"


def token(config: Config, purpose: str, prescreen_id: UUID) -> str:
    """An unguessable word for one prescreen, good for one purpose."""
    return sign(config, purpose, prescreen_id.hex)


def read(config: Config, purpose: str, token: str) -> UUID:
    """The prescreen behind a link. Raises NotFound when it was torn or forged."""
    try:
        return UUID(unsign(config, purpose, token))
    except (Invalid, ValueError, TypeError, AttributeError):
        raise NotFound("This link is not complete. Copy all of it from the message it came in.") from None


def chat_url(config: Config, organization: str, workflow: str, prescreen_id: UUID) -> str:
    """Where a prospect goes on answering. Arguments: the slugs of the organization and the template."""
    return f"{config.public_base_url}/p/{organization}/{workflow}/chat/{token(config, CHAT, prescreen_id)}"


def status_url(config: Config, organization: str, workflow: str, prescreen_id: UUID) -> str:
    """Where a prospect sees: pending, approved or denied."""
    return f"{config.public_base_url}/p/{organization}/{workflow}/status/{token(config, STATUS, prescreen_id)}"
