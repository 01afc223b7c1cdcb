"""`coursehouse connect`: what is declared, and how a cluster is asked. test_connect_real.py has the
real one; here are the answers that a healthy cluster does not give."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.connect import cluster
from ingest.connect.declared import FOLDER, declared
from ingest.errors import UserError
from ingest.events.topics import logs
from ingest.moodle.changes import TOPIC
from ingest.moodle.spec import SECRET_COLUMNS, read_spec
from ingest.settings import PROJECT_DIR

SPEC = read_spec()
SOURCES = ("moodle-postgres", "moodle-mariadb", "moodle-mysql")
PASSWORD = "a:b:c"  # the client library splits at every colon


@dataclass
class Worker:
    """A Kafka Connect of one worker, and what it is told to answer."""

    url: str = ""
    configs: dict[str, dict[str, str]] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    plugins: list[str] = field(default_factory=list)
    rebalances: int = 0
    logins: set[str | None] = field(default_factory=set)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/":
            return 200, {"version": "4.4.0", "commit": "x", "kafka_cluster_id": "y"}
        if path == "/connector-plugins":
            return 200, [{"class": name} for name in self.plugins]
        if path.endswith("/config/validate"):
            value = {"name": "database.hostname", "errors": self.errors}
            return 200, {"error_count": len(self.errors), "configs": [{"value": value}]}
        if self.rebalances:
            self.rebalances -= 1
            return 409, {"error_code": 409, "message": "a rebalance is in process"}
        name = path.split("/")[2]
        if method == "PUT":
            is_new = name not in self.configs
            self.configs[name] = body | {"name": name}
            return 201 if is_new else 200, {"name": name}
        if name not in self.configs:
            return 404, {"error_code": 404, "message": f"Connector {name} not found"}
        if method == "DELETE":
            del self.configs[name]
            return 204, None
        return 200, self.states[name] if path.endswith("/status") else self.configs[name]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr(cluster, "REBALANCE_SECONDS", 0.01)
    found = Worker(plugins=[one.plugin for one in declared("mdl_").values()])

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            found.logins.add(self.headers["Authorization"])
            size = int(self.headers["Content-Length"] or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            status, answer = found.answer(self.command, self.path, body)
            self.send_response(status)
            self.end_headers()
            if answer is not None:
                self.wfile.write(json.dumps(answer).encode())

        do_GET = do_PUT = do_DELETE = reply

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


def connect(worker: Worker, *arguments: str, **settings: str) -> tuple[int, str]:
    """Exit code, and what a user reads."""
    given = {"connect_url": worker.url, "connect_user": "me", "connect_password": PASSWORD}
    environment = {f"COURSEHOUSE_{k.upper()}": v for k, v in (given | settings).items()}
    done = CliRunner().invoke(app, ["connect", *arguments], env=environment)
    reason = str(done.exception) if isinstance(done.exception, UserError) else ""
    return done.exit_code, done.output + reason


# ---------------------------------------------------------------- what is declared


def matches(patterns: str, name: str) -> bool:
    """As Debezium reads its lists: whole names, any of the patterns."""
    return any(re.fullmatch(pattern, name) for pattern in patterns.split(","))


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_captures_what_is_loaded_and_nothing_that_is_hidden(name: str) -> None:
    config = declared("mdl_")[name].config
    tables, hidden = config["table.include.list"], config["column.exclude.list"]
    for table, spec in SPEC.items():
        # of some only some rows may be read, which a connector cannot tell apart
        assert matches(tables, f"public.mdl_{table}") == (spec.only is None), table
        if spec.only is None:
            for column in spec.exclude | SECRET_COLUMNS:
                assert matches(hidden, f"public.mdl_{table}.{column}"), (table, column)
            for column in spec.columns:
                assert not matches(hidden, f"public.mdl_{table}.{column}"), (table, column)
    assert not matches(tables, "public.mdl_sessions")
    assert not matches(tables, "public.other_user")


def test_the_prefix_is_that_of_the_site() -> None:
    config = declared("m.l_")["moodle-postgres"].config
    assert matches(config["table.include.list"], "public.m.l_user")
    assert not matches(config["table.include.list"], "public.mdl_user")


@pytest.mark.parametrize("name", SOURCES)
def test_changes_of_all_tables_and_heartbeats_reach_the_topic_that_is_loaded(name: str) -> None:
    config = declared("mdl_")[name].config
    route = config["transforms.one.regex"]
    for topic in ("moodle.public.mdl_user", "__debezium-heartbeat.moodle"):
        assert re.fullmatch(route, topic), topic
    assert not re.fullmatch(route, "moodle.schema-history")
    assert config["transforms.one.replacement"] == TOPIC
    # what the loader reads: plain JSON, decimals and nulls as they are
    assert config["value.converter.schemas.enable"] == "false"
    assert config["value.converter.replace.null.with.default"] == "false"
    assert config["decimal.handling.mode"] == "string"


def test_mysql_is_captured_as_mariadb_is() -> None:
    """test_connect_real.py runs the connector for MariaDB; the other's plugin it does not have."""
    known = declared("mdl_")
    mysql, mariadb = (known[f"moodle-{engine}"].config for engine in ("mysql", "mariadb"))
    different = {name for name in mysql | mariadb if mysql.get(name) != mariadb.get(name)}
    assert different == {"connector.class"}


def test_the_archive_gets_every_topic_of_events() -> None:
    config = declared("mdl_")["archive-s3"].config
    assert config["topics"].split(",") == list(logs())
    assert config["file.name.template"].startswith("events/raw/{{topic}}/date=")


