"""Time stamps from a real authority (`openssl ts`), and every way in which an authority can fail us."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import decode_timestamp_response

from app.inspections import anchors
from tests.inspections.authority import Authority
from tests.inspections.test_chain import EXPECTED


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("authority"))
    server = made.serve()
    yield made
    server.shutdown()
    server.server_close()


def ask(authority: Authority, statement: bytes, roots: str = "") -> anchors.Stamp:
    """Asks now; `roots` is a file of the certificates that the stamp must lead to."""
    trusted = load_pem_x509_certificates(Path(roots).read_bytes()) if roots else []
    return anchors.ask(authority.url, statement, trusted, datetime.now(UTC))


def test_a_stamp_is_received_and_openssl_vouches_for_it(authority: Authority, tmp_path: Path) -> None:
    stamp = ask(authority, EXPECTED)
    assert abs(stamp.stamped_at - datetime.now(UTC)) < timedelta(minutes=1)
    (tmp_path / "r.tsr").write_bytes(stamp.reply)
    (tmp_path / "s.json").write_bytes(EXPECTED)
    assert vouched(authority, tmp_path, "r.tsr")


def vouched(authority: Authority, folder: Path, reply: str) -> bool:
    """Whether `openssl ts` believes a reply about s.json."""
    words = ["openssl", "ts", "-verify", "-in", reply, "-data", "s.json"]
    words += ["-CAfile", str(authority.folder / "root.pem")]
    return subprocess.run(words, cwd=folder, capture_output=True, check=False).returncode == 0


def test_unsorted_certificates_are_sorted_and_still_verify(authority: Authority, tmp_path: Path) -> None:
    raw = ask(authority, EXPECTED).reply
    both = [raw, reversed_certificates(raw)]
    for number, reply in enumerate(both):
        anchors.read(reply)
        path = tmp_path / f"{number}.tsr"
        path.write_bytes(anchors.sort_certificates(reply))
        decode_timestamp_response(path.read_bytes())
        (tmp_path / "s.json").write_bytes(EXPECTED)
        assert vouched(authority, tmp_path, path.name)
    assert any(refused(reply) for reply in both), "one of the two orders is the one the parser refuses"


def refused(reply: bytes) -> bool:
    try:
        decode_timestamp_response(reply)
    except ValueError:
        return True
    return False


def reversed_certificates(reply: bytes) -> bytes:
    ordered = anchors.sort_certificates(reply)
    part = anchors._children(ordered, (0, 0, len(ordered)))[0]
    for index in (1, 1, 0):
        part = anchors._children(ordered, part)[index]
    _, start, end = next(p for p in anchors._children(ordered, part) if ordered[p[0]] == 0xA0)
    pieces = [ordered[a:b] for a, _, b in anchors._children(ordered, (0, start, end))]
    assert len(pieces) >= 2
    return ordered[:start] + b"".join(reversed(pieces)) + ordered[end:]


@pytest.mark.parametrize("answer", [503, 302, 404])
def test_an_authority_that_is_down_is_worth_asking_again(authority: Authority, answer: int) -> None:
    authority.answers.append(answer)
    with pytest.raises(anchors.Unreachable, match=str(answer)):
        ask(authority, EXPECTED)


def test_nobody_listening_is_worth_asking_again() -> None:
    with pytest.raises(anchors.Unreachable, match=r"127\.0\.0\.1:9 could not be reached"):
        anchors.ask("http://127.0.0.1:9/", EXPECTED, (), datetime.now(UTC))


@pytest.mark.parametrize("answer", [b"", b"garbage", b"0" * 70_000, b"\x30\x84\xff\xff\xff\xff\x30"])
def test_garbage_is_worth_asking_again(authority: Authority, answer: bytes) -> None:
    authority.answers.append(answer)
    with pytest.raises(anchors.Unreachable):
        ask(authority, EXPECTED)


def test_a_stamp_for_another_statement_or_question_is_refused(authority: Authority) -> None:
    replay = ask(authority, EXPECTED).reply
    authority.answers.append(replay)
    with pytest.raises(anchors.Unreachable, match="another question"):
        ask(authority, EXPECTED)
    authority.answers.append(replay)
    with pytest.raises(anchors.Refused, match="something else"):
        ask(authority, EXPECTED + b" ")


def test_a_refusal_of_the_authority_is_shown(authority: Authority) -> None:
    # TimeStampResp with status 2 (rejection) and no token.
    authority.answers.append(bytes.fromhex("30053003020102"))
    with pytest.raises(anchors.Refused):
        ask(authority, EXPECTED)


def test_a_stamp_must_lead_to_a_configured_root(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    assert ask(authority, EXPECTED, roots=f"{authority.folder}/root.pem").reply
    with pytest.raises(anchors.Unreachable, match="configured root"):
        ask(authority, EXPECTED, roots=f"{stranger.folder}/root.pem")


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_authority_whose_clock_is_wrong_is_asked_again(authority: Authority, hours: int) -> None:
    with pytest.raises(anchors.Unreachable, match="The clock of"):
        anchors.ask(authority.url, EXPECTED, [], datetime.now(UTC) + timedelta(hours=hours))
