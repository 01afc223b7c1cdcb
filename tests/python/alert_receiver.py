"""A local server that takes alerts: Telegram's sendMessage, and any other POST as a webhook."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BOT = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456"
CHAT = "-1001234567890"


@dataclass
class Inbox:
    """What arrived, in order: (path, body). `down`: paths that begin so are answered 503."""

    url: str = ""
    down: tuple[str, ...] = ()
    delay_seconds: float = 0
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    attempts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def telegram(self) -> str:
        """Address of the chat for Apprise."""
        return f"tgram://{BOT}/{CHAT}"

    def webhook(self, name: str = "hook") -> str:
        """Address of a webhook for Apprise, with a password in it."""
        return f"{self.url.replace('http://', 'json://user:hunter2@')}/{name}"

    def texts(self, path: str) -> list[str]:
        """Texts of the messages that arrived at a path, in order."""
        found = []
        for at, body in self.messages:
            if at.startswith(path):
                found.append(body.get("text") or f"{body['title']}\n{body['message']}")
        return found


@contextmanager
def receiving(port: int) -> Iterator[Inbox]:
    """Serve until the end of the block."""
    inbox = Inbox(f"http://127.0.0.1:{port}")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            time.sleep(inbox.delay_seconds)
            with inbox.lock:
                inbox.attempts += 1
                status, answer = self._take(body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def _take(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            if self.path.startswith(inbox.down or ("nowhere",)):
                return 503, {"ok": False}
            if self.path.startswith("/bot"):
                # as Telegram: the token in the path, the method, who and what in the body
                if self.path != f"/bot{BOT}/sendMessage" or str(body["chat_id"]) != CHAT:
                    return 404, {"ok": False, "error_code": 404, "description": "Not Found"}
                if not body["text"]:
                    return 400, {"ok": False, "error_code": 400, "description": "empty"}
            inbox.messages.append((self.path, body))
            return 200, {"ok": True, "result": {"message_id": len(inbox.messages)}}

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
