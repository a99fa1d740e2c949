"""What goes wrong with a good answer on its way."""

import json
import time
import zlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import repeat
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from sandbox import cursors
from sandbox.accounts import AIQ, LEAFLINK, ORDO
from sandbox.faults.arguments import huge_of
from sandbox.faults.arrivals import HTML
from sandbox.faults.fault import CutConnection, Fault
from sandbox.visit import Visit

HUGE_MEGABYTES = 50
MEGABYTE = b" " * 2**20
GZIP = 16 + zlib.MAX_WBITS


def drop(fault: Fault, _visit: Visit, _response: Response) -> Response:
    """Cut the connection, or answer an error in place of what was done."""
    if fault.argument is None:
        raise CutConnection("cut by a fault")
    return Response(f"<h1>{fault.argument}</h1>", fault.argument, content_type=HTML)


def truncate(fault: Fault, _visit: Visit, response: Response) -> Response:
    """Promise the whole body and send its beginning."""
    length = response.content_length or 0
    count = int(length * fault.argument) if isinstance(fault.argument, float) else fault.argument

    def beginning() -> Iterator[bytes]:
        left = count
        for chunk in response.iter_encoded():
            yield chunk[:left]
            left -= len(chunk[:left])
            if not left and count < length:
                raise CutConnection("cut by a fault")

    return _streamed(response, beginning(), response.content_length)


def drip(fault: Fault, _visit: Visit, response: Response) -> Response:
    """Send one byte at a time."""

    def drops() -> Iterator[bytes]:
        for chunk in response.iter_encoded():
            for place in range(len(chunk)):
                time.sleep(fault.argument)
                yield chunk[place : place + 1]

    return _streamed(response, drops(), response.content_length)


def swell(fault: Fault, _visit: Visit, response: Response) -> Response:
    """Send megabytes of white space after the body: it stays valid JSON, for a caller that reads it all."""
    huge = huge_of(fault.argument, HUGE_MEGABYTES)

    def padded() -> Iterator[bytes]:
        yield from response.iter_encoded()
        yield from repeat(MEGABYTE, huge.megabytes)

    if not huge.packed:
        padding = huge.megabytes * len(MEGABYTE)
        return _streamed(response, padded(), (response.content_length or 0) + padding)
    bomb = _streamed(response, _packed(padded()), None)
    bomb.headers["Content-Encoding"] = "gzip"
    return bomb


def _packed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=GZIP)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


def _streamed(response: Response, chunks: Iterator[bytes], length: int | None) -> Response:
    """Return an answer like this one whose body comes piece by piece; without a length it is chunked."""
    headers = Headers(response.headers)
    headers.remove("Content-Length")
    if length is not None:
        headers["Content-Length"] = str(length)
    return Response(chunks, response.status_code, headers=headers)


def miscount(fault: Fault, visit: Visit, response: Response) -> Response:
    """Say another total than the order's parts come to."""
    order = visit.answered_json()
    total = order["total"]
    amount = Decimal(str(total["amount"])) + fault.argument
    total["amount"] = str(amount) if isinstance(total["amount"], str) else float(amount)
    return Response(json.dumps(order), response.status_code, mimetype="application/json")


def is_order(visit: Visit) -> bool:
    """One order of LeafLink was answered."""
    return visit.platform == LEAFLINK and visit.reads and {"number", "total"} <= visit.answered_json().keys()


def loop(_fault: Fault, visit: Visit, response: Response) -> Response:
    """Let a list's pages go round: on to the same page, in Flourish to its first one."""
    page = visit.answered_json()
    if visit.platform == LEAFLINK:
        page["next"] = visit.url
    elif visit.platform == ORDO:
        page["next_cursor"] = visit.asked("cursor") or cursors.cursor(0)
    elif visit.platform == AIQ:
        page = _first_in_place(visit, page)
    else:
        page = _first_again(visit, page)
    return Response(json.dumps(page), response.status_code, mimetype="application/json")


def _first_in_place(visit: Visit, page: dict[str, Any]) -> dict[str, Any]:
    """Return the first rows as those of this page of AIQ, with more promised after them."""
    first: dict[str, Any] = json.loads(visit.asked_again(skip="0").get_data())
    after = int(page["skip"]) + len(first["data"])
    return {**first, "skip": page["skip"], "count": max(int(page["count"]), after + 1)}


def _first_again(visit: Visit, page: dict[str, Any]) -> dict[str, Any]:
    """Return the first page under this page's offset, with another one promised after it."""
    meta: dict[str, Any] = page["meta"]
    first: dict[str, Any] = json.loads(visit.asked_again(offset="0", Offset="0").get_data())
    after = int(meta["offset"]) + int(meta["limit"])
    base = visit.url.partition("?")[0]
    rows = len(first["data"])
    total = max(int(meta["total"]), after + rows)
    more = f"{base}?{urlencode({'limit': meta['limit'], 'offset': after})}"
    return {**first, "meta": {**meta, "total": total, "count": rows, "next": more}}


def shift(fault: Fault, visit: Visit, response: Response) -> Response:
    """Move the first rows of this page to the end of the list, before the next page is asked for."""
    if visit.page is not None:
        with visit.store.transaction():
            visit.store.move_to_end(visit.page, fault.argument)
    return response


def has_more(visit: Visit) -> bool:
    """A page was answered after which there is another one."""
    return visit.page is not None and bool(_next(visit))


def is_list(visit: Visit) -> bool:
    """A page of a list was answered."""
    return visit.reads and _next(visit) is not None


def _next(visit: Visit) -> str | None:
    """Return what leads to the page after the answered one, "" when it is the last, None for no page."""
    page = visit.answered_json()
    if "pageCount" in page:
        return "more" if page["skip"] + page["pageCount"] < page["count"] else ""
    for place in (page, page.get("meta") or {}):
        for name in ("next", "next_cursor"):
            if name in place:
                return place[name] or ""
    return None
