"""The network of an IP address: what throttles count and what links are pinned to."""

from ipaddress import ip_address, ip_network

UNKNOWN = "unknown"


def neighborhood_of(address: str | None) -> str:
    """The /24 of an IPv4 address or the /64 of an IPv6 address: where somebody was, without saying which subscriber."""
    return _network(address, 24)


def network_of(address: str | None) -> str:
    """A whole IPv4 address, or the first 64 bits of an IPv6 address, which one subscriber has to themselves.

    An IPv4 address inside an IPv6 address is that IPv4 address. `unknown` for anything that is no address.
    """
    return _network(address, 32)


def _network(address: str | None, bits: int) -> str:
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return UNKNOWN
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network((parsed, bits if parsed.version == 4 else 64), strict=False))
