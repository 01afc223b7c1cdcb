"""What the DAGs are made of: commands of Coursehouse, each a process of its own, never a shell.

Whatever is configured stands in COURSEHOUSE_* variables of Airflow's own environment, which the
commands inherit: Airflow keeps no address and no password of ours.
"""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import BaseOperator, Context, Param
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

PROJECT = Path(__file__).resolve().parent.parent
PROGRAMS = PROJECT / ".venv" / "bin"
# only these nodes are built, as dbt selects; unset: all
SELECT = os.environ.get("COURSEHOUSE_AIRFLOW_SELECT", "")
# the nightly build as a graph of its nodes (coursehouse_graph)
IS_GRAPH = os.environ.get("COURSEHOUSE_AIRFLOW_GRAPH", "").lower() in ("1", "true", "yes")
MAIL_TO = os.environ.get("COURSEHOUSE_AIRFLOW_EMAIL", "")
MAIL_FROM = os.environ.get("COURSEHOUSE_AIRFLOW_EMAIL_FROM", "coursehouse@localhost")

DAY = r"^\d{4}-\d{2}-\d{2}$"
NAMES = r"^[a-z0-9_.,]*$"

_MAIL = SmtpNotifier(
    to=MAIL_TO,
    from_email=MAIL_FROM,
    subject="Coursehouse: {{ ti.task_id }} of {{ dag.dag_id }} failed",
    html_content=(
        "<p>Task <b>{{ ti.task_id }}</b> of {{ dag.dag_id }}, run {{ run_id }}, failed after"
        " {{ ti.try_number }} tries: {{ exception | e }}</p><p>{{ ti.log_url }}</p>"
    ),
)

# what all DAGs share
COMMON: dict[str, Any] = {
    "start_date": pendulum.datetime(2024, 1, 1, tz="UTC"),
    "catchup": False,
    "max_active_runs": 1,
    "tags": ["coursehouse"],
    "default_args": {
        "owner": "data-team",
        "depends_on_past": False,
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": [_MAIL] if MAIL_TO else [],
    },
}


class CoursehouseOperator(BaseOperator):
    """Run `coursehouse`, or another program of its environment, with these arguments.

    `arguments` are templates; those that render to nothing are left out. The task is skipped while
    the variable `needs` is not set, or where the template `only_if` renders to nothing. It fails
    with the last line that the program said.
    """

    template_fields: Sequence[str] = ("arguments", "only_if")
    ui_color = "#d8eadf"

    def __init__(
        self,
        *,
        arguments: Sequence[str],
        program: str = "coursehouse",
        needs: str | None = None,
        only_if: str = "always",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.arguments = list(arguments)
        self.program = program
        self.needs = needs
        self.only_if = only_if
        self._process = SubprocessHook()

    def execute(self, context: Context) -> None:
        """Run it to its end; what it says goes to the log of the task."""
        if self.needs is not None and not os.environ.get(self.needs):
            raise AirflowSkipException(f"{self.needs} is not set")
        if not self.only_if:
            raise AirflowSkipException("this run has no use for it")
        arguments = [argument for argument in self.arguments if argument]
        done = self._process.run_command(
            [str(PROGRAMS / self.program), *arguments], cwd=str(PROJECT)
        )
        if done.exit_code != 0:
            raise AirflowException(done.output or f"{self.program} ended with {done.exit_code}")

    def on_kill(self) -> None:
        """Let it end in order: what was committed stays, what was not is undone."""
        self._process.send_sigterm()


def coursehouse(task_id: str, *arguments: str, **options: Any) -> CoursehouseOperator:
    """A task that runs `coursehouse` with `arguments`."""
    return CoursehouseOperator(task_id=task_id, arguments=arguments, **options)


def load_moodle(**options: Any) -> CoursehouseOperator:
    """What changed in Moodle."""
    return coursehouse("load_moodle", "load", "moodle", needs="COURSEHOUSE_MOODLE_DSN", **options)


def load_stripe(since: str = "") -> CoursehouseOperator:
    """What webhooks missed, and the state of objects; `since` renders to a day to read again."""
    again = f"{{{{ '--since=' ~ {since} if {since} else '' }}}}" if since else ""
    return coursehouse("load_stripe", "load", "stripe", again, needs="COURSEHOUSE_STRIPE_API_KEY")


def load_events() -> CoursehouseOperator:
    """What is left in Kafka: nothing while `coursehouse stream` runs."""
    return coursehouse("load_events", "load", "events", needs="COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS")


def build(*options: str) -> CoursehouseOperator:
    """Build and test the marts, whichever sources there were. Waits while another build runs."""
    selected = [f"--select={SELECT}"] if SELECT else []
    return coursehouse("build", "build", *options, *selected, trigger_rule="none_failed")


def source_freshness() -> CoursehouseOperator:
    """`dbt source freshness`, beside whatever else reads the project."""
    target = "target/freshness"
    arguments = ["source", "freshness", "--target-path", target, "--log-path", target]
    return CoursehouseOperator(task_id="source_freshness", program="dbt", arguments=arguments)


def alert() -> CoursehouseOperator:
    """Tell people what the rules find: also, and above all, of what failed.

    As a teardown it always runs, and a run in which something else failed stays a failed one.
    """
    return coursehouse("alert", "alert").as_teardown()


def day(description: str) -> Param:
    """A parameter that is a day, as 2024-01-15. Whoever starts a run must name one."""
    return Param(type="string", format="date", pattern=DAY, description=description)


def optional_day(description: str) -> Param:
    """The same, or nothing."""
    types = ["null", "string"]
    return Param(None, type=types, format="date", pattern=DAY, description=description)
