"""Say to the warehouse who looks: its secure views show each viewer the rows of the own courses.

The session's setting `coursehouse.viewer` carries the login, signed with a key that Superset and
the warehouse share; `secure.viewer()` (ingest/warehouse/bootstrap.sql) checks it. Whoever sends
SQL of their own making through a chart may change the setting, and cannot sign another name.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

# analysts by another name, who begin with another dashboard (landing.py)
ANALYSTS = (
    "Coursehouse analyst",
    "Coursehouse product manager",
    "Coursehouse data engineer",
    "Coursehouse ML engineer",
)
# the rows of every course; row level security of Superset leaves out the same roles
SEE_EVERYTHING = ("Admin", "Coursehouse admin", *ANALYSTS)
SECURED_LOGINS = ("superset_teacher", "superset_school_admin")
# the same login in both, so that results are cached apart for each viewer. Hex cannot end a string.
COURSES_OF_THE_VIEWER = (
    "course_id in (select course_id from secure.secure_viewer_course"
    " where viewer_login = '{{ login_hex(current_username()) }}')"
)
VALID_SECONDS = 600  # a connection is opened for each query; a copy of the setting soon expires


def login_hex(username: str | None) -> str:
    """A login as the setting and clauses carry it: what Moodle calls the account, UTF-8 in hex."""
    return (username or "").strip().lower().encode().hex()


def signed_viewer(username: str, sees_everything: bool, key: str) -> str:
    """The setting's value: LOGIN.SCOPE.UNTIL.SIGNATURE."""
    scope = "all" if sees_everything else "own"
    said = f"{login_hex(username)}.{scope}.{int(time.time()) + VALID_SECONDS}"
    return f"{said}.{hmac.new(key.encode(), said.encode(), hashlib.sha256).hexdigest()}"


def name_viewers(key: str) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """What `DB_CONNECTION_MUTATOR` calls for each connection to the warehouse."""

    def name_viewer(
        address: Any,
        options: dict[str, Any],
        username: str | None,
        security_manager: Any,
        _source: Any,
    ) -> tuple[Any, dict[str, Any]]:
        if address.username not in SECURED_LOGINS or not username:
            return address, options
        roles = {role.name for role in security_manager.get_user_roles()}
        viewer = signed_viewer(username, not roles.isdisjoint(SEE_EVERYTHING), key)
        arguments = options.get("connect_args", {}) | {"options": f"-c coursehouse.viewer={viewer}"}
        return address, options | {"connect_args": arguments}

    return name_viewer
