"""The DAGs of orchestrate/, in the Airflow they are for: what they promise, and real runs."""

import json
import os
import socketserver
import threading
from collections.abc import Callable, Iterator
from email import message_from_string
from typing import Any
from unittest import mock

import psycopg
import pytest
import typer
import typer.main
from airflow_runner import DAGS, Airflow, read_project, variables
from jsonschema_rs import validator_for
from moodle_sites import Lane

from ingest import locked_dbt
from ingest.build import Dbt, is_whole
from ingest.cli import app
from ingest.errors import UserError
from ingest.jobs import ALERT, JOBS, Step
from ingest.postgres import EmbeddedPostgres
from ingest.settings import PROJECT_DIR

DAY = "2024-01-15"
# enough to see dbt build and test something; a whole build takes minutes
FEW = "stg_moodle__course stg_moodle__groups_members"


DAG_OF = {
    "loads": "frequent_loads",
    "hourly": "hourly_analytics_etl",
    "nightly": "daily_analytics_etl",
    "monthly": "monthly_maintenance",
}


@pytest.fixture(scope="module")
def descriptions(airflow: Airflow, postgres: EmbeddedPostgres) -> list[dict[str, Any]]:
    """The DAGs with an address, without one, and as a graph; Airflow takes long to be imported."""
    with mock.patch.dict(os.environ, read_project(postgres.dsn("postgres")).environment()):
        Dbt().parse()  # the graph is read from its manifest
    graph = {"COURSEHOUSE_AIRFLOW_GRAPH": "true", "COURSEHOUSE_AIRFLOW_SELECT": FEW}
    return airflow.describe({"COURSEHOUSE_AIRFLOW_EMAIL": "data-alerts@example.com"}, {}, graph)


@pytest.fixture(scope="module")
def described(descriptions: list[dict[str, Any]]) -> dict[str, Any]:
    return descriptions[0]


@pytest.fixture
def house(lane: Lane) -> dict[str, str]:
    """The variables of a small Moodle and an empty warehouse."""
    return variables(lane, FEW)


# ---------------------------------------------------------------- what the DAGs promise


def test_every_dag_can_be_imported(described: dict[str, Any]) -> None:
    assert described["errors"] == {}
    files = {file.stem for file in DAGS.glob("*.py")}
    helpers = {file.removesuffix(".py") for file in (DAGS / ".airflowignore").read_text().split()}
    assert set(described["dags"]) == files - helpers


def test_dags_do_what_the_scheduled_jobs_do_and_when(described: dict[str, Any]) -> None:
    assert set(DAG_OF) == set(JOBS)
    for name, job in JOBS.items():
        dag = described["dags"][DAG_OF[name]]
        assert dag["schedule"] == job.cron
        tasks = {task: one for task, one in dag["tasks"].items() if one["only_if"] == "always"}
        steps = {task: _step(one) for task, one in tasks.items()}
        assert len(steps) == len(job.steps)
        assert set(steps.values()) == set(job.steps)
        stage = {step: number for number, steps in enumerate(job.stages) for step in steps}
        stage[ALERT] = len(job.stages)
        for task, step in steps.items():
            before = {stage[steps[one]] for one in tasks[task]["upstream"] if one in steps}
            assert all(number < stage[step] for number in before), task
            assert before or not stage[step], task  # nothing but the first ones begins at once


def _step(task: dict[str, Any]) -> Step:
    """A task as the list of jobs has it: without what only a run by hand asks for."""
    arguments = (argument for argument in task["arguments"] if argument and "{" not in argument)
    return Step(tuple(arguments), needs=task["needs"] or "", program=task["program"])


def test_dags_start_when_they_should_and_make_up_for_nothing(described: dict[str, Any]) -> None:
    assert set(described["dags"]) == {*DAG_OF.values(), "backfill_analytics"}
    assert described["dags"]["backfill_analytics"]["schedule"] is None
    for dag in described["dags"].values():
        assert dag["start_date"] == "2024-01-01T00:00:00+00:00"
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)


def test_every_task_is_tried_thrice_and_its_failure_is_mailed(described: dict[str, Any]) -> None:
    """But for what comes again in ten minutes anyway: of that alerts tell."""
    for dag_id, dag in described["dags"].items():
        is_frequent = dag_id == DAG_OF["loads"]
        for name, task in dag["tasks"].items():
            assert task["owner"] == "data-team", name
            assert (task["retries"], task["retry_delay"]) == (0 if is_frequent else 2, 300), name
            assert task["depends_on_past"] is False, name
            assert task["mails"] == ([] if is_frequent else ["data-alerts@example.com"]), name


