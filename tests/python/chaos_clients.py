"""Clients that go on sending whatever happens, and send again what nobody acknowledged."""

import threading
import time
from collections.abc import Sequence

from ingest.errors import UserError
from ingest.simulate.noise import Message
from ingest.simulate.sinks import Sink

CHUNKS = 20  # of a share
PAUSE_SECONDS = 0.1


class Client(threading.Thread):
    """Sends its records in their order, a share at a time, each until it is acknowledged."""

    def __init__(self, messages: Sequence[Message], shares: int, send: Sink) -> None:
        super().__init__(daemon=True)
        size = -(-len(messages) // (shares * CHUNKS))
        self._chunks = [messages[at : at + size] for at in range(0, len(messages), size)]
        self._permits = threading.Semaphore(0)
        self._allowed = self._sent = 0
        self._send = send
        self.acknowledged = 0  # records
        self.refusals = 0  # of chunks

    def go_on(self) -> None:
        """Send the next share."""
        self._allowed = min(self._allowed + CHUNKS, len(self._chunks))
        self._permits.release(CHUNKS)

    def is_half_way(self) -> bool:
        """Half of the share is acknowledged."""
        return self._sent >= self._allowed - CHUNKS // 2

    def is_through(self) -> bool:
        """All of it is."""
        return self._sent == self._allowed

    def run(self) -> None:
        for chunk in self._chunks:
            self._permits.acquire()
            while not self._is_acknowledged(chunk):
                time.sleep(PAUSE_SECONDS)
            self.acknowledged += len(chunk)
            self._sent += 1
            time.sleep(PAUSE_SECONDS)

    def _is_acknowledged(self, chunk: Sequence[Message]) -> bool:
        try:
            left_out = self._send(chunk)
        except UserError:
            self.refusals += 1
            return False
        assert not left_out, "the truth counts what cannot be sent"
        return True
