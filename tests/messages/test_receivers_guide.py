"""The receiver's guide: the programs that docs/messages.md prints verify a real webhook, in Python and JavaScript."""

import json
import re
import shutil
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest

from app.kernel.clock import now
from tests.conftest import missing
from tests.depositions import factories

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "messages.md").read_text("utf-8")
pytestmark = pytest.mark.config(webhook_allowed_networks=(ip_network("127.0.0.0/8"),))


def printed(language):
    """The programs of a language, in the order of the guide."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.S)


@pytest.fixture
def got(database, cast, receiver, outbox):
    """A webhook as it arrived, and the key that signed it."""
    made = factories.request(database, cast, postback_url=receiver.url, title="Ünïcode “title” 🦉")
    key = cast.key("depositions", "marston")
    factories.schedule(database, cast, made.id)
    outbox.deliver_all()
    return receiver.wait_for(1)[0], key


def tampered(got):
    body = json.loads(got.body)
    head, claims, signature = body["jwt_payload"].split(".")
    return json.dumps({"jwt_payload": f"{head}.{claims[:-2]}AA.{signature}"}).encode()


def test_python_by_the_jwt(got):
    received, key = got
    program = next(text for text in printed("python") if "jwt.decode" in text)
    names = {"body": json.loads(received.body), "API_KEY": key}
    exec(program, names)
    assert names["claims"]["requests"][0]["remote_session"]["title"] == "Ünïcode “title” 🦉"
    with pytest.raises(Exception, match=r"[Ss]ignature"):
        exec(program, {"body": json.loads(tampered(received)), "API_KEY": key})


def test_python_by_the_headers(got):
    received, key = got
    names = {}
    exec(next(text for text in printed("python") if "def genuine" in text), names)
    genuine = names["genuine"]
    assert genuine(received.headers, received.body, key)
    assert not genuine(received.headers, tampered(received), key)
    assert not genuine(received.headers, received.body, f"{key}x")
    old = {**received.headers, "webhook-timestamp": str(int(now().timestamp()) - 3600)}
    assert not genuine(old, received.body, key)


@pytest.mark.slow
def test_javascript(got, tmp_path):
    node = shutil.which("node")
    if node is None:
        missing("This machine has no node.")
    received, key = got
    by_headers, by_jwt = printed("javascript")
    (tmp_path / "headers.mjs").write_text(by_headers, "utf-8")
    (tmp_path / "jwt.mjs").write_text(by_jwt, "utf-8")
    (tmp_path / "main.mjs").write_text(
        'import { readFileSync } from "node:fs";\n'
        'import { genuine } from "./headers.mjs";\n'
        'import { claimsOf } from "./jwt.mjs";\n'
        'const { headers, body, bad, key } = JSON.parse(readFileSync(0, "utf8"));\n'
        "const old = { ...headers, 'webhook-timestamp': '1700000000' };\n"
        "console.log(JSON.stringify([genuine(headers, body, key), genuine(headers, bad, key),\n"
        "  genuine(old, body, key), genuine(headers, body, key + 'x'), claimsOf(JSON.parse(body).jwt_payload, key),\n"
        "  claimsOf(JSON.parse(bad).jwt_payload, key), claimsOf('a.b', key)]));\n",
        "utf-8",
    )
    facts = {
        "headers": received.headers,
        "body": received.body.decode(),
        "bad": tampered(received).decode(),
        "key": key,
    }
    done = subprocess.run(
        [node, "main.mjs"], input=json.dumps(facts), capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    good, bad, old, other, claims, forged, broken = json.loads(done.stdout)
    assert (good, bad, old, other, forged, broken) == (True, False, False, False, None, None)
    assert claims["requests"][0]["remote_session"]["title"] == "Ünïcode “title” 🦉"
