"""A program with `trellis`'s commands, for tests of `trellis up`; it notes in DATA what it is asked."""

import http.server
import json
import os
import signal
import sys
import time
from pathlib import Path

DATA = Path(os.environ.get("DATA", "."))


def note(word: str) -> None:
    with (DATA / "notes").open("a") as notes:
        notes.write(word + "\n")


def notice_stop(name: str) -> None:
    def stop(*_arguments: object) -> None:
        note(f"stop {name}")
        if os.environ.get("STUBBORN") != name:
            sys.exit(0)

    signal.signal(signal.SIGTERM, stop)


def listen(port: int) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in {"/readyz", "/control/health"} else 404)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            return

    http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()


def run_a_job() -> None:
    if os.fork() == 0:
        os.setpgrp()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        while True:
            time.sleep(60)


def main() -> None:
    command, *arguments = sys.argv[1:]
    if os.environ.get("BROKEN") == command:
        sys.exit(f"{command} found something missing")
    note(f"start {command}")
    (DATA / f"environment-{command}.json").write_text(json.dumps(dict(os.environ)))
    if command == "demo":
        sys.stdout.write("admin@example.test  open sesame\n")
    if command in {"db", "demo"}:
        return
    notice_stop(command)
    sys.stdout.write(f"{command} is up\n")
    if "--port" in arguments:
        listen(int(arguments[1]))
    if command == "worker":
        run_a_job()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
