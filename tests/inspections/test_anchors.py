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


def test_a_stamp_that_was_granted_with_modifications_is_as_good(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verifier of the library takes "granted" alone; the status is outside the signature."""
    post = anchors._post

    def modified(url: str, body: bytes) -> bytes:
        reply = post(url, body)
        at = reply.index(b"\x02\x01\x00")
        return reply[: at + 2] + b"\x01" + reply[at + 3 :]

    monkeypatch.setattr(anchors, "_post", modified)
    stamp = ask(authority, EXPECTED, str(authority.folder / "root.pem"))
    assert anchors.read(stamp.reply).status == 1
    (tmp_path / "r.tsr").write_bytes(stamp.reply)
    (tmp_path / "s.json").write_bytes(EXPECTED)
    assert vouched(authority, tmp_path, "r.tsr")


@pytest.mark.parametrize("usage", ["critical,serverAuth", "timeStamping", "critical,timeStamping,serverAuth"])
def test_a_certificate_that_is_not_for_time_stamps_alone_is_not_taken(
    usage: str, tmp_path: Path, authority: Authority
) -> None:
    """With or without roots. `openssl ts` itself refuses to stamp with one, so a good authority's reply is rebuilt."""
    wrong = Authority(tmp_path, usage=usage)
    for name in ("leaf.pem", "chain.pem"):
        assert (wrong.folder / name).exists()
    certificate = load_pem_x509_certificates((wrong.folder / "leaf.pem").read_bytes())[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "_signer", lambda _reply: certificate)
        with pytest.raises(anchors.Unreachable, match="not one for time stamps"):
            ask(authority, EXPECTED)


def test_the_policy_that_the_address_names_is_demanded(authority: Authority) -> None:
    assert anchors.ask(f"{authority.url}#1.2.3.4.1", EXPECTED, (), datetime.now(UTC)).reply
    with pytest.raises(anchors.Unreachable, match=r"stamped under the policy 1\.2\.3\.4\.1 instead of 1\.3\.6"):
        anchors.ask(f"{authority.url}#1.3.6.1", EXPECTED, (), datetime.now(UTC))
    assert anchors.name_of(f"{authority.url}#1.3.6.1") == f"127.0.0.1:{authority.port}"


def test_an_authority_that_never_answers_is_asked_again(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "SECONDS", 0.2)
    authority.answers.append("hang")
    with pytest.raises(anchors.Unreachable, match="could not be reached"):
        ask(authority, EXPECTED)
    authority.stop.set()


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_authority_whose_clock_is_wrong_is_asked_again(authority: Authority, hours: int) -> None:
    with pytest.raises(anchors.Unreachable, match="The clock of"):
        anchors.ask(authority.url, EXPECTED, [], datetime.now(UTC) + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://tsa.example/", "tsa.example:443, any policy"),
        ("http://tsa.example/tsr#1.2.3", "tsa.example:80, policy 1.2.3"),
        ("http://tsa.example:3161/", "tsa.example:3161, any policy"),
        ("https://Northseal@tsa.example/#1.2", "Northseal (tsa.example:443), policy 1.2"),
        ("https://[2001:db8::1]/", "2001:db8::1:443, any policy"),
    ],
)
def test_who_has_not_stamped_is_named_with_port_and_policy(url: str, name: str) -> None:
    assert anchors.asked_name_of(url) == name
