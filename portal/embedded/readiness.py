"""Whether a service answers yet."""

import socket

from portal.embedded.service import Probe

_ANSWER = 1.0


def http(port: int, path: str) -> Probe:
    """Return a probe that is content when `path` on this machine's `port` answers 200."""
    # An HTTP client would stay in the supervisor's memory for as long as the product runs.
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()

    def answers(_pid: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), _ANSWER) as client:
                client.sendall(request)
                return client.recv(64).split(b" ")[1:2] == [b"200"]
        except OSError:
            return False

    return answers
