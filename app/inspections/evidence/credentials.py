"""Content Credentials (C2PA) in cleaned copies: by whom a copy was made, and of which event of which record.

The worker signs copies with the operator's own certificate (`C2PA_CERTIFICATE`, `C2PA_KEY`). They help with a copy that
has left this installation; what proves is the record. Readers that do not know the certificate say "unknown signer".
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificates

from app.files.pictures import JPEG

LABEL = "app.session-desk.record"
"""The assertion that names the record."""
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


class NotSigned(Exception):
    """A copy cannot be signed with this certificate and key. The sentence says why."""


@dataclass(frozen=True, slots=True)
class About:
    """What a copy says of itself: the session, the event that named its original, that event's hash, and the SHA-256 of
    the original, with its media type."""

    session: str
    sequence: int
    head: str
    sha256: str
    mime: str


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate with its chain, its key, and how the two sign."""

    certificates: str
    key: str
    algorithm: str
    name: str


def signer(certificate: str, key: str) -> Signer | None:
    """The signer of these two PEM files; None when neither is set. Raises NotSigned."""
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise NotSigned("C2PA_CERTIFICATE and C2PA_KEY belong together, and one of them is not set.")
    try:
        chain = Path(certificate).read_text()
        found = load_pem_x509_certificates(chain.encode())
    except (OSError, ValueError) as error:
        raise NotSigned(f"C2PA_CERTIFICATE cannot be read ({type(error).__name__}).") from None
    try:
        private = load_pem_private_key(Path(key).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise NotSigned(f"C2PA_KEY cannot be read ({type(error).__name__}).") from None
    if private.public_key() != found[0].public_key():
        raise NotSigned("C2PA_KEY is not the key of the first certificate in C2PA_CERTIFICATE.")
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Signer(chain, pem, _algorithm(private), found[0].subject.rfc4514_string())


def _algorithm(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise NotSigned("C2PA_KEY is of a kind that Content Credentials do not know.")


def _actions(original: str) -> list[dict[str, object]]:
    """What was done to make a copy of an original."""
    opened: dict[str, object] = {"action": "c2pa.opened", "parameters": {"ingredientIds": [original]}}
    return [opened, {"action": "c2pa.orientation"}, {"action": "c2pa.transcoded"}]


def sign(copy: bytes, about: About, by: Signer) -> bytes:
    """The copy with its Content Credentials. Raises NotSigned."""
    import c2pa  # a native library that the worker alone needs

    original = f"sha256:{about.sha256}"
    manifest = {
        "claim_generator_info": [{"name": "Session Desk"}],
        "title": f"Copy of {about.sha256[:16]}",
        # Named by its hash alone: what a camera wrote into the original does not travel.
        "ingredients": [
            {"title": "Original", "format": about.mime, "relationship": "parentOf", "instance_id": original}
        ],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": _actions(original)}},
            {"label": LABEL, "data": asdict(about)},
        ],
    }
    # Without a thumbnail, which would add nearly half of the size; verified before it is given back.
    settings = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"verify_after_sign": True}}
    out = BytesIO()
    try:
        info = c2pa.C2paSignerInfo(by.algorithm.encode(), by.certificates.encode(), by.key.encode(), None)
        with (
            c2pa.Context(settings=c2pa.Settings.from_dict(settings)) as context,
            c2pa.Signer.from_info(info) as signing,
            c2pa.Builder(json.dumps(manifest), context) as builder,
        ):
            builder.sign(signing, JPEG, BytesIO(copy), out)
    except c2pa.C2paError as error:
        raise NotSigned(f"The certificate or key is not fit to sign copies ({str(error)[:200]}).") from None
    return out.getvalue()
