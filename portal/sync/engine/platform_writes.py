"""Writes onto a platform's order: what each action is called, what it sends, what its answer means."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from portal.models import Link, new_id
from portal.sync.contract import KeepsGoodsBack, TakesLines
from portal.sync.decisions import MovePlatform, PlatformAction, ReleaseGoods, ReplaceLines, SetTerm
from portal.sync.domain import Json
from portal.sync.drafts import TellPlatform
from portal.sync.engine.accounts import Account
from portal.sync.engine.writes import Outcome, Write, changed, plain


def onto_platform(action: PlatformAction, account: Account, *, status: str) -> Write:
    """Prepare the write for an action on the platform's side.

    Args:
        action: the planner's action.
        account: both sides, open.
        status: the platform's status of the order as just read.
    """
    match action:
        case MovePlatform():
            return _move(action, account, status)
        case SetTerm():
            return _set_term(action, account)
        case ReplaceLines():
            return _replace_lines(action, account)
        case TellPlatform():
            return _tell(action, account)
        case ReleaseGoods():
            return _release(action, account)


def _move(action: MovePlatform, account: Account, status: str) -> Write:
    write_id = new_id()

    def call() -> Outcome:
        account.client.move(action.number, action.action, key=str(write_id))
        return Outcome(action.number, f"{action.to}", link={"foreign_status": action.to})

    return Write(
        kind="move",
        side="platform",
        natural_key=f"move:{action.number}:{action.to}",
        once=False,
        purpose=f"move the order to {action.to}",
        request={"transition": action.action},
        call=call,
        changes=changed("Status", status, action.to),
        id=write_id,
    )


def _release(action: ReleaseGoods, account: Account) -> Write:
    client, where = account.client, account.platform.label
    if not isinstance(client, KeepsGoodsBack):
        raise TypeError(f"{where} keeps no goods back")

    def call() -> Outcome:
        client.release(action.number)
        return Outcome(action.number, f"{where} keeps nothing back for it any more")

    return Write(
        kind="release_goods",
        side="platform",
        natural_key=f"release:{action.number}",
        once=False,
        purpose=f"end {where}'s own hold of the goods",
        request={"released": True},
        call=call,
    )


def _set_term(action: SetTerm, account: Account) -> Write:
    write_id = new_id()

    def call() -> Outcome:
        account.client.set_term(action.number, action.term, key=str(write_id))
        return Outcome(action.number, f"Payment term {action.term}", "It was changed in Flourish.")

    return Write(
        kind="set_term",
        side="platform",
        natural_key=f"term:{action.number}",
        once=False,
        purpose=f"set the payment term to {action.term}",
        request={"payment_term": action.term},
        call=call,
        base=action.base,
        changes=(("Payment term", action.before, action.term),),
        id=write_id,
    )


def _replace_lines(action: ReplaceLines, account: Account) -> Write:
    client, write_id = account.client, new_id()
    if not isinstance(client, TakesLines):
        raise TypeError(f"{account.platform.label} takes no lines")

    def call() -> Outcome:
        client.replace_lines(action.number, action.lines, key=str(write_id))
        return Outcome(
            action.number, "Lines as in Flourish", "They were changed there.", effect=_ours(action.base)
        )

    return Write(
        kind="replace_lines",
        side="platform",
        natural_key=f"lines:{action.number}",
        once=False,
        purpose=f"give {account.platform.label} the lines that Flourish has",
        request={"lines": [plain(line) for line in action.lines]},
        call=call,
        base=action.base,
        changes=action.changes,
        id=write_id,
    )


def _ours(base: Json) -> Callable[[Session, Link], None]:
    """Lines that we wrote are nobody's edit: the next look knows them already."""
    lines = base["sent"]["agreed"]["platform"]["lines"]

    def note(_session: Session, link: Link) -> None:
        if "shared" in link.snapshot:
            link.snapshot = {**link.snapshot, "shared": {**link.snapshot["shared"], "lines": lines}}

    return note


def _tell(action: TellPlatform, account: Account) -> Write:
    ids = [one for one in action.external_ids.values() if one]
    taken = "" if ids or not action.external_ids else "took back its id in Flourish"
    told = [f"id {', '.join(ids)}" if ids else taken, f"paid on {action.paid_on}" if action.paid_on else ""]
    what = " and ".join(filter(None, told))
    write_id = new_id()

    def call() -> Outcome:
        account.client.tell(action.number, action.external_ids, action.paid_on, key=str(write_id))
        return Outcome(action.number, f"Told: {what}")

    return Write(
        kind="tell_platform",
        side="platform",
        natural_key=f"tell:{action.number}",
        once=False,
        purpose=f"tell {account.platform.label} of it: {what}",
        request={"external_ids": dict(action.external_ids), "paid_on": action.paid_on},
        call=call,
        base=action.base,
        changes=(
            *changed("Id in Flourish", "", ", ".join(ids)),
            *changed("Paid on", "", action.paid_on),
        ),
        id=write_id,
    )
