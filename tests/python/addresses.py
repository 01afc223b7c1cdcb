"""Where a database of the tests is, as programs are told."""

from psycopg.conninfo import conninfo_to_dict


def warehouse_variables(dsn: str) -> dict[str, str]:
    """The variables that make a program use the warehouse at `dsn`."""
    parts = conninfo_to_dict(dsn)
    names = ("host", "port", "user", "password", "dbname")
    return {f"COURSEHOUSE_PG_{name.upper()}": str(parts[name]) for name in names}
