"""The store: written once, read with its sum checked, and gone or full in a word. A folder and S3 alike."""

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from app.config import Config, ConfigError
from app.kernel import store as kernel_store
from app.kernel.store import Away, Damaged, Missing, Store, digest
from tests.s3 import s3 as s3

CONTENT = b"photo \x00\xff" * 1000


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return Store(str(tmp_path / "made" / "when needed"))
    request.getfixturevalue("s3")
    return Store(f"s3://evidence/{tmp_path.name}")


def overwrite(store: Store, name: str, content: bytes) -> None:
    """Changes a file behind the store's back."""
    import obstore

    obstore.put(store._opened(), f"{name}/{digest(CONTENT)}", content)


def test_a_file_is_written_once_and_comes_back(store: Store) -> None:
    assert [store.put("originals/a", CONTENT) for _ in range(2)] == [digest(CONTENT)] * 2
    assert store.get("originals/a", digest(CONTENT)) == CONTENT
    assert list(store.names("originals")) == [f"originals/a/{digest(CONTENT)}"]
    with pytest.raises(Missing):
        store.get("originals/b", digest(CONTENT))
    for _ in range(2):
        store.delete("originals/a", digest(CONTENT))
    assert list(store.names("originals")) == []


def test_a_file_that_was_changed_is_not_handed_out_and_is_mended_by_the_true_one(store: Store) -> None:
    store.put("originals/a", CONTENT)
    overwrite(store, "originals/a", CONTENT[:-1])
    with pytest.raises(Damaged):
        store.get("originals/a", digest(CONTENT))
    store.put("originals/a", CONTENT)
    assert store.get("originals/a", digest(CONTENT)) == CONTENT


def test_a_store_that_is_away_is_away_in_a_word_and_not_asked_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file, where a folder should be")
    folder = Store(str(tmp_path / "taken"))
    with pytest.raises(Away, match=r"FileExistsError|NotADirectoryError"):
        folder.put("originals/a", CONTENT)
    with pytest.raises(Away, match="a moment ago"):
        folder.get("originals/a", digest(CONTENT))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(Away):
        Store("s3://evidence/nowhere").put("originals/a", CONTENT)


def test_a_bucket_that_never_answers_is_away_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_store, "ANSWER_WITHIN", timedelta(seconds=0.5))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(Away):
            Store("s3://evidence/silent").put("originals/a", CONTENT)


def test_what_is_read_back_decides_not_what_the_other_side_says(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_read", lambda path: CONTENT[:-1])
    with pytest.raises(Away, match="not what was written"):
        store.put("originals/a", CONTENT)


def test_the_setting() -> None:
    assert Config.from_env({}).evidence_url == "var/evidence"
    assert Config.from_env({"DATABASE_URL": "sqlite:////srv/desk/data.sqlite3"}).evidence_url == "/srv/desk/evidence"
    assert Config.from_env({"EVIDENCE_URL": "s3://bucket/desk/"}).evidence_url == "s3://bucket/desk"
    for wrong in ("ftp://host/x", "s3://", "s3://UPPER/x"):
        with pytest.raises(ConfigError, match="EVIDENCE_URL must be a folder"):
            Config.from_env({"EVIDENCE_URL": wrong})
