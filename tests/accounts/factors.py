"""Second factors for tests: a phone with an authenticator app, and a device that keeps passkeys."""

import hashlib
import json
import re
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import cbor2
import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.accounts import totp
from app.accounts.actions import factors
from app.accounts.models import Person, TotpSecret
from app.accounts.queries import person
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.accounts.browser import post, token
from tests.cast import Cast

ORIGIN = "http://localhost:8000"


def code(secret: str, steps: int = 0) -> str:
    """What the app shows now, or that many steps of 30 seconds later."""
    return pyotp.TOTP(secret).generate_otp(totp.step_at(now()) + steps)


def wrong(secret: str) -> str:
    """Six digits that the app shows neither now nor soon."""
    shown = {code(secret, steps) for steps in range(-4, 5)}
    return next(each for n in range(100) if (each := f"{n:06d}") not in shown)


def give_app(database: Database, cast: Cast, called: str) -> tuple[str, list[str]]:
    """Sets up an authenticator app of which no code was used. Returns its secret, and recovery codes."""
    secret = totp.new_secret()
    with database.write() as db:
        who = person(db, cast.people[called].id)
        codes = factors.turn_on_app(db, who, secret, code(secret), by=cast.actor(called), now=now())
        db.execute(update(TotpSecret).values(last_step=0))
    return secret, codes


def has_factor(database: Database, cast: Cast, called: str) -> bool:
    with database.read() as db:
        return db.get_one(Person, cast.people[called].id).second_factor


def hidden(page: str, name: str) -> str:
    """What a page's hidden field holds."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


def at_once(many: int, act: Callable[[], Any]) -> list[Any]:
    """What each of several threads got that did the same at the same moment; an error counts as its name."""
    gate, got = threading.Barrier(many), []

    def run() -> None:
        gate.wait()
        try:
            got.append(act())
        except Exception as error:
            got.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Device:
    """Keeps one passkey, as a phone would, and answers as a browser would. Each fact can be falsified."""

    origin: str = ORIGIN
    host: str = "localhost"
    verifies: bool = True
    count: int = 0
    id: bytes = b"0123456789abcdef"
    user: bytes = b""
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> str:
        """Answers a wish for a new passkey."""
        self.user = _bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        kept = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._about(0x40) + kept})
        answer_text = self._answered("webauthn.create", options)
        return self._answer({"clientDataJSON": _text(answer_text), "attestationObject": _text(attested)})

    def sign(self, options: dict[str, Any]) -> str:
        """Answers a challenge."""
        answer_text, about = self._answered("webauthn.get", options), self._about(0)
        signature = self.key.sign(about + hashlib.sha256(answer_text).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": _text(answer_text),
                "authenticatorData": _text(about),
                "signature": _text(signature),
                "userHandle": _text(self.user),
            }
        )

    def _about(self, flags: int) -> bytes:
        flags |= 0x05 if self.verifies else 0x01
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answered(self, kind: str, options: dict[str, Any]) -> bytes:
        answer_text = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(answer_text).encode()

    def _answer(self, response: dict[str, str]) -> str:
        id = _text(self.id)
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": response})


def challenge(client: FlaskClient, url: str, page: str | None = None) -> dict[str, Any]:
    """The options that the page's script hands to the browser."""
    answer = client.post(url, headers={"X-CSRFToken": token(client, page)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def register(client: FlaskClient, device: Device, name: str = "Laptop") -> TestResponse:
    """Adds a device's passkey on the settings page."""
    wanted = challenge(client, "/settings/passkeys/challenge")
    return post(client, "/settings/passkeys", {"name": name, "credential": device.make(wanted)})


def sign_in_by(client: FlaskClient, device: Device, **more: str) -> TestResponse:
    """Presses "Sign in with a passkey"."""
    wanted = challenge(client, "/sign-in/passkey/challenge")
    return post(client, "/sign-in/passkey", {"credential": device.sign(wanted), **more})
