"""The scheduled jobs: what is done, and when (UTC).

`coursehouse job` runs them; timers of systemd and DAGs are held against this list.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from croniter import croniter


@dataclass(frozen=True, slots=True)
class Step:
    """Arguments of a program; left out where the environment variable `needs` is not set."""

    arguments: tuple[str, ...]
    needs: str = ""
    program: str = "coursehouse"

    @property
    def name(self) -> str:
        """The command line without what only says where dbt writes."""
        words = [word for word in self.arguments if not word.startswith("target/")]
        return " ".join([self.program, *(w for w in words if not w.endswith("-path"))])


@dataclass(frozen=True, slots=True)
class Job:
    """Stages one after the other; the steps of a stage do not need each other.

    `cron`: minute, hour, day, month, weekday. `tries`: how often a step is tried at most.
    """

    name: str
    cron: str
    stages: tuple[tuple[Step, ...], ...]
    tries: int = 3

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them, and the look for alerts with which every job ends."""
        return (*(step for stage in self.stages for step in stage), ALERT)

    def next_start(self, moment: datetime) -> datetime:
        """When it starts for the first time behind `moment` (with a time zone)."""
        start: datetime = croniter(self.cron, moment.astimezone(UTC)).get_next(datetime)
        return start


ALERT = Step(("alert",))
# beside whatever else reads the project
FRESHNESS = Step(
    ("source", "freshness", "--target-path", "target/freshness", "--log-path", "target/freshness"),
    program="dbt",
)
# what comes all day; exchange rates come once
LOADS = (
    Step(("load", "moodle"), needs="COURSEHOUSE_MOODLE_DSN"),
    Step(("load", "stripe"), needs="COURSEHOUSE_STRIPE_API_KEY"),
    Step(("load", "events"), needs="COURSEHOUSE_KAFKA_BOOTSTRAP_SERVERS"),
)

JOBS = {
    job.name: job
    for job in (
        # the next run tries again what failed
        Job("loads", "*/10 * * * *", (LOADS,), tries=1),
        # behind the loads of ten past; the night has a build of its own
        Job("hourly", "15 0,1,3-23 * * *", ((Step(("build", "--if-new")),), (FRESHNESS,))),
        Job(
            "nightly",
            "0 2 * * *",
            (
                (*LOADS, Step(("load", "fx"))),
                (Step(("build",)),),
                (
                    FRESHNESS,
                    Step(("report",)),
                    Step(("archive", "--compact")),
                    Step(("dashboards", "warm", "--if-running")),
                ),
                (Step(("docs",)), Step(("retention",))),
            ),
        ),
        # the first Sunday, when few people are there
        Job("monthly", "30 4 * * sun#1", ((Step(("maintain",)),),)),
    )
}
