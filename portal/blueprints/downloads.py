"""Downloads: files that a page makes and that are sent piece by piece, never held in memory whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from flask import Response, request, send_file

# Set by a server that sends files by itself (asgi.py): called with the file, which it then closes.
SENDS_FILES = "trellis.sends_files"


def attachment(file: IO[bytes], name: str, mimetype: str) -> Response:
    """Answer with a file, which is closed when it is sent."""
    length = file.seek(0, 2)
    file.seek(0)
    take: Callable[[IO[bytes]], None] | None = request.environ.get(SENDS_FILES)
    if take is None:
        answer = send_file(file, mimetype=mimetype, as_attachment=True, download_name=name)
    else:
        take(file)
        answer = Response(mimetype=mimetype)
        answer.headers.set("Content-Disposition", "attachment", filename=name)
        answer.automatically_set_content_length = False
    answer.headers["Content-Length"] = str(length)
    return answer
