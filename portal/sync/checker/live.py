"""The invariants that need both sides: every order of a live connection is read once, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from portal.sync.checker.company import Company, Owner, once
from portal.sync.checker.opening import (
    Check,
    Opened,
    cases_of,
    may_be_news,
    open_connections,
    owners_of,
    polled_at,
)
from portal.sync.checker.orders import Case, wrongs
from portal.sync.checker.place import Place
from portal.sync.checker.reading import Listed, Sides, Wanted
from portal.sync.checker.report import CounterExample, Seen
from portal.sync.domain import Hint
from portal.sync.errors import SyncError, Unreadable

# Orders whose rows and sides are in memory together.
_BATCH = 200
# How far before go-live the list of a Flourish company begins: the clocks of two companies differ.
_LOOK_BACK = timedelta(minutes=10)

_Said = dict[str, str | None]


def prove_sides(check: Check, place: Place) -> None:
    """Read both sides of a tenant's live connections and judge every order; nothing is written."""
    for connections in open_connections(check, place):
        _prove_company(check, place, connections)


def _prove_company(check: Check, place: Place, connections: list[Opened]) -> None:
    """One Flourish company, with every connection that it feeds."""
    company = Company()
    first = connections[0]
    since = min(one.live_since for one in connections) - _LOOK_BACK
    try:
        listed = first.reader.listed(since)
    except SyncError as error:
        check.report.add(
            "live", _unread(f"Flourish of {first.name}", error, place.connection(first.connection_id))
        )
        listed = []
    owners = [owner for one in connections for owner in _prove_connection(check, place, one, company)]
    _see_strangers(check, place, first, company, owners, listed)
    _prove_once(check, place, connections, company, owners)


def _prove_connection(check: Check, place: Place, one: Opened, company: Company) -> list[Owner]:
    """Every order of one connection; those that look wrong are read a second time before it is said."""
    hints = _listed_by_platform(check, place, one)
    with check.desk.tenant(place.tenant_id) as session:
        owners = owners_of(session, one)
        polled, _ = polled_at(session, one)
    known = {owner.number for owner in owners}
    missing = [hint for hint in hints if hint.ref not in known and not may_be_news(hint.updated_at, polled)]
    where = place.connection(one.connection_id)
    lost = tuple(
        CounterExample(f"order {hint.label or hint.ref}", "the platform lists it and Trellis does not", where)
        for hint in missing
    )
    check.report.add("I2", Seen(len(hints), lost))
    for done, batch in _batches(owners):
        said = _look(check, place, one, company, batch)
        doubtful = {link_id for link_id, words in said.items() if any(words.values())}
        if doubtful:
            with check.desk.tenant(place.tenant_id) as session:
                again = owners_of(session, one, doubtful)
            said |= _look(check, place, one, company, again)
        for owner in batch:
            _report(check, place, owner, said.get(owner.link_id, {}))
        check.tell(f"{place.slug}: {one.name}: {done} of {len(owners)} orders read on both sides")
    return owners


def _listed_by_platform(check: Check, place: Place, one: Opened) -> list[Hint]:
    try:
        return one.reader.hints(one.live_since - one.overlap)
    except SyncError as error:
        label = one.account.platform.label
        check.report.add(
            "live", _unread(f"{label} of {one.name}", error, place.connection(one.connection_id))
        )
        return []


def _batches(owners: Sequence[Owner]) -> Iterator[tuple[int, Sequence[Owner]]]:
    """The owners in portions, each with how many are done with it."""
    for start in range(0, len(owners), _BATCH):
        batch = owners[start : start + _BATCH]
        yield start + len(batch), batch


def _look(
    check: Check, place: Place, one: Opened, company: Company, owners: Sequence[Owner]
) -> dict[UUID, _Said]:
    """Read both sides of these orders, then our rows, and judge each order."""
    sides = one.reader.orders([Wanted(owner.number, owner.flourish_id) for owner in owners])
    read = {owner.link_id: side for owner, side in zip(owners, sides, strict=True)}
    for side in sides:
        if side.made is not None:
            company.saw(side.made.id, side.made.status, side.made.notes)
    cases = cases_of(check, place, one, read)
    return {link_id: _judge(case, read[link_id]) for link_id, case in cases.items()}


def _judge(case: Case, sides: Sides) -> _Said:
    if isinstance(sides.error, Unreadable) and case.has_problem:
        return {"live": ""}  # that it cannot be read is what its problem says
    if sides.error is not None:
        return {"live": f"it could not be read: {sides.error}"}
    try:
        return {"live": "", **wrongs(case)}
    except SyncError as error:
        return {"live": f"a question about it was not answered: {error}"}


def _report(check: Check, place: Place, owner: Owner, said: _Said) -> None:
    check.report.orders += "I2" in said
    for code, wrong in said.items():
        if wrong is not None:
            example = CounterExample(owner.name, wrong, place.order(owner.link_id))
            check.report.add(code, Seen(1, (example,) if wrong else ()))


def _see_strangers(
    check: Check,
    place: Place,
    first: Opened,
    company: Company,
    owners: Sequence[Owner],
    listed: Sequence[Listed],
) -> None:
    """Take in the orders that no link names. Where the list leaves notes out, those that go by the name of
    one of ours are read one by one: each could be a twin."""
    named = {owner.flourish_id for owner in owners}
    labels = {owner.label for owner in owners}
    strangers = [one for one in listed if one.id not in named]
    for one in strangers:
        company.saw(one.id, one.status, one.notes)
    mute = [one.id for one in strangers if one.notes is None and one.label in labels]
    for flourish_id, side in zip(mute, first.reader.in_flourish(mute), strict=True):
        if side.error is not None:
            where = place.connection(first.connection_id)
            check.report.add("live", _unread(f"Flourish order {flourish_id}", side.error, where))
        elif side.made is not None:
            company.saw(flourish_id, side.made.status, side.made.notes)


def _prove_once(
    check: Check, place: Place, connections: list[Opened], company: Company, owners: Sequence[Owner]
) -> None:
    """I1, where a difference that a write on its way explains is asked about a second time."""

    def where(owner: Owner | None, marker: str) -> str:
        return place.order(owner.link_id) if owner else place.connection(UUID(marker.split()[1]))

    ids = frozenset(one.connection_id for one in connections)
    found, doubtful = once(company, owners, ids, where)
    check.report.add("I1", found)
    names = {owner.marker: owner for owner in owners}
    check.report.ever_doubled |= {
        place.order(names[marker].link_id): names[marker].name
        for marker, orders in company.marked.items()
        if marker in names and names[marker].was_doubled(orders)
    }
    for one in connections:
        mine = {owner.link_id for owner in owners if owner.connection_id == one.connection_id}
        asked = doubtful.keys() & mine
        if not asked:
            continue
        with check.desk.tenant(place.tenant_id) as session:
            again = owners_of(session, one, asked)
        busy = {
            link_id
            for link_id, case in cases_of(check, place, one, dict.fromkeys(asked, Sides())).items()
            if case.is_busy
        }
        _, still = once(company, again, ids, where)
        wrong = [
            example for link_id, examples in still.items() if link_id not in busy for example in examples
        ]
        check.report.add("I1", Seen(0, tuple(wrong)))


def _unread(thing: str, error: SyncError, where: str) -> Seen:
    return Seen(1, (CounterExample(thing, f"it could not be read: {error}", where),))
