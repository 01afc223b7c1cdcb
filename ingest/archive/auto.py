"""What is loaded goes to the archive by itself, if there is one."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from ingest.archive.write import archive
from ingest.errors import UserError
from ingest.files.load import Say
from ingest.settings import Settings
from ingest.warehouse.session import Busy

EVERY_SECONDS = 600.0


@contextmanager
def archiving(settings: Settings, say: Say) -> Iterator[None]:
    """Archive what is loaded inside: at the end, and every ten minutes until then.

    A store that fails does not stop the load: `say` tells, and the next run takes everything. At
    the end it is a `UserError`. Does nothing unless settings ask for it.
    """
    if not settings.archives_loads:
        yield
        return
    is_over = Event()

    def now_and_then() -> None:
        while not is_over.wait(EVERY_SECONDS):
            try:
                _archive(settings, say)
            except UserError as error:
                say(f"archive: {error}; it is tried again")

    thread = Thread(target=now_and_then)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    try:
        _archive(settings, say)
    except UserError as error:
        raise UserError(f"loaded, but not archived: {error}") from error


def _archive(settings: Settings, say: Say) -> None:
    try:
        if rows := archive(settings, lambda _: None):
            say(f"archive: {rows:,} records written")
    except Busy:
        say("archive: another process is at it, the next run takes what it leaves")
