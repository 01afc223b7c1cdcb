"""The runbook: its commands exist, and a warehouse that was dumped comes back as it was."""

import hmac
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import typer
import typer.main
from psycopg import sql

from ingest.cli import app
from ingest.postgres import EmbeddedPostgres
from ingest.postgres.account import current_account
from ingest.postgres.binaries import find_binaries
from ingest.settings import PROJECT_DIR
from ingest.warehouse.bootstrap import bootstrap

PAGE = PROJECT_DIR / "docs" / "runbook.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
LINES = [
    shlex.split(line, comments=True)
    for block in BLOCKS
    for line in block.splitlines()
    if line.startswith("coursehouse ")
]
INLINE = [shlex.split(x) for x in re.findall(r"`coursehouse\s([^`<]+)`", PAGE.read_text())]
INLINE_MAKE = re.findall(r"`make [^`]+`", PAGE.read_text())
COMMANDS = [words[1:] for words in LINES] + INLINE


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_command_of_the_runbook_exists(arguments: list[str]) -> None:
    command = typer.main.get_command(app)
    context = typer.Context(command)
    while hasattr(command, "resolve_command"):
        _, command, arguments = command.resolve_command(context, arguments)
        context = typer.Context(command, parent=context)
    # options that do not exist are an error here, and so are missing ones
    command.make_context(command.name, list(arguments), resilient_parsing=False)


def test_files_the_runbook_names_are_there() -> None:
    text = PAGE.read_text()
    named = re.findall(r"`((?:bench|deploy)/[\w./]+)`", text)
    named += [f"docs/{link}" for link in re.findall(r"\]\(([\w./]+\.md)", text)]
    assert len(named) > 15
    assert [name for name in named if not (PROJECT_DIR / name).resolve().exists()] == []


@pytest.mark.parametrize("place", [0, 1], ids=["systemd", "containers"])
def test_an_upgrade_stops_what_runs_before_the_dump_and_loads_no_sample(place: int) -> None:
    section = PAGE.read_text().partition("\n## Upgrade\n")[2].partition("\n## ")[0]
    steps = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[place]
    words = (
        (
            "systemctl stop",
            "pg_dump",
            "git pull && make up",
            "coursehouse build",
            "systemctl start",
        ),
        (" run stop", "pg_dump", "git pull && docker compose", "prepare build", "run up -d"),
    )[place]
    found = [steps.find(word) for word in words]
    assert -1 not in found and found == sorted(found)
    # "make demo" loads the sample site where no Moodle is named
    assert "make demo" not in section
    assert "/var/backups/coursehouse/before.dump" in steps


def test_what_is_made_is_a_target_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (PROJECT_DIR / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"\bmake ([a-z]+)", "".join(BLOCKS) + "".join(INLINE_MAKE)))
    assert {"up", "superset", "airflow"} <= named <= set(targets)


@pytest.fixture
def other_server(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("restored") / "home", free_port())
    server.up()
    yield server
    server.delete()


def checksums(dsn: str) -> dict[str, str]:
    """Table or view -> a hash of its rows, in whatever order they lie."""
    with psycopg.connect(dsn) as conn:
        tables = conn.execute(
            "select schemaname, tablename from pg_tables"
            " where schemaname !~ '^(pg_|information_schema)' order by 1, 2"
        ).fetchall()
        found = {}
        for schema, table in tables:
            query = sql.SQL(
                "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {} as t"
            ).format(sql.Identifier(schema, table))
            (found[f"{schema}.{table}"],) = conn.execute(query).fetchone() or ("",)
        return found


def test_a_dumped_warehouse_is_restored_on_another_server(
    database: Callable[[], str], other_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    dsn = database()
    with psycopg.connect(dsn) as conn:
        bootstrap(conn)
        conn.execute(
            "insert into ops.load_manifest (load_id, source, started_at)"
            " select i, 'moodle', now() from generate_series(1, 500) as i"
        )
        conn.execute("create schema marts")
        conn.execute("create table marts.sums as select i from generate_series(1, 1000) as i")
        conn.execute("create view marts.seen as select * from marts.sums")
    programs = find_binaries(None, current_account(), tmp_path / "programs")
    lines = [line for block in BLOCKS for line in block.splitlines()]
    before, dump, restore = (
        shlex.split(line, comments=True)
        for line in lines
        if re.match("pg_(dump|restore) .*/backups/", line)
    )
    assert before == [word.replace("$(date +%F)", "before") for word in dump]  # of an upgrade
    file = str(tmp_path / "warehouse.dump")
    replaced = {"$WAREHOUSE": dsn, "--dbname=$EMPTY_DATABASE": f"--dbname={other_server.dsn()}"}
    for words in (dump, restore):
        arguments = [replaced.get(word, word) for word in words[1:]]
        arguments = [f"--file={file}" if a.startswith("--file=") else a for a in arguments]
        arguments = [file if a.startswith("/var/backups") else a for a in arguments]
        program = programs.bin_dir / words[0]
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert len(checksums(dsn)) > 20
    assert checksums(other_server.dsn()) == checksums(dsn)


def test_the_pseudonyms_key_is_rotated_by_the_statements_of_the_page(
    database: Callable[[], str],
) -> None:
    (statements,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    with psycopg.connect(database(), autocommit=True) as conn:
        bootstrap(conn)
        pseudonym = "select vault.pseudonymise('moodle', '7')"
        conn.execute(
            "create table vault.pseudonyms as select 'moodle' as source_system,"
            f" '7' as source_user_id, ({pseudonym}) as student_hash"
        )
        conn.execute("create schema snapshots")
        conn.execute(
            "create table snapshots.snap_moodle__users as select student_hash from vault.pseudonyms"
        )
        conn.execute(statements.encode())
        rotated = conn.execute("select student_hash from snapshots.snap_moodle__users").fetchone()
        assert rotated == conn.execute(pseudonym).fetchone()
        (inner,) = conn.execute(
            "select inner_key from vault.pseudonym_key where key_version = 2"
        ).fetchone() or (b"",)
        key = bytes(byte ^ 0x36 for byte in inner)
        assert len(set(key[:32])) > 16
        expected = hmac.new(key.rstrip(b"\0"), b"moodle:7", "sha256").hexdigest()
        assert rotated == (f"k2_{expected}",)
