"""Settings of a development Session Desk, kept beside its data, and the desk command run with them."""

import base64
import fcntl
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import ROOT
from tools.console import Refusal, python

DATA = ROOT / "var"
"""The folder for database, files and settings unless the user names another."""


def settings(folder: Path, port: int | None = None) -> dict[str, str]:
    """The environment a development Session Desk runs in. What the caller's environment says wins."""
    keep = folder / "settings.env"
    try:
        with _writing(folder):
            before = keep.read_text() if keep.exists() else ""
            stored = dict(line.split("=", 1) for line in before.splitlines()) or _new_secrets()
            if port or "PUBLIC_BASE_URL" not in stored:
                stored["PUBLIC_BASE_URL"] = f"http://localhost:{port or 8000}"
            text = "".join(f"{name}={value}\n" for name, value in stored.items())
            if text != before:
                _replace(keep, text)
    except OSError as error:
        raise Refusal(f"{folder} cannot be written ({error.strerror}). Name another folder with --data.") from None
    except ValueError:
        raise Refusal(f"{keep} is damaged. Move it away to get new development secrets.") from None
    database = f"sqlite:///{folder / 'session-desk.sqlite3'}"
    return {**stored, "DATABASE_URL": database, "EVIDENCE_URL": str(folder / "evidence"), **os.environ}


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Makes the folder. Commands that are started at once take turns in it, so that they agree on their secrets."""
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()  # raises OSError where nothing can be written
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _replace(file: Path, text: str) -> None:
    """Writes a file that only its owner reads, whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}.", delete=False) as new:
        new.write(text)
    os.replace(new.name, file)


def _new_secrets() -> dict[str, str]:
    fernet = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {"SECRET_KEY": secrets.token_urlsafe(48), "ENCRYPTION_KEYS": fernet, "OTP_PEPPER": secrets.token_urlsafe()}


def desk(env: dict[str, str], *arguments: str) -> str:
    """What the desk command prints. Raises Refusal when it refuses (it has said why on stderr)."""
    command = python("-m", "app.cli", *arguments)
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Refusal(f"`desk {' '.join(arguments)}` refused; its own words stand above. Nothing was started.")
    return done.stdout
