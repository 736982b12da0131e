"""Settings of a development Session Desk, kept beside its data, and the desk command run with them."""

import base64
import os
import secrets
import subprocess
from pathlib import Path

from tools import ROOT
from tools.console import Refusal, python

DATA = ROOT / "var"
"""The folder for database, files and settings unless the user names another."""


def settings(folder: Path, port: int | None = None) -> dict[str, str]:
    """The environment a development Session Desk runs in. What the caller's environment says wins."""
    keep = folder / "settings.env"
    try:
        _try_writing(folder)
        stored = dict(line.split("=", 1) for line in keep.read_text().splitlines()) if keep.exists() else _new_secrets()
        if port or "PUBLIC_BASE_URL" not in stored:
            stored["PUBLIC_BASE_URL"] = f"http://localhost:{port or 8000}"
        text = "".join(f"{name}={value}\n" for name, value in stored.items())
        if not keep.exists() or keep.read_text() != text:
            keep.touch(mode=0o600)
            keep.write_text(text)
    except OSError as error:
        raise Refusal(f"{folder} cannot be written ({error.strerror}). Name another folder with --data.") from None
    except ValueError:
        raise Refusal(f"{keep} is damaged. Move it away to get new development secrets.") from None
    database = f"sqlite:///{folder / 'session-desk.sqlite3'}"
    return {**stored, "DATABASE_URL": database, "EVIDENCE_URL": str(folder / "evidence"), **os.environ}


def _try_writing(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "probe").touch()
    (folder / "probe").unlink()


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
