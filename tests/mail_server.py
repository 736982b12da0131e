"""A real IMAP server (Dovecot) in a folder of its own, run without rights, on a port that is free."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imap_tools import MailBoxUnencrypted

from tests.servers import free_port

PROGRAM = shutil.which("dovecot") or shutil.which("/usr/sbin/dovecot") or ""
"""Where Dovecot lies; empty where it is not installed."""
SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail
first_valid_uid = 1
first_valid_gid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
"""


class MailServer:
    """One mailbox, `desk` with the password `secret`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"imap://desk:secret@127.0.0.1:{port}/INBOX"

    def open(self) -> MailBoxUnencrypted:
        """The mailbox, as whoever reads the mail has it."""
        box = MailBoxUnencrypted("127.0.0.1", self.port, timeout=10)
        box.login("desk", "secret")
        return box

    def deliver(self, *mails: bytes) -> None:
        with self.open() as box:
            for mail in mails:
                box.append(mail, "INBOX")

    def flags(self) -> list[tuple[str, ...]]:
        """The flags of each mail."""
        with self.open() as box:
            return [mail.flags for mail in box.fetch(mark_seen=False, headers_only=True)]


@contextmanager
def running() -> Iterator[MailServer]:
    """Starts the server, as the user of the tests or, for root, as nobody; stops it at the end.

    Its folder is not one of pytest's, which only their owner may enter.
    """
    with tempfile.TemporaryDirectory(prefix="dovecot-") as folder, _running(Path(os.path.realpath(folder))) as server:
        yield server


@contextmanager
def _running(folder: Path) -> Iterator[MailServer]:
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    group = subprocess.run(["id", "-gn", user.pw_name], capture_output=True, text=True, check=True).stdout.strip()
    for name in ("run", "state", "mail", "home"):
        (folder / name).mkdir()
    port = free_port()
    settings = folder / "dovecot.conf"
    facts = {"folder": folder, "port": port, "user": user.pw_name, "group": group}
    settings.write_text(SETTINGS.format(uid=user.pw_uid, gid=user.pw_gid, **facts))
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    own = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen([PROGRAM, "-F", "-c", str(settings)], stderr=printed, **own)  # type: ignore[call-overload]
    try:
        _wait(process, port, folder / "log")
        yield MailServer(port)
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ends = time.monotonic() + 20
    while time.monotonic() < ends and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    printed = log.with_name("printed").read_text()
    raise AssertionError(f"Dovecot did not start: {printed}{log.read_text() if log.exists() else ''}")
