"""Starts the jobs of `ingest.jobs` when they are due, where neither systemd nor Airflow does.

Each job is a process of its own (`coursehouse job NAME`), never twice at a time. What fell due
while it ran, or while nobody kept the schedule, is made up for once.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ingest.jobs import Job
from ingest.postgres.files import make_dir, write_file
from ingest.settings import PROJECT_DIR, Settings

RUN_JOB = (sys.executable, "-m", "ingest.cli", "job")
LOOK_SECONDS = 20.0  # the clock may be set while we sleep

Say = Callable[[str], object]


class Journal:
    """When each job last began, and how it ended: files in the home, for the next process."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.home_dir / "schedule"

    def began_at(self, job: str) -> datetime | None:
        """None if it never did."""
        entry = self._read(job)
        return datetime.fromisoformat(entry["began_at"]) if entry else None

    def has_failed(self, job: str) -> bool:
        """Whether the last run that ended did: one that was told to end says nothing."""
        return self._read(job).get("outcome") == "failed"

    def note(self, job: str, began_at: datetime, outcome: str | None = None) -> None:
        """Keep it; without an outcome the one before stays."""
        make_dir(self._folder)
        outcome = outcome or self._read(job).get("outcome", "none yet")
        entry = {"began_at": began_at.isoformat(), "outcome": outcome}
        write_file(self._folder / f"{job}.json", json.dumps(entry))

    def _read(self, job: str) -> dict[str, str]:
        file = self._folder / f"{job}.json"
        entry: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        return entry


class Schedule:
    """Keeps `jobs` until SIGINT or SIGTERM. `program` takes the name of a job."""

    def __init__(
        self,
        jobs: Mapping[str, Job],
        journal: Journal,
        say: Say,
        program: Sequence[str | Path] = RUN_JOB,
    ) -> None:
        self._jobs = jobs
        self._journal = journal
        self._say = say
        self._program = program

    def keep(self) -> None:
        """Until stopped: jobs that run are told to end, and waited for."""
        asyncio.run(self._keep_all())

    async def _keep_all(self) -> None:
        loop, is_stopped = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, is_stopped.set)
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(is_stopped.wait())]
        tasks += [asyncio.create_task(self._keep(job)) for job in self._jobs.values()]
        ended, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for task in ended:
            task.result()  # an error of ours ends it, too

    async def _keep(self, job: Job) -> None:
        last = self._journal.began_at(job.name)
        if last is None:  # nothing to make up for yet
            last = datetime.now(UTC)
            self._journal.note(job.name, last)
        while True:
            due = job.next_start(last)
            while (seconds := (due - datetime.now(UTC)).total_seconds()) > 0:
                await asyncio.sleep(min(seconds, LOOK_SECONDS))
            last = datetime.now(UTC)
            await self._run(job, last)

    async def _run(self, job: Job, began_at: datetime) -> None:
        self._journal.note(job.name, began_at)
        self._say(f"{job.name}: begins")
        process = await asyncio.create_subprocess_exec(
            *self._program, job.name, cwd=PROJECT_DIR, stdin=asyncio.subprocess.DEVNULL
        )
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        self._journal.note(job.name, began_at, "failed" if code else "ok")
        self._say(f"{job.name}: failed" if code else f"{job.name}: done")
