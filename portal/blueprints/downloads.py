"""Downloads: files that a page makes and that are sent piece by piece, never held in memory whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO

from flask import Response, request, send_file

# Set by a server that sends files by itself (asgi.py): called with the file, which it then closes.
SENDS_FILES = "trellis.sends_files"


def attachment(file: IO[bytes], name: str, mimetype: str) -> Response:
    """Answer with a file, which is closed when it is sent."""
    length = file.seek(0, 2)
    file.seek(0)
    take = _taker()
    if take is None:
        answer = send_file(file, mimetype=mimetype, as_attachment=True, download_name=name)
        # It says "no-cache", which lets a browser keep the file; every answer of ours is kept by nobody.
        answer.headers.pop("Cache-Control", None)
    else:
        answer = _handed_over(take, file, name, mimetype)
    answer.headers["Content-Length"] = str(length)
    return answer


def flow(pieces: Iterator[bytes], name: str, mimetype: str) -> Response:
    """Answer with a file whose pieces are made while it is sent, after the view has returned."""
    take = _taker()
    if take is not None:
        return _handed_over(take, io.BufferedReader(_Flow(pieces)), name, mimetype)
    answer = Response(pieces, mimetype=mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


class _Flow(io.RawIOBase):
    """Pieces as a file that is read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # any buffer will do
        """Fill a buffer with what is left of a piece, or with the next one; 0 at the end."""
        if not self._left:
            self._left = memoryview(next(self._pieces, b""))
        taken = min(len(buffer), len(self._left))
        buffer[:taken] = self._left[:taken]
        self._left = self._left[taken:]
        return taken


def _taker() -> Callable[[IO[bytes]], None] | None:
    take: Callable[[IO[bytes]], None] | None = request.environ.get(SENDS_FILES)
    return take


def _handed_over(take: Callable[[IO[bytes]], None], file: IO[bytes], name: str, mimetype: str) -> Response:
    take(file)
    answer = Response(mimetype=mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.automatically_set_content_length = False
    return answer
