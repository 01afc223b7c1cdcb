"""The landing zone: where dlt puts what it read, before anybody can see it.

dlt's own CSV job loads with FORCE_NULL, which turns '' into NULL. Ours leaves COPY's own rules
alone, and a file may be in any of COPY's formats, so values arrive as they were.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dlt
import psycopg
from dlt.common.destination.client import LoadJob, RunnableLoadJob
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.destinations.impl.postgres.factory import postgres
from dlt.destinations.impl.postgres.postgres import PostgresClient
from dlt.extract import DltResource
from psycopg import sql

# Two workers keep two cores busy; each holds one file's buffer, not the file.
LOAD_WORKERS = 2
COPY_BUFFER_BYTES = 1 << 18


class FaithfulCopyJob(RunnableLoadJob):
    """COPY one file into its landing table; the file's first line says how to read the rest."""

    _job_client: PostgresClient

    def run(self) -> None:
        try:
            self._copy()
        except Exception as error:
            # terminal: dlt would try a full disk or a lost server again for minutes
            raise DatabaseTerminalException(error) from error

    def _copy(self) -> None:
        client = self._job_client.sql_client
        table = client.make_qualified_table_name(self.load_table_name)
        with Path(self._file_path).open("rb") as file:
            copy = f"copy {table} {file.readline().decode()}"
            with client.begin_transaction(), client.native_connection.cursor() as cursor:
                cursor.copy_expert(copy, file, size=COPY_BUFFER_BYTES)


class LandingClient(PostgresClient):
    """dlt's Postgres client with the COPY job above."""

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        if ParsedLoadJobFileName.parse(file_path).file_format == "csv":
            return FaithfulCopyJob(file_path)
        return super().create_load_job(table, file_path, load_id, restore)


class LandingPostgres(postgres):
    """dlt destination `landing`: Postgres that loads files by COPY without changing a value."""

    @property
    def client_class(self) -> type[PostgresClient]:
        return LandingClient


def landing_schema(source: str) -> str:
    """Schema that one source's landing tables live in while a load runs."""
    return f"landing_{source}"


class LandingZone:
    """One dlt run in two steps, so that the source may be let go before loading begins."""

    def __init__(self, source: str, warehouse_dsn: str, work_dir: Path) -> None:
        self.source = source
        self.work_dir = work_dir
        self.files = work_dir / "files"
        with _dlt_settings(work_dir):
            self._pipeline = dlt.pipeline(
                pipeline_name=f"coursehouse_{source}",
                destination=LandingPostgres(credentials=warehouse_dsn, create_indexes=False),
                dataset_name=landing_schema(source),
                pipelines_dir=str(work_dir / "dlt"),
            )

    def extract(self, resources: Sequence[DltResource]) -> None:
        """Read `resources` into local files. Raises dlt's `PipelineStepFailed`."""
        with _dlt_settings(self.work_dir):
            self._pipeline.extract(
                dlt.source(lambda: list(resources), name=self.source)(), loader_file_format="csv"
            )

    def load(self) -> str:
        """COPY the files into the landing schema; return dlt's load id ('' without rows).

        Raises dlt's `PipelineStepFailed` with the real reason as its cause.
        """
        with _dlt_settings(self.work_dir):
            self._pipeline.normalize()
            info = self._pipeline.load()
            info.raise_on_failed_jobs()
        return info.loads_ids[-1] if info.loads_ids else ""


@contextmanager
def landing_zone(
    conn: psycopg.Connection, source: str, warehouse_dsn: str, work_dir: Path
) -> Iterator[LandingZone]:
    """An empty landing schema and an empty working directory, both gone afterwards.

    What a killed load left behind is dropped first. That is the whole crash recovery: nothing
    of a load counts until it is published, and the position is read from published rows.
    """
    drop = sql.SQL("drop schema if exists {} cascade").format(
        sql.Identifier(landing_schema(source))
    )
    conn.execute(drop)
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    try:
        yield LandingZone(source, warehouse_dsn, work_dir)
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)
        with suppress(psycopg.OperationalError):  # a lost server keeps it until the next load
            conn.execute(drop)


@contextmanager
def _dlt_settings(work_dir: Path) -> Iterator[None]:
    """dlt is configured through the environment; ours lasts only as long as one run."""
    values: dict[str, Any] = {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
        "EXTRACT__NEXT_ITEM_MODE": "fifo",  # one table after the other, on one connection
        "LOAD__WORKERS": str(LOAD_WORKERS),
        "LOAD__RAISE_ON_FAILED_JOBS": "true",
        "LOAD__DELETE_COMPLETED_JOBS": "true",
        "RESTORE_FROM_DESTINATION": "false",
        "SCHEMA__NAMING": "direct",  # columns keep the names they have in the source
        "DLT_DATA_DIR": str(work_dir / "data"),
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
