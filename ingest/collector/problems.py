"""What a refused request is told: problem details (RFC 9457), never a value of what was sent."""

from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response


class Problem(Exception):
    """Ends a request with `status`; `retry_after` in whole seconds, `members` join the body."""

    def __init__(
        self, status: int, detail: str, retry_after: int | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.members = members
        self.headers: dict[str, str] = {}
        if retry_after is not None:
            self.headers["retry-after"] = str(retry_after)
        if status == 401:
            self.headers["www-authenticate"] = "Bearer"

    def response(self) -> Response:
        """The answer as `application/problem+json`."""
        title = HTTPStatus(self.status).phrase
        body = {"title": title, "status": self.status, "detail": self.detail, **self.members}
        return Response(
            orjson.dumps(body), self.status, self.headers, media_type="application/problem+json"
        )


class Unavailable(Problem):
    """What keeps records does not keep them now: come again."""

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(503, detail, retry_after)