def test_without_an_address_nobody_is_mailed(descriptions: list[dict[str, Any]]) -> None:
    dags = descriptions[1]["dags"]
    assert {str(task["mails"]) for dag in dags.values() for task in dag["tasks"].values()} == {"[]"}


def test_alerts_are_sent_whatever_failed_and_the_run_stays_a_failed_one(
    described: dict[str, Any],
) -> None:
    """A run is as its last tasks are, without teardowns, which always run."""
    for dag_id in DAG_OF.values():
        tasks = dict(described["dags"][dag_id]["tasks"])
        alert = tasks.pop("alert")
        assert (alert["is_teardown"], alert["trigger_rule"]) == (True, "all_done_setup_success")
        inner = {upstream for task in tasks.values() for upstream in task["upstream"]}
        last = tasks.keys() - inner
        assert set(alert["upstream"]) == last
        assert {tasks[task]["trigger_rule"] for task in last} == {"all_success"}
        assert not any(task["is_teardown"] for task in tasks.values())


def test_every_task_calls_a_command_there_is(described: dict[str, Any]) -> None:
    values = {
        "{{ params.date }}": DAY,
        "{{ params['from'] }}": DAY,
        "{{ params['to'] }}": DAY,
        "{{ '--since=' ~ params.date if params.date else '' }}": f"--since={DAY}",
        "{{ '--topics=' ~ params.topics if params.topics else '' }}": "--topics=clicks",
        "{{ '--marts=' ~ params.marts if params.marts else '' }}": "--marts=fact_orders",
    }
    seen = 0
    for dag in described["dags"].values():
        for task in dag["tasks"].values():
            assert task["operator"] == "CoursehouseOperator"
            if task["program"] != "coursehouse":
                continue
            arguments = []
            for argument in task["arguments"]:
                for template, value in values.items():
                    argument = argument.replace(template, value)
                assert "{" not in argument
                arguments += [argument] if argument else []
            command = typer.main.get_command(app)
            context = typer.Context(command)
            while hasattr(command, "resolve_command"):
                _, command, arguments = command.resolve_command(context, arguments)
                context = typer.Context(command, parent=context)
            # options that do not exist are an error here, and so are missing ones
            command.make_context(command.name, list(arguments), resilient_parsing=False)
            seen += 1
    assert seen > 10


# ---------------------------------------------------------------- runs


def test_a_night_is_worked_again_for_the_day_somebody_names(
    airflow: Airflow, house: dict[str, str], lane: Lane
) -> None:
    read_project(lane.warehouse)
    conf = json.dumps({"date": DAY})
    # these have tests of their own, and take a minute
    costly = "^(load_fx|report|docs|warm|source_freshness|alert)$"
    done = airflow.command(
        *("dags", "test", "daily_analytics_etl", "2026-10-31", "--conf", conf),
        *("--mark-success-pattern", costly),
        **house,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    assert f"--from={DAY}" in said and f"--to={DAY}" in said
    # what is not configured is left out, and keeps nobody waiting
    assert "COURSEHOUSE_STRIPE_API_KEY is not set" in said
    assert "COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS is not set" in said
    with psycopg.connect(lane.warehouse) as conn:
        built = conn.execute("select status, models, tests > 0 from ops.build_run").fetchall()
        assert built == [("ok", 2, True)]
        assert conn.execute("select count(*) > 0 from staging.stg_moodle__course").fetchone() == (
            True,
        )
        loaded = conn.execute("select source, status from ops.load_run").fetchall()
        assert loaded == [("moodle", "ok")]
    assert "retention: 0 days of raw events dropped" in said


@pytest.mark.parametrize("day", ["2024-01-15; rm -rf x", "2024-02-31", "--help", ""])
def test_a_day_is_a_day_of_the_calendar(described: dict[str, Any], day: str) -> None:
    asked = [dag["params"] for dag in described["dags"].values()]
    for schema in [params[name] for params in asked for name in ("date", "from") if name in params]:
        validator = validator_for(schema, validate_formats=True)
        assert validator.is_valid(DAY) and not validator.is_valid(day)


def test_what_is_no_day_starts_nothing(airflow: Airflow, house: dict[str, str]) -> None:
    conf = json.dumps({"date": "2024-01-15; rm -rf x"})
    done = airflow.command("dags", "test", "daily_analytics_etl", "--conf", conf, **house)
    assert done.returncode != 0
    assert "ParamValidationError" in done.stdout + done.stderr
    assert "Running command" not in done.stdout


# ---------------------------------------------------------------- mail


@pytest.fixture
def mailbox(free_port: Callable[[], int]) -> Iterator[tuple[int, list[str]]]:
    """A mail server that takes every letter: its port, and the letters."""
    letters: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.strip().upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    letters.append(b"".join(lines).decode())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
                if word == b"QUIT":
                    return

    server = socketserver.ThreadingTCPServer(("127.0.0.1", free_port()), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], letters
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_task_that_failed_for_good_is_mailed_with_its_reason(
    airflow: Airflow, mailbox: tuple[int, list[str]]
) -> None:
    port, letters = mailbox
    connection = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "extra": {"disable_ssl": True, "disable_tls": True},
    }
    airflow.script(
        "notify.py",
        *(str(DAGS), "daily_analytics_etl", "build", "the warehouse <is> full"),
        AIRFLOW_CONN_SMTP_DEFAULT=json.dumps(connection),
        COURSEHOUSE_AIRFLOW_EMAIL="data-alerts@example.com",
        COURSEHOUSE_AIRFLOW_EMAIL_FROM="coursehouse@example.com",
    )
    (letter,) = map(message_from_string, letters)
    assert (letter["To"], letter["From"]) == ("data-alerts@example.com", "coursehouse@example.com")
    assert letter["Subject"] == "Coursehouse: build of daily_analytics_etl failed"
    (part,) = [part for part in letter.walk() if part.get_content_type() == "text/html"]
    assert b"the warehouse &lt;is&gt; full" in part.get_payload(decode=True)


