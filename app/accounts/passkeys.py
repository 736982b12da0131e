"""Passkeys (WebAuthn): what a browser is asked, and whether its answer holds. No database, no Flask, no clock.

The library is imported when the first passkey is used: most processes never need it, and it takes a third of a second.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from app.config import Config
from app.kernel.errors import Invalid

CHALLENGE_BYTES = 32
SECONDS = 300
"""How long a browser may take to answer."""
LONGEST_ANSWER = 16_000
"""Characters of a browser's answer; a registration with an attestation stays well below."""
REFUSED = "This passkey was not accepted. Nothing was done. Try again, or take another way."


class Site(NamedTuple):
    """For whom a passkey is good: the host people see, and the address pages come from."""

    host: str
    origin: str


class Made(NamedTuple):
    """A new credential, as it is kept."""

    credential_id: str
    public_key: str
    sign_count: int


def site(config: Config) -> Site:
    """This installation, as browsers know it: from PUBLIC_BASE_URL, whatever address a request came by."""
    parts = urlsplit(config.public_base_url)
    return Site(parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}")


def refused() -> Invalid:
    """The one answer for everything that is wrong with a passkey."""
    return Invalid(REFUSED, code="passkey.refused")


def handle(site: Site, person_id: int) -> bytes:
    """What the device calls a person: says nothing about them, and is the same for each of their passkeys."""
    return hashlib.sha256(f"session-desk:{site.host}:{person_id}".encode()).digest()


def creation(
    site: Site, challenge: bytes, person_id: int, *, email: str, name: str, known: Iterable[str]
) -> dict[str, Any]:
    """What the browser is asked to make. `known` are the credentials a person has: a device holds one of them."""
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
        user_id=handle(site, person_id),
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


def request(site: Site, challenge: bytes, known: Iterable[str] = ()) -> dict[str, Any]:
    """What the browser is asked to sign. Without `known` the person chooses among what their devices offer."""
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


def answered(text: str) -> dict[str, Any]:
    """A browser's answer, unproven. Raises Invalid when it is none."""
    try:
        found = orjson.loads(text) if len(text) <= LONGEST_ANSWER else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("id"), str) or len(found["id"]) > 1400:
        raise refused()
    return found


def made(site: Site, challenge: bytes, answer: dict[str, Any]) -> Made:
    """The new credential, once its answer holds: challenge, origin, host, and that the device asked who is there.

    Raises Invalid.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url

    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # The library lets parsers' own errors through; whatever it is, this is no passkey.
        raise refused() from None
    return Made(
        bytes_to_base64url(found.credential_id), bytes_to_base64url(found.credential_public_key), found.sign_count
    )


def signed(site: Site, challenge: bytes, answer: dict[str, Any], *, person_id: int, public_key: str) -> int:
    """The device's counter, once its answer holds. Whether the counter may be so low is for the caller to say.

    Raises Invalid.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes

    try:
        whose = (answer.get("response") or {}).get("userHandle")
        if whose and base64url_to_bytes(whose) != handle(site, person_id):
            raise refused()
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=0,  # the row decides, so that two answers at once count once
            require_user_verification=True,
        )
    except Exception:  # The library lets parsers' own errors through; whatever it is, it proves nothing.
        raise refused() from None
    return found.new_sign_count


def _descriptors(known: Iterable[str]) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known]
