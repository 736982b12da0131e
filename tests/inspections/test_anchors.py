"""Time stamps from a real authority (`openssl ts`), and every way in which an authority can fail us."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rfc3161_client import decode_timestamp_response

from app.inspections import anchors, chain
from tests.inspections.authority import Authority, openssl
from tests.inspections.test_chain import EXPECTED, HEAD, THREE, run, unpack


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("authority"))
    server = made.serve()
    yield made
    server.shutdown()
    server.server_close()


def test_a_stamp_is_received_and_openssl_vouches_for_it(authority: Authority, tmp_path: Path) -> None:
    stamp = anchors.ask(authority.url, EXPECTED)
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
    raw = anchors.ask(authority.url, EXPECTED).reply
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


def test_the_bundle_verifies_with_the_root_and_not_with_another(authority: Authority, tmp_path: Path) -> None:
    stamp = anchors.ask(authority.url, EXPECTED)
    folder = unpack(chain.bundle(THREE, EXPECTED, [("127.0.0.1", stamp.reply)]), tmp_path / "bundle")
    roots, others = tmp_path / "roots", tmp_path / "others"
    roots.mkdir()
    others.mkdir()
    (roots / "root.pem").write_bytes((authority.folder / "root.pem").read_bytes())
    new = ("-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Other", "-days", "3")
    openssl(others, "req", "-x509", *new, "-keyout", str(tmp_path / "k"), "-out", "o.pem")
    good = run(folder, str(roots))
    assert (good.returncode, "All time stamps are good." in good.stdout) == (0, True), good
    assert HEAD in good.stdout
    bad = run(folder, str(others))
    assert (bad.returncode, "not vouched for" in bad.stdout) == (1, True)
    (folder / "statement.json").write_bytes(EXPECTED + b" ")
    assert run(folder, str(roots)).returncode == 1


@pytest.mark.parametrize("answer", [503, 302, 404])
def test_an_authority_that_is_down_is_worth_asking_again(authority: Authority, answer: int) -> None:
    authority.answers.append(answer)
    with pytest.raises(anchors.Unreachable, match=str(answer)):
        anchors.ask(authority.url, EXPECTED)


def test_nobody_listening_is_worth_asking_again() -> None:
    with pytest.raises(anchors.Unreachable, match=r"127\.0\.0\.1 could not be reached"):
        anchors.ask("http://127.0.0.1:9/", EXPECTED)


@pytest.mark.parametrize("answer", [b"", b"garbage", b"0" * 70_000, b"\x30\x84\xff\xff\xff\xff\x30"])
def test_garbage_is_refused(authority: Authority, answer: bytes) -> None:
    authority.answers.append(answer)
    with pytest.raises(anchors.Refused):
        anchors.ask(authority.url, EXPECTED)


def test_a_stamp_for_another_statement_or_question_is_refused(authority: Authority) -> None:
    replay = anchors.ask(authority.url, EXPECTED).reply
    authority.answers.append(replay)
    with pytest.raises(anchors.Refused, match="another question"):
        anchors.ask(authority.url, EXPECTED)
    authority.answers.append(replay)
    with pytest.raises(anchors.Refused, match="something else"):
        anchors.ask(authority.url, EXPECTED + b" ")


def test_a_refusal_of_the_authority_is_shown(authority: Authority) -> None:
    # TimeStampResp with status 2 (rejection) and no token.
    authority.answers.append(bytes.fromhex("30053003020102"))
    with pytest.raises(anchors.Refused):
        anchors.ask(authority.url, EXPECTED)
