"""A real server in a thread, and a watcher of its streams."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from portal.asgi import Application, Server, configured
from portal.config import Settings
from portal.extensions import db


@contextmanager
def served(settings: Settings) -> Iterator[tuple[Application, int]]:
    """Serve the application; gives it and its port."""
    application = Application(settings)
    server = Server(configured(application, port=0, timeout_graceful_shutdown=1, lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield application, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        with application.flask.app_context():
            db.engine.dispose()
        application.flask.extensions["trellis"].redis.close()


class Watcher:
    """One open stream."""

    def __init__(self, port: int, path: str, cookie: str = "", last_id: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Cookie": f"trellis_session={cookie}"} if cookie else {}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self._connection.request("GET", path, headers=headers)
        self.answer = self._connection.getresponse()
        self.status = self.answer.status

    def close(self) -> None:
        self.answer.close()
        self._connection.close()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def messages(self) -> Iterator[tuple[str, str]]:
        """Each message as (id, data); beats are left out."""
        return ((cursor, data) for event, cursor, data in self.events() if not event)

    def events(self) -> Iterator[tuple[str, str, str]]:
        """Each message as (event, id, data)."""
        event, cursor, data = "", "", []
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                event = value
            elif name == "id":
                cursor = value
            elif name == "data":
                data.append(value)
            elif event or cursor or data:
                yield event, cursor, "\n".join(data)
                event, cursor, data = "", "", []

    def rows(self, number: int) -> list[str]:
        """The ids of the next so many messages that have one."""
        found: list[str] = []
        for cursor, _ in self.messages():
            if cursor:
                found.append(cursor)
            if len(found) == number:
                break
        return found
