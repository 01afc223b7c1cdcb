"""Who signed a webhook, and when."""

import re
import time
from typing import Self

from ingest.errors import UserError
from ingest.events.contracts import Rejection
from ingest.settings import Settings

TOLERANCE_SECONDS = 300  # Stripe's own; every delivery, a repeated one too, is signed anew
SECRET = re.compile(r"whsec_[!-~]{8,}")
TIME = re.compile(r"t=(\d{1,12})", re.ASCII)


class Verifier:
    """Knows the signing secrets of every endpoint, while one is rotated the old and the new."""

    def __init__(self, secrets: list[str]) -> None:
        # takes half a second to import: only for those who need it
        from stripe import SignatureVerificationError, WebhookSignature

        self._secrets = secrets
        self._signature = WebhookSignature
        self._mismatch = SignatureVerificationError

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The one these settings describe, None if they have no secret. Raises `UserError`."""
        if settings.stripe_webhook_secrets is None:
            return None
        text = settings.stripe_webhook_secrets.get_secret_value()
        secrets = [part.strip() for part in text.split(",")]
        if not all(SECRET.fullmatch(secret) for secret in secrets):
            raise UserError(
                "COURSEHOUSE_STRIPE_WEBHOOK_SECRETS is not usable: give the signing secrets of"
                " your endpoints (whsec_...), separated by commas"
            )
        return cls(secrets)

    def check(self, body: bytes, header: str) -> Rejection | None:
        """None if `header`, as Stripe-Signature has it, signs `body` now. Never raises."""
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            return Rejection("not_utf8", f"byte {error.start} is not UTF-8")
        times = [part for part in header.split(",") if part.startswith("t=")]
        signed_at = TIME.fullmatch(times[0]) if len(times) == 1 else None
        if signed_at is None or not header.isascii():
            return Rejection("signature", "Stripe-Signature is not of the form t=...,v1=...")
        if not any(self._is_made_by(secret, text, header) for secret in self._secrets):
            return Rejection("signature", "no signing secret that is known here made the signature")
        if abs(time.time() - int(signed_at[1])) > TOLERANCE_SECONDS:
            return Rejection("timestamp", f"not signed within {TOLERANCE_SECONDS} seconds of now")
        return None

    def _is_made_by(self, secret: str, text: str, header: str) -> bool:
        try:
            # without its tolerance, which knows no future
            self._signature.verify_header(text, header, secret)
        except self._mismatch:
            return False
        return True
