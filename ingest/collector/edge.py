"""Minimisation at the edge: an address becomes a network, a user agent three words.

Neither goes any further than this module.
"""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

import ua_parser

IPV4_PREFIX, IPV6_PREFIX = 24, 48
# the parser tries hundreds of patterns: a bound on what one request costs
LONGEST_USER_AGENT = 512
LONGEST_FAMILY = 64
DESKTOP = {"Windows", "Mac OS X", "Linux", "Ubuntu", "Debian", "Fedora", "FreeBSD", "Chrome OS"}
MOBILE = {"iOS", "Android", "Windows Phone", "KaiOS", "BlackBerry OS", "Symbian OS"}


@dataclass(frozen=True, slots=True)
class Device:
    """`device_class` is desktop, mobile, tablet, bot or other."""

    device_class: str
    browser: str | None
    os: str | None


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str | None:
    """The /24 or /48 an address lies in, None if it is no address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is None:
            return str(ip_network((int(ip), IPV6_PREFIX), strict=False))
        ip = ip.ipv4_mapped
    return str(ip_network((int(ip), IPV4_PREFIX), strict=False))


@lru_cache(maxsize=10_000)
def device_of(user_agent: str) -> Device:
    """Class of device, family of browser and family of operating system."""
    found = ua_parser.parse(user_agent[:LONGEST_USER_AGENT])
    os = found.os.family if found.os else None
    browser = found.user_agent.family[:LONGEST_FAMILY] if found.user_agent else None
    kind = found.device.family if found.device else ""
    return Device(_class(kind, os or "", user_agent), browser, os)


def _class(kind: str, os: str, user_agent: str) -> str:
    if kind == "Spider":
        return "bot"
    if kind == "iPad" or "Tablet" in user_agent or (os == "Android" and "Mobile" not in user_agent):
        return "tablet"
    if os in MOBILE:
        return "mobile"
    return "desktop" if os in DESKTOP else "other"
