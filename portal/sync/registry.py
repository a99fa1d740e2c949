"""The registry: the one place that names the platforms. A platform is one folder and one line here."""

from __future__ import annotations

from portal.sync.contract import Platform
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.ordo import ORDO

PLATFORMS: dict[str, Platform] = {platform.key: platform for platform in (LEAFLINK, ORDO, AIQ)}


class UnknownPlatform(LookupError):
    """No platform has this key; the message names those that exist."""


def platform(key: str) -> Platform:
    """Look a platform up by its key.

    Raises:
        UnknownPlatform: there is none.
    """
    try:
        return PLATFORMS[key]
    except KeyError:
        raise UnknownPlatform(
            f"There is no platform {key!r}; there are: {', '.join(sorted(PLATFORMS))}."
        ) from None
