"""Processes and ports of this machine, as /proc and the kernel tell them.

A server of ours is recognised by its command line, never by a bare pid: after a crash or a reboot
the pid in a file may belong to a stranger.
"""

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

LOOPBACK = "127.0.0.1"


def arguments(pid: int) -> list[str]:
    """Command line of a process; empty if it ended (also while it waits to be reaped)."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return os.fsdecode(raw).rstrip("\0").split("\0") if raw else []


def has_ended(pid: int) -> bool:
    """True once a process holds nothing any more: it is gone, or only waits to be reaped.

    Its command line vanishes earlier, while its other threads still hold its ports.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    fields = stat.rpartition(")")[2].split()  # proc(5), from the third one on
    state, threads = fields[0], int(fields[17])
    return state in ("Z", "X") and threads <= 1


def running() -> Iterator[tuple[int, list[str]]]:
    """Pid and command line of every process that has one."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (command := arguments(int(entry.name))):
            yield int(entry.name), command


def bind_error(port: int) -> int:
    """0 if a server may listen on this port of the loopback address, else the error's number."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno or errno.EADDRNOTAVAIL
    return 0


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
