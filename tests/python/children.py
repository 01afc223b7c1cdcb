"""Child processes of tests, and traps that kill them at a moment of the test's choosing.

What a child is to do, a function of a module or a method, and its arguments are pickled: what a
test patches in its own process, or in its environment, the child does not see.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from types import ModuleType
from typing import Any

PATIENCE_SECONDS = 600  # dbt may have to read the whole project first

# Not copies of this process: the threads of Kafka clients hold locks that nobody in a copy would
# release. They are copies of a process that has only read the libraries, which takes seconds.
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        *("ingest.moodle.load", "ingest.kafka.load", "ingest.archive.write", "pytest", "s3fs"),
        "encodings.idna",  # comes with the first address: too late for who may not read the files
    ]
)
ForkingPickler.register(ModuleType, lambda module: (import_module, (module.__name__,)))


def _always(*_: Any, **__: Any) -> bool:
    return True


@dataclass(frozen=True)
class Trap:
    """Kills its process right after so many calls of `target.name`, with 0 instead of the first.

    `target` is a module or a class. Calls count whose arguments `when` says yes to.
    """

    target: Any
    name: str
    calls: int = 1
    when: Callable[..., bool] = _always

    def __call__(self) -> None:
        """Set it, for the rest of this process."""
        real, done = getattr(self.target, self.name), 0

        def trapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            result = real(*args, **kwargs) if self.calls else None
            done += self.when(*args, **kwargs)
            if done >= self.calls:
                die()
            return result

        setattr(self.target, self.name, trapped)


def die() -> None:
    """Be killed as by `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_child(work: Callable[..., object], *arguments: Any) -> BaseProcess:
    """Start `work` in a process of its own."""
    process = _CONTEXT.Process(target=work, args=arguments)
    process.start()
    return process


def run_killed(trap: Callable[[], None], work: Callable[..., object], *arguments: Any) -> None:
    """Do `work` in a child process until the `trap` that is set there kills it."""
    process = in_child(_into, trap, work, *arguments)
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL, f"it was not killed: {process.exitcode}"


def _into(trap: Callable[[], None], work: Callable[..., object], *arguments: Any) -> None:
    trap()
    work(*arguments)


def result_as(uid: int, gid: int, work: Callable[..., object], *arguments: Any) -> str:
    """Result of `work` in a child process that dropped to this user, or its error, as text."""
    here, there = _CONTEXT.Pipe()
    process = in_child(_answer_as, there, uid, gid, work, *arguments)
    there.close()
    answer: str = here.recv()
    process.join(PATIENCE_SECONDS)
    return answer


def _answer_as(
    there: Any, uid: int, gid: int, work: Callable[..., object], *arguments: Any
) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    try:
        result = str(work(*arguments))
    except BaseException as error:
        result = f"{type(error).__name__}: {error}"
    there.send(result)
