"""Protection from SSRF: webhooks go to the public internet over https, and to networks that the operator allows.

See docs/messages.md. The URL is parsed strictly, because URL parsers disagree about backslashes, percent signs,
full-width digits and numbers that look like names; the name is resolved once, each of its addresses must be public, and
the connection goes to the checked address.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from app.config import Config
from app.kernel.outbox.deadline import Deadline

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST = 2048
RESOLVE_SECONDS = 5.0

_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?"
)
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")

# is_global of Python 3.11 calls several of these global, or reads only the wrapper and not the IPv4 address inside.
NEVER = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
        "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


class NotAllowed(ValueError):
    """The address is not allowed; the message is the reason."""


class Unresolved(Exception):
    """The name cannot be resolved at the moment."""


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed webhook address. `host` is lower-case ASCII without brackets; `path` includes the query."""

    secure: bool
    host: str
    port: int
    path: str
    literal: Address | None

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if isinstance(self.literal, IPv6Address) else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse(url: str, config: Config) -> Target:
    """Parses an address and checks everything that needs no resolving. Raises NotAllowed (a ValueError)."""
    split = _split(url)
    host = (split.hostname or "").lower()
    literal = _literal(split, host)
    target = Target(
        secure=split.scheme == "https",
        host=host,
        port=_port(split),
        path=(split.path or "/") + (f"?{split.query}" if split.query else ""),
        literal=literal,
    )
    networks = config.webhook_allowed_networks
    if literal is not None:
        check(target, [literal], config)
    elif not networks:
        _check_public_port(target, config)
    return target


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST:
        raise NotAllowed(f"The address is longer than {LONGEST} characters.")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url) or "\\" in url:
        raise NotAllowed("The address may only hold plain ASCII characters; write the host in its xn-- form.")
    try:
        split = urlsplit(url)
    except ValueError:
        raise NotAllowed("This is not an address we can read.") from None
    if split.scheme not in ("https", "http"):
        raise NotAllowed("The address must start with https://.")
    if "@" in split.netloc:
        raise NotAllowed("The address must not hold a user name or password.")
    if "#" in url:
        raise NotAllowed("The address must not hold a # part; it would not be sent.")
    return split


def _port(split: SplitResult) -> int:
    try:
        port = split.port
    except ValueError:
        port = 0
    if port == 0 or split.netloc.endswith(":"):
        raise NotAllowed("The port of the address is not a number from 1 to 65535.")
    return port or (443 if split.scheme == "https" else 80)


def _literal(split: SplitResult, host: str) -> Address | None:
    """The IP address when the host is one, None when it is a name. Disguised numbers are refused."""
    try:
        if split.netloc.startswith("["):
            if "%" in host:
                raise ValueError
            return IPv6Address(host)
        if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            return IPv4Address(host)
    except ValueError:
        raise NotAllowed("The host of the address is neither a name nor a plain IP address.") from None
    if not _NAME.fullmatch(host):
        raise NotAllowed("The host of the address is neither a name nor a plain IP address.")
    return None


def _check_public_port(target: Target, config: Config) -> None:
    """Checks scheme and port of a target on the public internet. Raises NotAllowed."""
    if not target.secure and config.production:
        raise NotAllowed("The address must start with https://.")
    if target.port not in (443, 8443) and (target.secure or target.port != 80):
        raise NotAllowed("The address may only use port 443 or 8443.")


def is_public(address: Address) -> bool:
    """Whether the address is on the public internet and does not embed one that is not."""
    return address.is_global and not address.is_multicast and not _within(address, NEVER)


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def check(target: Target, found: Iterable[Address], config: Config) -> None:
    """Raises NotAllowed unless the operator allows every address, or it is public with an allowed scheme and port."""
    for address in found:
        if _within(address, config.webhook_allowed_networks):
            continue
        if not is_public(address):
            raise NotAllowed("The address does not lead to the public internet.")
        _check_public_port(target, config)


def resolve(target: Target, config: Config) -> list[Address]:
    """The checked addresses to connect to, resolved once. Raises Unresolved or NotAllowed."""
    if target.literal is not None:
        found: list[Address] = [target.literal]
    else:
        try:
            answers = Deadline(RESOLVE_SECONDS).wait_for(
                lambda: socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError):
            raise Unresolved(f"The name {target.host} could not be resolved.") from None
        found = list(dict.fromkeys(ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))
    check(target, found, config)
    return found
