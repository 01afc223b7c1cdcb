"""Python's collector of cycles, kept away from what lives as long as the process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector off what makes no cycles: it would look for them all the same."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def frozen() -> Iterator[None]:
    """Keep what there is out of the way of the collector, which would go through it all again.

    dbt's manifest cost a build a fifth of its processor time that way, and what a collector of
    events makes at its start held up every hundredth request. Switched off Python's collector
    would cost memory: a build of everything leaves gigabytes of cycles behind.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
