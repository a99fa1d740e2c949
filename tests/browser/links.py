"""Where the links of pages lead, each kind of address once."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import APIResponse, Page

# What differs between addresses of one kind: ids, cursors, and the values of some filters.
_SHAPE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=[?&])(after|before|cause|code)=[^&]*|(?<=/readiness/)[a-z_]+"
)
_LINK = re.compile(r'<a[^>]*\shref="([^"#]+)')


class Answer(NamedTuple):
    """How an address answers; what is not HTML is nobody's page, and of it Chromium asks for an icon."""

    status: int
    is_html: bool


def pages_of(page: Page, start: str) -> dict[str, Answer]:
    """How each address answers that links lead to, one for each shape: an id or cursor makes no new page.

    Args:
        page: whose cookies are sent.
        start: where the walk begins; links to other hosts are not followed.
    """
    todo, shapes, found = [start], {_SHAPE.sub("*", start)}, {}
    while todo:
        address = todo.pop()
        answer = _asked(page, address)
        found[address] = Answer(answer.status, "text/html" in answer.headers.get("content-type", ""))
        for link in _LINK.findall(answer.text()):
            linked = urljoin(answer.url, unescape(link))
            shape = _SHAPE.sub("*", linked)
            if urlsplit(linked).netloc == urlsplit(start).netloc and shape not in shapes:
                shapes.add(shape)
                todo.append(linked)
    return found


def _asked(page: Page, address: str) -> APIResponse:
    """Ask for a page; nobody clicks as quickly as the limit of pages per minute supposes."""
    while (answer := page.request.get(address)).status == 429:
        time.sleep(float(answer.headers.get("retry-after", "5")))
    return answer
