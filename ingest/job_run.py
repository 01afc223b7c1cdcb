"""Running a scheduled job: its commands, each a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

from ingest.errors import UserError
from ingest.jobs import ALERT, Job, Step
from ingest.settings import PROJECT_DIR

MODULES = {"coursehouse": "ingest.cli", "dbt": "dbt.cli.main"}
PAUSE_SECONDS = 300.0  # between two tries
LOOK_SECONDS = 0.2

Say = Callable[[str], object]


def run_job(job: Job, say: Say, is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Run the steps of a job, then look for alerts whatever failed.

    What fails is tried again, `job.tries` times in all. The stages behind one in which a step
    failed for good are left out. Once `is_stopped`, the command in hand is asked to end and nothing
    else is begun. Raises `UserError` that names what failed.
    """
    run = _Run(job.tries, say, is_stopped)
    failed: list[Step] = []
    for stage in job.stages:
        failed = [step for step in stage if not run.succeeds(step)]
        if failed:
            break
    failed += [] if run.succeeds(ALERT) else [ALERT]
    if is_stopped():
        say(f"{job.name}: stopped")
    elif failed:
        names = ", ".join(step.name for step in failed)
        raise UserError(f"{job.name}: {names} failed, what it said stands above")


class _Run:
    def __init__(self, tries: int, say: Say, is_stopped: Callable[[], bool]) -> None:
        self._tries = tries
        self._say = say
        self._is_stopped = is_stopped

    def succeeds(self, step: Step) -> bool:
        """False if it failed for good, or was stopped."""
        if step.needs and not os.environ.get(step.needs):
            self._say(f"{step.name}: left out, {step.needs} is not set")
            return True
        for attempt in range(1, self._tries + 1):
            if self._is_stopped():
                return False
            self._say(f"{step.name}: begins")
            code = self._run(step)
            if code == 0:
                return True
            again = attempt < self._tries and not self._is_stopped()
            later = f"; trying again in {PAUSE_SECONDS:.0f} s" if again else ""
            self._say(f"{step.name}: ended with {code}{later}")
            if again:
                self._pause()
        return False

    def _run(self, step: Step) -> int:
        command = [sys.executable, "-m", MODULES[step.program], *step.arguments]
        # of Ctrl-C it hears from here, once: a second signal would not let it end in order
        with subprocess.Popen(command, cwd=PROJECT_DIR, start_new_session=True) as process:
            is_told = False
            while True:
                try:
                    return process.wait(LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    if self._is_stopped() and not is_told:
                        process.terminate()
                        is_told = True

    def _pause(self) -> None:
        end = time.monotonic() + PAUSE_SECONDS
        while time.monotonic() < end and not self._is_stopped():
            time.sleep(LOOK_SECONDS)
