"""Superset's configuration: everything secret comes from the environment, nothing has a default.

`ingest/dashboards/server.py` sets the variables; so may a container. Superset finds this file by
SUPERSET_CONFIG_PATH. It runs in Superset's own environment (requirements/superset.txt).
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from landing import land_on_dashboards
from login_throttle import throttle_logins
from stray_events import drop_stray_events
from viewers import login_hex, name_viewers


def _required(name: str) -> str:
    """What is not set stops Superset here: no well-known key ever signs a cookie."""
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} is not set")
    return value


SECRET_KEY = _required("COURSEHOUSE_SUPERSET_SECRET_KEY")
GUEST_TOKEN_JWT_SECRET = _required("COURSEHOUSE_SUPERSET_GUEST_SECRET")
SQLALCHEMY_DATABASE_URI = _required("COURSEHOUSE_SUPERSET_METADATA_URI")
CACHE = Path(_required("COURSEHOUSE_SUPERSET_CACHE_DIR"))
WORKERS = int(os.environ.get("COURSEHOUSE_SUPERSET_WORKERS", "2"))
BEHIND_TLS = os.environ.get("COURSEHOUSE_SUPERSET_BEHIND_TLS", "") == "true"


def _warehouse_password(url):  # noqa: ANN001, ANN202  (SQLAlchemy's URL)
    """Passwords of the warehouse's logins stand neither in the bundle nor in the metadata."""
    return os.environ.get(f"COURSEHOUSE_LOGIN_{url.username}")


SQLALCHEMY_CUSTOM_PASSWORD_STORE = _warehouse_password


# rows by viewer: the warehouse is told who looks, clauses of row level security name the login
DB_CONNECTION_MUTATOR = name_viewers(_required("COURSEHOUSE_SUPERSET_VIEWER_KEY"))
JINJA_CONTEXT_ADDONS = {"login_hex": login_hex}


def _files(name: str, kept_for: timedelta) -> dict[str, object]:
    return {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": str(CACHE / name),
        "CACHE_DEFAULT_TIMEOUT": int(kept_for.total_seconds()),
        "CACHE_THRESHOLD": 5000,
        "CACHE_KEY_PREFIX": f"{name}_",
    }


# files instead of Redis, threads instead of Celery: one machine serves a school
CACHE_CONFIG = _files("metadata", timedelta(minutes=5))
DATA_CACHE_CONFIG = _files("data", timedelta(minutes=10))
FILTER_STATE_CACHE_CONFIG = _files("filters", timedelta(days=30))
EXPLORE_FORM_DATA_CACHE_CONFIG = _files("explore", timedelta(days=7))
CELERY_CONFIG = None
RESULTS_BACKEND = None

FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,
    "ENABLE_TEMPLATE_PROCESSING": True,  # clauses of row level security name the user
    "RLS_IN_SQLLAB": True,
    "EMBEDDED_SUPERSET": False,
    "ALERT_REPORTS": False,
}


def FLASK_APP_MUTATOR(app):  # noqa: ANN001, ANN201  (Flask's application)
    # Superset's limit on logins lets everything through; this one counts failures
    throttle_logins(failures_a_minute=max(1, 10 // WORKERS))(app)
    land_on_dashboards(app)
    drop_stray_events(app)


RATELIMIT_ENABLED = False

# nothing but this server: the interface's telemetry pixel and map tiles stay out
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": BEHIND_TLS,
    "session_cookie_secure": BEHIND_TLS,
}
ENABLE_PROXY_FIX = BEHIND_TLS
ENABLE_CORS = False
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = BEHIND_TLS
PERMANENT_SESSION_LIFETIME = timedelta(hours=12)
FAB_API_SWAGGER_UI = False
HTML_SANITIZATION = True
PREVENT_UNSAFE_DB_CONNECTIONS = True
AUTH_USER_REGISTRATION = False

# rows of a chart, of any query, of a table on screen; seconds of a query in SQL Lab
ROW_LIMIT = 10_000
SQL_MAX_ROW = 50_000
DISPLAY_MAX_ROW = 10_000
NATIVE_FILTER_DEFAULT_ROW_LIMIT = 1_000
SQLLAB_TIMEOUT = 30
SUPERSET_WEBSERVER_TIMEOUT = 60
SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True}  # the metadata's server may restart

APP_NAME = "Coursehouse"
# Superset's own, which reads this file at its end. Charts stand still at once; histograms count
# from nothing, beside a title that has room
from superset.config import THEME_DARK, THEME_DEFAULT  # noqa: E402

_CHARTS = {
    "echartsOptionsOverrides": {"animation": False},
    "echartsOptionsOverridesByChartType": {
        "histogram_v2": {"grid": {"left": 40}, "yAxis": {"min": 0, "minInterval": 1}}
    },
}
THEME_DEFAULT = {**THEME_DEFAULT, **_CHARTS}
THEME_DARK = {**THEME_DARK, **_CHARTS}
LOG_LEVEL = os.environ.get("COURSEHOUSE_SUPERSET_LOG_LEVEL", "WARNING")
