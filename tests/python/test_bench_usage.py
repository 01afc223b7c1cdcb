"""bench/usage.py: what counts as flat. The benchmark itself runs for minutes, and by hand."""

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from ingest.settings import PROJECT_DIR

MINUTES = 10


@pytest.fixture(scope="module")
def usage() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT_DIR / "bench"))
        yield import_module("usage")
    sys.modules.pop("usage")


def minutes(usage: ModuleType, cpu: list[float], memory: list[float]) -> list[object]:
    """Moments a minute apart: a warm-up, then each with a share of a core and MiB."""
    moments, seconds = [usage.Usage(0.0, 0.0, 1.0)], 0.0
    for number, (share, mib) in enumerate(zip(cpu, memory, strict=True), 1):
        seconds += 60 * share
        moments.append(usage.Usage(60.0 * number, seconds, mib))
    return moments


def test_what_swings_but_does_not_grow_is_flat(usage: ModuleType) -> None:
    cpu = [0.1, 0.2] * (MINUTES // 2)
    memory = [300.0, 310.0] * (MINUTES // 2)
    assert usage.verdicts("stream", minutes(usage, cpu, memory)) == []


def test_what_grows_is_named(usage: ModuleType) -> None:
    flat, growing = [0.2] * MINUTES, [0.1 + 0.02 * n for n in range(MINUTES)]
    leak = [300.0 + 10 * n for n in range(MINUTES)]
    (line,) = usage.verdicts("stream", minutes(usage, flat, leak))
    assert line.startswith("stream: memory grew 1.23 times")
    (line,) = usage.verdicts("Postgres", minutes(usage, growing, [300.0] * MINUTES))
    assert line.startswith("Postgres: CPU grew")


def test_little_memory_may_warm_up_but_not_leak(usage: ModuleType) -> None:
    warm = [11.0] * 2 + [18.0] * (MINUTES - 2)
    assert usage.verdicts("Postgres", minutes(usage, [0.1] * MINUTES, warm)) == []
    leak = [11.0 + 10 * n for n in range(MINUTES)]
    (line,) = usage.verdicts("Postgres", minutes(usage, [0.1] * MINUTES, leak))
    assert line.startswith("Postgres: memory grew")


def test_a_run_too_short_to_tell_is_no_success(usage: ModuleType) -> None:
    (line,) = usage.verdicts("stream", minutes(usage, [0.1] * 3, [300.0] * 3))
    assert "too few to tell" in line


def test_the_kernel_tells_of_a_process_and_of_a_server_with_its_children(
    usage: ModuleType,
) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("there is no /proc here")
    own, server = usage.Usage.of(os.getpid()), usage.Usage.of_server(os.getpid())
    assert own.cpu_seconds > 0 and own.memory_mib > 1
    assert server.cpu_seconds >= own.cpu_seconds
    assert server.memory_mib > 0