def test_the_archive_takes_what_is_no_json_and_changes_no_byte() -> None:
    config = declared("mdl_")["archive-s3"].config
    for side in ("key", "value"):
        converter = config[f"{side}.converter"]
        assert converter == "org.apache.kafka.connect.converters.ByteArrayConverter"
    # the plugin's plain writer: of the fields of a record its value alone, not in base64
    written = {name: value for name, value in config.items() if name.startswith("format.")}
    assert written == {
        "format.output.type": "csv",
        "format.output.fields": "value",
        "format.output.fields.value.encoding": "none",
    }


def test_every_reference_is_to_a_variable_that_is_described() -> None:
    described = set(re.findall(r"^#(\w+)=", (PROJECT_DIR / ".env.example").read_text(), re.M))
    compose = (PROJECT_DIR / "docker-compose.yml").read_text()
    for file in FOLDER.glob("*.json"):
        for variable in re.findall(r"\$\{env:(\w+)\}", file.read_text()):
            assert variable in described, (file.name, variable)
            assert f"      {variable}: " in compose, (file.name, variable)


@pytest.mark.parametrize("key", ["database.password", "aws.secret.access.key", "sasl.jaas.config"])
def test_a_secret_that_is_written_down_is_refused(key: str, tmp_path: Path) -> None:
    for value in ("hunter2", "x${env:A}", ""):
        config = {"connector.class": "a.B", key: value}
        (tmp_path / "one.json").write_text(json.dumps({"name": "one", "config": config}))
        with pytest.raises(UserError, match=f"one.json: {key} must not be written down") as failed:
            declared("mdl_", tmp_path)
        assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is no connector"),
        ('{"name": "one"}', "is no connector"),
        ('{"name": "One", "config": {}}', "is no connector"),
        ('{"name": "two", "config": {"connector.class": "a.B"}}', "must name itself"),
        ('{"name": "one", "config": {}}', "must name itself"),
    ],
)
def test_a_file_that_is_no_connector_is_named(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(text)
    with pytest.raises(UserError, match=f"one.json {reason}"):
        declared("mdl_", tmp_path)


# ---------------------------------------------------------------- a cluster


def test_applying_twice_changes_nothing_and_a_changed_setting_is_brought_in_line(
    worker: Worker,
) -> None:
    for said in ("created", "unchanged"):
        assert connect(worker, "apply", "archive-s3") == (0, f"archive-s3: {said}\n")
    worker.configs["archive-s3"]["tasks.max"] = "7"
    assert connect(worker, "apply", "archive-s3") == (0, "archive-s3: changed\n")
    assert worker.configs["archive-s3"] == declared("mdl_")["archive-s3"].wanted
    login = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    assert worker.logins == {f"Basic {login}"}


def test_a_rebalance_is_waited_for(worker: Worker) -> None:
    worker.rebalances = 3
    assert connect(worker, "apply", "archive-s3")[0] == 0
    worker.rebalances = cluster.REBALANCE_ATTEMPTS
    code, said = connect(worker, "delete", "archive-s3")
    assert (code, "a rebalance is in process" in said) == (1, True)


def test_settings_that_cannot_work_are_not_applied(worker: Worker) -> None:
    worker.errors = ["Connection to db refused.\n Check it."]
    code, said = connect(worker, "apply", "moodle-postgres")
    assert code == 1
    assert "moodle-postgres: database.hostname: Connection to db refused. Check it." in said
    assert worker.configs == {}


def test_a_plugin_that_is_not_installed_is_named(worker: Worker) -> None:
    worker.plugins = []
    code, said = connect(worker, "apply", "moodle-mariadb")
    assert code == 1
    assert "does not have io.debezium.connector.mariadb.MariaDbConnector" in said


def test_a_connector_whose_task_failed_is_no_healthy_one(worker: Worker) -> None:
    """Kafka Connect itself calls it running."""
    assert connect(worker, "apply", "moodle-postgres")[0] == 0
    trace = "org.a.ConnectException: stopped\n\tat x\nCaused by: java.net.SocketException: reset"
    worker.states["moodle-postgres"] = {
        "connector": {"state": "RUNNING"},
        "tasks": [{"id": 0, "state": "FAILED", "trace": trace}],
    }
    code, said = connect(worker, "status")
    assert code == 1
    assert "java.net.SocketException: reset" in said
    assert "failed: moodle-postgres" in said
    code, said = connect(worker, "status", "--json")
    assert code == 1
    states = {one["name"]: one for one in json.loads(said[: said.rindex("]") + 1])}
    assert states["moodle-postgres"]["running"] == 0
    assert states["archive-s3"]["state"] == "absent"


def test_who_deletes_a_postgres_source_is_told_of_its_slot(worker: Worker) -> None:
    connect(worker, "apply", "moodle-postgres", "archive-s3")
    code, said = connect(worker, "delete", "moodle-postgres", "archive-s3", "moodle-mysql")
    assert code == 0
    assert "select pg_drop_replication_slot('coursehouse')" in said
    assert "moodle-mysql: there was none" in said
    assert worker.configs == {}


def test_a_name_nobody_declared_is_answered_with_those_there_are(worker: Worker) -> None:
    code, said = connect(worker, "apply", "moodle")
    assert (code, "choose from archive-s3, moodle-mariadb" in said) == (1, True)


def test_an_address_that_does_not_answer_is_said_at_once(worker: Worker) -> None:
    code, said = connect(worker, "status", connect_url="http://127.0.0.1:1")
    assert code == 1
    assert "does not answer" in said and "COURSEHOUSE_CONNECT_URL" in said
    assert PASSWORD not in said
