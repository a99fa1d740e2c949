"""`python -m sandbox --data DIR --port N`: serve the sandbox until SIGTERM or Ctrl-C."""

import argparse
import signal
import sys
from pathlib import Path
from threading import Thread
from types import FrameType

from sandbox.app import create_app
from sandbox.server import address, serve
from sandbox.simulation import Simulation

DEFAULT_PORT = 8100


def main(argv: list[str] | None = None) -> int:
    """Serve the sandbox.

    Args:
        argv: the arguments after the program's name; the process's own unless given.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(
        prog="sandbox", description="LeafLink, Flourish, Ordo and AIQ, simulated."
    )
    parser.add_argument("--data", type=Path, required=True, help="directory of the state")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port on 127.0.0.1 (default %(default)s)"
    )
    options = parser.parse_args(argv)
    simulation = Simulation(options.data)
    server = serve(create_app(simulation), options.port)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this thread runs, so another one calls it.
        Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    simulation.outbox.start()
    sys.stdout.write(f"The sandbox is ready: {address(server)}\n")
    sys.stdout.flush()
    server.serve_forever()
    server.server_close()
    simulation.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
