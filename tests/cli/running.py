"""Runs the `desk` command in this process, against the test's database."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.kernel.db.engine import Database


class Desk:
    """`desk("organization", "create", …)` gives the result; `desk.json(…)` what it printed, read."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.environment = {"DATABASE_URL": database.url.render_as_string(hide_password=False)}
        for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "PUBLIC_BASE_URL", "OTP_PEPPER", "SMTP_URL"):
            monkeypatch.delenv(name, raising=False)

    def __call__(self, *arguments: str, typed: str | None = None, **environment: str) -> Result:
        wanted = {**self.environment, **environment}
        return CliRunner().invoke(main, list(arguments), input=typed, env=wanted)

    def json(self, *arguments: str, typed: str | None = None, **environment: str) -> Any:
        done = self(*arguments, "--json", typed=typed, **environment)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)
