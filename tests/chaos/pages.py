"""The pages as somebody of a company sees them in a browser, over HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

import requests

from portal.cli.demo import PASSWORD
from tests.chaos.cluster import Cluster
from tests.chaos.people import Order
from tests.chaos.plan import COMPANIES
from tests.chaos.verdict import Wrong

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_OLDER = re.compile(r'href="([^"]+)" rel="next"')
_ROW = re.compile(r'<a class="mono"\s+href="/t/[^"]+">([^<]+)</a>')
_MOST_PAGES = 200
# So many orders of a company are also looked for by their number.
_SEARCHED = 10
_SECONDS = 60


class Browser:
    """Somebody who is signed in.

    Raises:
        requests.HTTPError: the sign-in, or a page, was refused.
    """

    def __init__(self, cluster: Cluster, email: str) -> None:
        self._url = cluster.url
        self._session = requests.Session()
        self.submit("/sign-in", "/sign-in", email=email, password=PASSWORD)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def read(self, path: str) -> str:
        """Read a page."""
        answer = self._session.get(self._url + path, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.text

    def submit(self, page: str, path: str, **fields: str) -> str:
        """Send a form with the token that a page carries."""
        token = _TOKEN.search(self.read(page))
        fields["csrf_token"] = token[1] if token else ""
        answer = self._session.post(self._url + path, data=fields, timeout=_SECONDS)
        answer.raise_for_status()
        return answer.text


def missing(cluster: Cluster, orders: Sequence[Order]) -> Iterator[Wrong]:
    """Orders that their company's list, or the search, does not show (the third truth)."""
    for company in COMPANIES:
        placed = [order for order in orders if order.company == company]
        with Browser(cluster, f"owner@{company}.example") as browser:
            listed = set(_ROW.findall("".join(_pages(browser, f"/t/{company}/orders"))))
            for order in placed:
                if order.short_id not in listed:
                    yield Wrong("pages", f"order {order.short_id} of {company}", "it is not in the list")
            for order in placed[-_SEARCHED:]:
                # A number leads straight to its order.
                if f"<h1>Order {order.short_id}" not in browser.read(
                    f"/t/{company}/orders?q={order.short_id}"
                ):
                    yield Wrong(
                        "pages", f"order {order.short_id} of {company}", "the search does not find it"
                    )


def _pages(browser: Browser, path: str) -> Iterator[str]:
    for _ in range(_MOST_PAGES):
        text = browser.read(path)
        yield text
        older = _OLDER.search(text)
        if older is None:
            return
        path = html.unescape(older[1])


def retry(cluster: Cluster, codes: Sequence[str]) -> int:
    """Press "look again" once for every order that one of these problems holds up, as a person would.

    Returns:
        How many orders were looked at again.
    """
    with cluster.database() as database:
        rows = database.execute(
            "SELECT problem.id, tenant.slug FROM problem JOIN tenant ON tenant.id = problem.tenant_id"
            " WHERE problem.closed_at IS NULL AND problem.link_id IS NOT NULL AND problem.code = ANY(%s)",
            (list(codes),),
        ).fetchall()
    for company in {slug for _, slug in rows}:
        with Browser(cluster, f"owner@{company}.example") as browser:
            for problem, slug in rows:
                if slug == company:
                    page = f"/t/{company}/problems"
                    browser.submit(page, f"{page}/{problem}/retry")
    return len(rows)
