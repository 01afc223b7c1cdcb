"""What the login page reports of itself does not end the session that begins on it.

A second or two after it is drawn, the page posts to a log that only the logged-in may write.
Superset sends that to the login page again, with a new anonymous session: if the answer comes after
somebody's login (a password manager is faster), its cookie takes the place of theirs.
"""

from typing import Any

LOG = "/superset/log/"


def drop_stray_events(app: Any) -> None:
    """Take events of nobody and keep none, before anything can touch the session."""
    from flask import Response, request, session
    from flask_login import current_user

    def drop() -> Any:
        if request.path != LOG or current_user.is_authenticated:
            return None
        session.modified = False  # that somebody asked who this is was written there
        return Response(status=204)

    app.before_request_funcs.setdefault(None, []).insert(0, drop)
