"""Lists in the console: the latest first, a page at a time."""

from sandbox.office import Office

SIZE = 25


class LatestFirst:
    """One page of a kind's records.

    Args:
        office: whose records.
        kind: which kind.
        asked: the page's number as the URL has it; anything else is the first page.
    """

    def __init__(self, office: Office, kind: str, asked: str) -> None:
        self.total = office.count(kind)
        self.pages = max(1, -(-self.total // SIZE))
        wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
        self.number = min(max(wanted, 1), self.pages)
        end = self.total - (self.number - 1) * SIZE
        start = max(0, end - SIZE)
        self.bodies = office.find(kind, limit=end - start, offset=start)[::-1]
