"""What this machine offers, and Postgres settings for a warehouse that shares it."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

KB, MB, GB = 2**10, 2**20, 2**30


def memory_bytes(root: Path = Path("/")) -> int:
    """Usable memory in bytes: physical RAM or the tightest cgroup limit above this process."""
    meminfo = (root / "proc/meminfo").read_text().splitlines()
    total = next(int(line.split()[1]) * KB for line in meminfo if line.startswith("MemTotal:"))
    names = ("memory.max", "memory.limit_in_bytes")
    limits = [
        int(text)
        for group in _cgroup_dirs(root, "memory")
        for name in names
        if (text := _read(group / name)).isdigit()
    ]
    return min([total, *limits])


def cpu_cores(root: Path = Path("/")) -> int:
    """Usable cores, at least 1: CPU affinity or the tightest cgroup quota (rounded up)."""
    limits = [len(os.sched_getaffinity(0))]
    for group in _cgroup_dirs(root, "cpu"):
        quota, _, period = _read(group / "cpu.max").partition(" ")
        if not quota:
            quota = _read(group / "cpu.cfs_quota_us")
            period = _read(group / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            limits.append(math.ceil(int(quota) / int(period)))
    return max(1, min(limits))


def shared_memory_bytes() -> int:
    """Size in bytes of /dev/shm, where Postgres keeps what parallel workers share; 0 if none."""
    try:
        stat = os.statvfs("/dev/shm")  # noqa: S108 (asked for its size, nothing is written)
    except OSError:
        return 0
    return stat.f_frsize * stat.f_blocks


def tuning(memory: int, cores: int, shared_memory: int) -> dict[str, str]:
    """Postgres settings for few sessions with large queries.

    `memory` and `shared_memory` are bytes. The server may use about half the memory: dbt, the
    loaders and the broker live on the same machine. fsync and synchronous_commit stay on.
    """
    workers = min(4, cores // 2)
    sizes = {
        "shared_buffers": _clamp(memory // 5, 128 * MB, 2 * GB),
        "effective_cache_size": max(memory // 2, 256 * MB),
        # 4 dbt threads, each with a few sorts and hashes, doubled by hash_mem_multiplier
        "work_mem": _clamp(memory // 128, 8 * MB, 256 * MB),
        "maintenance_work_mem": _clamp(memory // 16, 64 * MB, 1 * GB),
        "max_wal_size": _clamp(memory // 4, 1 * GB, 8 * GB),
        "min_wal_size": 256 * MB,
        "wal_buffers": 16 * MB,
    }
    return {name: f"{size // MB}MB" for name, size in sizes.items()} | {
        "max_worker_processes": str(max(8, cores + 4)),
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(workers),
        "max_parallel_maintenance_workers": str(workers),
        # without replication a table made and filled in one transaction needs no WAL
        # (`create table as`, the bulk of a dbt build); a crash still loses nothing committed
        "wal_level": "minimal",
        "max_wal_senders": "0",
        # pages are checksummed, so a first read after a load logs whole pages: compressing them
        # doubled the time of a large load on two cores
        "wal_compression": "off",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        # a build is hundreds of short statements: compiling them costs more than it saves
        "jit": "off",
        # containers often have a 64 MB /dev/shm, where a parallel hash join would fail
        "dynamic_shared_memory_type": (
            "posix" if shared_memory >= min(1 * GB, memory // 4) else "mmap"
        ),
        "fsync": "on",
        "synchronous_commit": "on",
    }


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:  # that file belongs to the other cgroup version
        return ""


def _cgroup_dirs(root: Path, controller: str) -> Iterator[Path]:
    """Directories of this process's cgroup and all above it, for cgroup v1 and v2."""
    mount = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        for base in {mount / controllers, mount / controller} if controllers else {mount}:
            group = base / path.lstrip("/")
            while group.is_relative_to(base):
                yield group
                group = group.parent
