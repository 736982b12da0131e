"""The chain: its format, what verification finds, and that stock tools verify it without us."""

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inspections import bundle, chain

MOMENT = datetime(2026, 5, 23, 10, 0, 14, 123456, tzinfo=UTC)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.none() | st.booleans() | text | st.integers(-(2**53) + 1, 2**53 - 1)
# Few leaves: what a chain holds does not depend on the size of a payload, and large ones take most of the time.
payloads = st.dictionaries(
    text, st.recursive(values, lambda inner: st.lists(inner, max_size=3), max_leaves=4), max_size=4
)
kinds = st.sampled_from(["participant.joined", "consent", "remark.added", "session.ended"])


def links(events: list[tuple[str, dict]]) -> list[chain.Link]:
    found: list[chain.Link] = []
    head = chain.GENESIS
    for number, (kind, payload) in enumerate(events):
        found.append(chain.seal(number, head, kind, payload, MOMENT + timedelta(seconds=number)))
        head = found[-1].hash
    return found


FIRST = {"session": "s", "organization": "é"}
THREE = links([("session.created", FIRST), ("consent.given", {"camera": "granted"}), ("session.ended", {})])


def test_the_hash_is_over_the_five_lines_as_published() -> None:
    link = chain.seal(0, chain.GENESIS, "session.created", {"b": 1, "a": "é"}, MOMENT)
    lines = "1\n" + "0" * 64 + '\nsession.created\n{"a":"é","b":1}\n2026-05-23T10:00:14.123Z'
    assert link.hash == hashlib.sha256(lines.encode()).hexdigest()
    assert (link.sequence, link.prev_hash, link.occurred_at) == (1, "0" * 64, "2026-05-23T10:00:14.123Z")


def test_moments_have_three_decimals_in_utc_whatever_the_zone() -> None:
    from zoneinfo import ZoneInfo

    paris = datetime(2026, 5, 23, 12, 0, 14, tzinfo=ZoneInfo("Europe/Paris"))
    assert chain.instant(paris) == "2026-05-23T10:00:14.000Z"


@given(st.lists(st.tuples(kinds, payloads), max_size=8))
def test_an_appended_chain_verifies(events: list) -> None:
    made = links(events)
    assert chain.verify(made) == (len(made), made[-1].hash if made else chain.GENESIS)


@given(st.lists(st.tuples(kinds, payloads), min_size=1, max_size=8), st.data())
def test_any_change_is_found(events: list, data: st.DataObject) -> None:
    made = links(events)
    at = data.draw(st.integers(0, len(made) - 1))
    change = data.draw(
        st.sampled_from(
            [
                {"payload": made[at].payload + " "},
                {"kind": "other"},
                {"occurred_at": "2026-05-23T10:00:14.999Z"},
                {"hash": "0" * 64},
                {"prev_hash": "f" * 64},
                {"sequence": 99},
            ]
        )
    )
    broken = [*made[:at], replace(made[at], **change), *made[at + 1 :]]
    with pytest.raises(chain.Broken):
        chain.verify(broken)


@given(st.lists(st.tuples(kinds, payloads), min_size=2, max_size=8), st.data())
def test_a_missing_or_moved_event_is_found(events: list, data: st.DataObject) -> None:
    made = links(events)
    at = data.draw(st.integers(0, len(made) - 2))
    with pytest.raises(chain.Broken):
        chain.verify([*made[:at], *made[at + 1 :]])
    with pytest.raises(chain.Broken):
        chain.verify([*made[:at], made[at + 1], made[at], *made[at + 2 :]])


def test_a_chain_cut_short_is_consistent_and_is_found_by_the_statement() -> None:
    assert chain.verify(THREE[:2])[0] == 2
    with pytest.raises(chain.Broken, match="3 events"):
        chain.verify(THREE[:2], length=3, head=THREE[-1].hash)
    with pytest.raises(chain.Broken, match="another head"):
        chain.verify(THREE[:2], length=2, head=THREE[-1].hash)


def test_the_statement_names_session_head_and_number() -> None:
    statement = chain.statement("0c8f4d2e-1a3b-4c5d-9e7f-1234567890ab", "ab" * 32, 9)
    assert statement == (
        b'{"events":9,"format":"session-desk/chain-statement/1","head":"' + b"ab" * 32 + b'",'
        b'"session":"0c8f4d2e-1a3b-4c5d-9e7f-1234567890ab"}'
    )


@pytest.mark.parametrize("payload", [{"a": float("nan")}, {"a": 2**53}, {"a": "\ud800"}])
def test_what_json_cannot_carry_is_refused(payload: dict) -> None:
    with pytest.raises(ValueError):
        chain.seal(0, chain.GENESIS, "remark.added", payload, MOMENT)


@pytest.mark.parametrize("kind", ["", "two\nlines", "Upper", "a b"])
def test_a_kind_is_a_plain_word(kind: str) -> None:
    with pytest.raises(ValueError):
        chain.seal(0, chain.GENESIS, kind, {}, MOMENT)


def unpack(content: bytes, folder: Path) -> Path:
    zipfile.ZipFile(BytesIO(content)).extractall(folder)
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(["sh", "verify.sh", *words], cwd=folder, capture_output=True, text=True, check=False)


HEAD = THREE[-1].hash
EXPECTED = chain.statement("s", HEAD, 3)


def test_the_script_verifies_the_bundle_with_stock_tools(tmp_path: Path) -> None:
    folder = unpack(bundle.bundle(THREE, EXPECTED, []), tmp_path)
    done = run(folder)
    assert (done.returncode, done.stderr) == (2, "")
    assert f"Chain holds: 3 events, head {HEAD}" in done.stdout
    assert "Statement agrees." in done.stdout
    assert "NOT PROVEN: no time stamp has been received." in done.stdout
    listed = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    assert listed.returncode == 0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda lines: [lines[0], lines[1].replace("prev_hash", "previous"), lines[2]],
            "cannot be read",
        ),
        (lambda lines: [lines[0], lines[1].replace("granted", "denied"), lines[2]], "was changed"),
        (lambda lines: lines[:2], "another chain"),
        (lambda lines: [lines[0], lines[2]], "is missing"),
    ],
)
def test_the_script_finds_what_was_spoiled(tmp_path: Path, spoil, words: str) -> None:
    folder = unpack(bundle.bundle(THREE, EXPECTED, []), tmp_path)
    events = folder / "events.jsonl"
    events.write_text("".join(spoil(events.read_text().splitlines(keepends=True))))
    assert (run(folder).returncode, "events.jsonl was changed" in run(folder).stdout) == (1, True)
    sum_anew(folder)
    done = run(folder)
    assert done.returncode == 1
    assert words in done.stdout


def sum_anew(folder: Path) -> None:
    """Makes the list of hashes anew, as a forger does."""
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [name for name in names if str(name) not in ("SHA256SUMS", "verify.sh", "HOW-THIS-WAS-MADE.html")]
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text("".join(sums))


def test_the_same_chain_gives_the_same_bytes() -> None:
    assert bundle.bundle(THREE, EXPECTED, []) == bundle.bundle(THREE, EXPECTED, [])
