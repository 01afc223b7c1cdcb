"""Slow down who guesses passwords: a few failed logins a minute and address, then 429.

Only failures count, so nobody who knows the password waits, and a stranger cannot lock out an
account. Counters live in the memory of a worker process; the limit given is that of one worker.
"""

from collections.abc import Callable

from flask import Flask, Response, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

LOGINS = ("/login/", "/api/v1/security/login")


def throttle_logins(failures_a_minute: int) -> Callable[[Flask], None]:
    """What `FLASK_APP_MUTATOR` calls with the application."""
    allowed = RateLimitItemPerMinute(failures_a_minute)
    window = MovingWindowRateLimiter(MemoryStorage())

    def refuse() -> Response | None:
        if not _is_login() or window.test(allowed, _address()):
            return None
        return Response("Too many failed logins: wait a minute.", 429, {"Retry-After": "60"})

    def count(response: Response) -> Response:
        if _is_login() and _has_failed(response):
            window.hit(allowed, _address())
        return response

    def install(app: Flask) -> None:
        # before everything else: not even the check of a password may run
        app.before_request_funcs.setdefault(None, []).insert(0, refuse)
        app.after_request(count)

    return install


def _is_login() -> bool:
    path = request.path.rstrip("/")
    return request.method == "POST" and path in [login.rstrip("/") for login in LOGINS]


def _address() -> str:
    return request.remote_addr or "unknown"


def _has_failed(response: Response) -> bool:
    """The API says 401; the form sends back to itself instead of on to a page."""
    if request.path.startswith("/api/"):
        return response.status_code == 401
    return response.status_code != 429 and "/login" in response.headers.get("Location", "/login")
