"""What processes use, minute by minute, and whether that is flat."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import monotonic

# flat: the last third of the minutes has at most so many times what the first third has
MEMORY_GROWTH = 1.1
CPU_GROWTH = 1.5
# memory below counts as so much: eleven MiB that become eighteen are caches of a few sessions
SMALL_MIB = 64.0
FEWEST_MINUTES = 6


@dataclass(frozen=True)
class Usage:
    """CPU seconds so far, and memory in MiB, at a moment."""

    at: float
    cpu_seconds: float
    memory_mib: float

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Of a process: what is resident."""
        cpu, memory, _ = _asked(pid)
        return cls(monotonic(), cpu, memory)

    @classmethod
    def of_server(cls, pid: int) -> "Usage":
        """Of a server and its children, without what they share; gone children's CPU counts."""
        cpu = memory = 0.0
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with suppress(OSError):  # it ended just now
                seconds, resident, shared = _asked(each)
                cpu += seconds
                memory += resident - shared
        return cls(monotonic(), cpu, memory)


def busy(usage: Sequence[Usage]) -> list[float]:
    """Share of a core between each two moments."""
    return [
        (after.cpu_seconds - before.cpu_seconds) / (after.at - before.at)
        for before, after in pairwise(usage)
    ]


def growth(values: Sequence[float]) -> float:
    """How many times its first third the last third is, by their medians."""
    third = max(1, len(values) // 3)
    return median(values[-third:]) / max(median(values[:third]), 1e-9)


def verdicts(name: str, usage: Sequence[Usage]) -> list[str]:
    """Why the usage of `name` is not flat; nothing if it is. The first moment is a warm-up."""
    minutes = usage[1:]
    if len(minutes) < FEWEST_MINUTES:
        return [f"{name}: {len(minutes)} minutes are too few to tell, take {FEWEST_MINUTES + 1}"]
    found = []
    for what, times, limit in (
        ("memory", growth([max(one.memory_mib, SMALL_MIB) for one in minutes]), MEMORY_GROWTH),
        ("CPU", growth(busy(minutes)), CPU_GROWTH),
    ):
        if times > limit:
            found.append(f"{name}: {what} grew {times:.2f} times, more than {limit:g}")
    return found


def _asked(pid: int) -> tuple[float, float, float]:
    """CPU seconds with those of children that have ended, resident and shared memory in MiB."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = sum(map(int, fields[11:15]))
    pages = Path(f"/proc/{pid}/statm").read_text().split()
    resident, shared = (int(n) * os.sysconf("SC_PAGE_SIZE") / 2**20 for n in pages[1:3])
    return ticks / os.sysconf("SC_CLK_TCK"), resident, shared