# ---------------------------------------------------------------- dbt as cosmos calls it


@pytest.mark.parametrize("command", ["run", "test", "seed", "snapshot"])
def test_a_node_alone_is_not_run_by_a_schedule(command: str) -> None:
    with pytest.raises(UserError, match="start the whole build anew"):
        locked_dbt.main([command, "--select", "dim_course"])


def test_a_build_of_a_schedule_does_not_overlap_another_one(
    house: dict[str, str], lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in house.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(locked_dbt, "_dbt", lambda arguments: 0)
    monkeypatch.setenv("COURSEHOUSE_BUILD_WAIT_MINUTES", "0")
    assert locked_dbt.main(["build"]) == 0
    with psycopg.connect(lane.warehouse) as other:
        other.execute("select pg_advisory_lock(hashtext('coursehouse:build'))")
        with pytest.raises(UserError, match="another process is at the build"):
            locked_dbt.main(["build"])
    assert locked_dbt.main(["build"]) == 0


def test_the_build_can_be_looked_at_as_a_graph_of_its_nodes(
    airflow: Airflow, descriptions: list[dict[str, Any]], house: dict[str, str], lane: Lane
) -> None:
    """One dbt process, a task for each node, and nothing that is tried again or run alone."""
    found = descriptions[2]
    assert found["errors"] == {}
    tasks = found["dags"]["daily_analytics_etl"]["tasks"]
    nodes = {name for name in tasks if name.startswith("build.stg_")}
    assert nodes == {f"build.{model}_run" for model in FEW.split()}
    assert {tasks[name]["retries"] for name in {*nodes, "build.dbt_producer_watcher"}} == {0}
    flags = tasks["build.dbt_producer_watcher"]["flags"]
    assert not is_whole(["build", *flags])
    everything = [flag for flag in flags if flag not in ("--select", FEW)]
    assert is_whole(["build", *everything])
    lane.load()
    read_project(lane.warehouse)
    # `dags test` runs one task at a time, in any order: one that waits for another one's node would
    # never let that one begin
    waiting = r"build\.stg_.*|load_.*|report|docs|warm|source_.*|alert|archive|retention"
    done = airflow.command(
        *("dags", "test", "daily_analytics_etl", "2026-10-31"),
        *("--mark-success-pattern", f"^({waiting})$"),
        **house,
        COURSEHOUSE_AIRFLOW_GRAPH="true",
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    with psycopg.connect(lane.warehouse) as conn:
        built = conn.execute("select status, models, tests > 0 from ops.build_run").fetchall()
    assert built == [("ok", 2, True)]


def test_make_airflow_says_how_to_start_it() -> None:
    text = (PROJECT_DIR / "orchestrate" / "START").read_text()
    assert "orchestrate/airflow standalone" in text
