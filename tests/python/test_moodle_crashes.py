"""`kill -9` at every stage of a load: old or new rows, never a mixture, never a loss."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
from children import Trap, die, in_child, run_killed
from moodle_sites import NOW, SMALL, SPEC, Lane, small_lag, spec_with

from ingest.errors import UserError
from ingest.moodle import load, source
from ingest.moodle.source import Window
from ingest.warehouse import landing, merge, publish


class HalfRead:
    """A path whose file kills its reader after a few bytes of data."""

    def __init__(self, path: str) -> None:
        self.path = path

    def open(self, mode: str) -> Any:
        file = Path(self.path).open(mode)  # noqa: SIM115
        chunks = iter([b"", file])
        double = mock.MagicMock()
        double.__enter__.return_value = double
        double.readline = file.readline
        double.read = lambda size: file.read(20) if next(chunks) == b"" else die()
        return double


def read_half() -> None:
    mock.patch.object(landing, "Path", HalfRead).start()


STAGES: dict[str, Callable[[], None]] = {
    "after the first file": Trap(load._Loader, "_count"),
    "before landing": Trap(landing.LandingZone, "load", 0),
    "in the middle of a COPY": read_half,
    "after one table landed": Trap(landing.FaithfulCopyJob, "run"),
    "after landing": Trap(load, "publish", 0),
    "between two tables of the publication": Trap(merge.TableMerge, "run", 2),
    "before the commit": Trap(publish, "record_load"),
    "after the commit": Trap(load, "publish"),
}


def change_everything(lane: Lane) -> None:
    for name in SMALL:
        time_column = SPEC[name].cursor or "id"
        lane.in_moodle(
            f"insert into mdl_{name} (id) values (11), (12)",
            f"update mdl_{name} set {time_column} = {NOW if time_column != 'id' else 5}"
            " where id = 5",
            f"delete from mdl_{name} where id = 9",
        )


def assert_exact(lane: Lane) -> None:
    """Live rows are Moodle's, deleted ones are marked, pruned ones kept; nothing is left over."""
    for name in SMALL:
        columns = ", ".join(SPEC[name].columns)
        pruned = "9" if name == "notifications" else "0"
        query = f"select {columns} from mdl_{name} where id <> {pruned}"
        with psycopg.connect(lane.moodle) as conn:
            expected = conn.execute(f"{query} order by id").fetchall()
        found = lane.read(f"{query} and _deleted_at is null order by id")
        assert found == expected, name
    strays = " union all ".join(f"select _load_id from mdl_{name}" for name in SMALL)
    assert lane.read(f"{strays} except select load_id from ops.load_manifest") == []
    assert lane.landing_schemas() == []
    assert not [path for path in lane.home.rglob("*") if path.is_file()]


@pytest.mark.parametrize("stage", STAGES)
def test_a_load_killed(lane: Lane, stage: str) -> None:
    """... shows the old rows or the new ones, and the next load makes it right."""
    for work_dir_is_lost in (False, True):  # first the very first load, then a later one
        before = lane.state(*SMALL)
        run_killed(STAGES[stage], lane.load, *SMALL)
        visible = lane.state(*SMALL)
        if stage != "after the commit":
            assert visible == before
        if work_dir_is_lost:
            shutil.rmtree(lane.home)
        counts = lane.load(*SMALL)
        assert_exact(lane)
        if stage == "after the commit":
            assert (counts.total, lane.state(*SMALL)) == (0, visible)
        if not work_dir_is_lost:
            change_everything(lane)


@contextmanager
def in_slices() -> Iterator[None]:
    """Fifteen rows at a time, each of them once."""
    with (
        mock.patch.object(load, "SLICE_ROWS", 15),
        spec_with(notifications={"lag": 0}),
        small_lag(),
    ):
        yield


def load_in_slices(lane: Lane, *names: str) -> None:
    with in_slices():
        lane.load(*names)


def test_a_load_killed_between_slices_goes_on_behind_the_published_slice(lane: Lane) -> None:
    lane.in_moodle(
        "insert into mdl_notifications (id, timecreated) select i, i from generate_series(11, 50) i"
    )
    run_killed(Trap(load, "publish", 2), load_in_slices, lane, *SMALL)
    with in_slices():
        assert lane.value("select max(id) from mdl_notifications") == 30
        assert lane.value("select count(*) from mdl_user") == 10
        windows: list[Window] = []
        real = source.table_resource

        def spy(site: Any, name: str, spec: Any, window: Window, options: Any) -> Any:
            windows.append(window)
            return real(site, name, spec, window, options)

        with mock.patch.object(load, "table_resource", spy):
            assert lane.load("notifications").inserted == 20
    assert windows == [Window(after_id=30, up_to_id=45), Window(after_id=45)]
    assert lane.read("select count(*), count(distinct id) from mdl_notifications") == [(50, 50)]
    assert lane.landing_schemas() == []


def load_stopped(lane: Lane) -> None:
    """Load, but stop before anything lands until somebody sends SIGCONT."""
    real = landing.landing_zone

    def stopped(*args: Any) -> Any:
        os.kill(os.getpid(), signal.SIGSTOP)
        return real(*args)

    with mock.patch.object(load, "landing_zone", stopped):
        lane.load(*SMALL)


def test_a_second_load_at_the_same_time_waits_but_not_for_ever(lane: Lane) -> None:
    process = in_child(load_stopped, lane)
    said: list[str] = []

    def go_on(line: str) -> None:
        said.append(line)
        if "waiting" in line:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGCONT)

    try:
        deadline = time.monotonic() + 30
        stat = Path(f"/proc/{process.pid}/stat")
        while stat.read_text().rsplit(")")[-1].split()[0] != "T":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with mock.patch.object(load, "WAIT_SECONDS", 1), pytest.raises(UserError) as failed:
            lane.load(*SMALL)
        assert str(failed.value) == (
            "another load of Moodle is still running on this warehouse, after 1 seconds of waiting"
            " for it"
        )
        # the other one goes on as soon as this one says that it waits: nothing is left for it
        assert load.load_moodle(lane.settings(), go_on, list(SMALL)).total == 0
        assert said[0] == "another load of Moodle is running on this warehouse: waiting for it"
    finally:
        assert process.pid is not None
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        process.join(30)
    assert process.exitcode == 0
    assert lane.state(*SMALL) != {}
    assert lane.load(*SMALL).total == 0
    assert_exact(lane)
