"""The warehouse's Postgres: an embedded server, or the user's own by `COURSEHOUSE_PG_HOST`."""

from ingest.postgres.connection import connect, embedded, start_warehouse, warehouse_dsn
from ingest.postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "connect", "embedded", "start_warehouse", "warehouse_dsn"]
