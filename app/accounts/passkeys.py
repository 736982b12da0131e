"""Passkeys (WebAuthn): the options for browsers and the verification of their responses. No database, Flask or clock.

The library is imported when the first passkey is used: most processes never need it, and it takes a third of a second.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import orjson

from app.config import Config
from app.kernel.errors import Invalid
from app.kernel.json_types import JsonObject

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

CHALLENGE_BYTES = 32
SECONDS = 300
"""How long a browser may take to respond."""
LONGEST_RESPONSE = 16_000
"""Characters of a browser's response; a registration with an attestation stays well below."""
CREDENTIAL_ID = re.compile(r"[A-Za-z0-9_-]{1,1400}")
"""The id of a credential as browsers send it: base64url."""
REFUSED = "This passkey was not accepted. Nothing was done. Try again, or take another way."


class Site(NamedTuple):
    """The site of a passkey (the relying party): its host, and the origin of its pages."""

    host: str
    origin: str


class NewPasskey(NamedTuple):
    """The credential of a new passkey, as it is stored."""

    credential_id: str
    public_key: str
    sign_count: int


def site(config: Config) -> Site:
    """The site of this installation, from PUBLIC_BASE_URL."""
    parts = urlsplit(config.public_base_url)
    return Site(parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}")


def refused() -> Invalid:
    """The one refusal for every fault of a passkey."""
    return Invalid(REFUSED, code="passkey.refused")


def user_handle(site: Site, person_id: int) -> bytes:
    """The id by which a device knows a person: opaque, and the same for each of their passkeys."""
    return hashlib.sha256(f"session-desk:{site.host}:{person_id}".encode()).digest()


def creation_options(
    site: Site, challenge: bytes, person_id: int, *, email: str, name: str, known: Iterable[str]
) -> JsonObject:
    """The options for making a passkey. `known` are the person's credentials: a device makes no second one."""
    from webauthn import generate_registration_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Session Desk",
        user_id=user_handle(site, person_id),
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        timeout=SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(known),
    )
    return options_to_json_dict(options)


def request_options(site: Site, challenge: bytes, known: Iterable[str] = ()) -> JsonObject:
    """The options for signing in. Without `known` the user chooses among the passkeys of their devices."""
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=SECONDS * 1000,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def parsed(response: str) -> JsonObject:
    """A browser's response, not verified yet. Raises Invalid when it cannot be read."""
    try:
        found = orjson.loads(response) if len(response) <= LONGEST_RESPONSE else None
    except ValueError:
        found = None
    id = found.get("id") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(id, str) or not CREDENTIAL_ID.fullmatch(id):
        raise refused()
    return found


def verified_registration(site: Site, challenge: bytes, response: JsonObject) -> NewPasskey:
    """The new credential, after verifying challenge, origin, host, and that the device verified the user.

    Raises Invalid.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url

    try:
        found = verify_registration_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # The library lets errors of its parsers through; each means that this is no passkey.
        raise refused() from None
    return NewPasskey(
        bytes_to_base64url(found.credential_id), bytes_to_base64url(found.credential_public_key), found.sign_count
    )


def verified_sign_count(site: Site, challenge: bytes, response: JsonObject, *, person_id: int, public_key: str) -> int:
    """The device's counter, after verifying the response. The caller decides whether the counter is high enough.

    Raises Invalid.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes

    try:
        handle = (response.get("response") or {}).get("userHandle")
        if handle and base64url_to_bytes(handle) != user_handle(site, person_id):
            raise refused()
        found = verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=0,  # the row decides, so that two answers at once count once
            require_user_verification=True,
        )
    except Exception:  # The library lets errors of its parsers through; each means that it proves nothing.
        raise refused() from None
    return found.new_sign_count


def _descriptors(known: Iterable[str]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(credential_id)) for credential_id in known]
