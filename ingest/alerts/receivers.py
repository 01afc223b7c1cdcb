"""Who is told of alerts: the addresses of COURSEHOUSE_ALERT_URLS as Apprise reads them.

An address is a secret: it holds tokens and passwords. A receiver is known by the hash of it, and
called by its place in the list and the name of the service.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import apprise
from apprise.plugins.telegram import NotifyTelegram

from ingest.errors import UserError
from ingest.settings import Settings

STDOUT = "stdout"
Tone = Literal["warn", "error", "resolved"]
_TYPES = {
    "warn": apprise.NotifyType.WARNING,
    "error": apprise.NotifyType.FAILURE,
    "resolved": apprise.NotifyType.SUCCESS,
}

Send = Callable[[str, str, Tone], bool]


@dataclass(frozen=True)
class Receiver:
    """One address. `deliver(title, body, tone)` is True if it took the message."""

    id: str
    name: str
    deliver: Send


def receivers(settings: Settings, say: Callable[[str], None]) -> list[Receiver]:
    """Everybody who is told; `say` prints what is meant for standard output, where nobody is named.

    Raises `UserError` for an address that Apprise does not understand, without showing it.
    """
    urls = settings.alert_urls.get_secret_value().split() if settings.alert_urls else []
    if not urls:
        return [Receiver(STDOUT, "standard output", _printing(say))]
    # what its plugins log of a failure names whom they wrote to
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    logging.getLogger("apprise").propagate = False
    return [_receiver(number, url, settings) for number, url in enumerate(urls, start=1)]


def _receiver(number: int, url: str, settings: Settings) -> Receiver:
    plugin = apprise.Apprise.instantiate(url)
    if not isinstance(plugin, apprise.NotifyBase):
        raise UserError(
            f"COURSEHOUSE_ALERT_URLS: Apprise does not know what to do with address {number}"
            " (tgram://TOKEN/CHAT, slack://..., mailto://..., json://HOST/PATH, between blanks)"
        )
    if isinstance(plugin, NotifyTelegram):
        plugin.notify_url = f"{settings.alert_telegram_api.rstrip('/')}/bot"
    identity = hashlib.sha256(url.encode()).hexdigest()[:16]
    return Receiver(identity, f"receiver {number} ({plugin.service_name})", _notifying(plugin))


def _notifying(plugin: apprise.NotifyBase) -> Send:
    service = apprise.Apprise()
    service.add(plugin)

    def deliver(title: str, body: str, tone: Tone) -> bool:
        try:
            return bool(
                service.notify(body, title, _TYPES[tone], body_format=apprise.NotifyFormat.TEXT)
            )
        except (
            Exception
        ) as error:  # of some hundred plugins one must not keep a message from others
            logging.getLogger("coursehouse.alerts").error("%s", type(error).__name__)
            return False

    return deliver


def _printing(say: Callable[[str], None]) -> Send:
    def deliver(title: str, body: str, tone: Tone) -> bool:
        say(f"{title}\n{body}")
        return True

    return deliver
