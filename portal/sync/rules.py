"""Rules: what a company chooses for a connection, read from what people type, and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import func

from portal.models import Connection, Link
from portal.sync import audit, journal
from portal.sync.engine import catalogue
from portal.sync.entered import Setting
from portal.sync.registry import platform as platform_by_key

# As they are typed on a command line and in a form.
_YES = frozenset({"yes", "on", "true", "1", "y"})
_NO = frozenset({"no", "off", "false", "0", "n", ""})
_LONGEST = 500
_MOST_ROWS = 2_000


class WrongValue(ValueError):
    """What was typed is no value of the setting; the message says what is."""


def parse(setting: Setting, typed: Sequence[str]) -> Any:
    """Read the value of a setting.

    Args:
        setting: the setting.
        typed: one text; of `choices` one for each; of a table one `left = right` for each row.

    Raises:
        WrongValue: it is none.
    """
    match setting.kind:
        case "table":
            return _table(setting, typed)
        case "choices":
            return _choices(setting, typed)
        case "flag":
            return _flag(_one(typed))
        case "number":
            return _number(setting, _one(typed))
        case "choice":
            return _known(_one(typed), setting.choices)
        case "text":
            return _short(_one(typed))


def typed(setting: Setting, value: Any) -> list[str]:
    """Write a value as it is typed: what `parse` reads."""
    match setting.kind:
        case "table":
            return [f"{left} = {right}" for left, right in value.items()]
        case "choices":
            return [str(one) for one in value]
        case "flag":
            return ["yes" if value else "no"]
        case _:
            return [str(value)]


def change(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    values: Mapping[str, Any],
    *,
    actor: audit.Actor,
) -> tuple[str, ...]:
    """Keep new values of settings, and have looked at what waited for the old ones.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        connection: whose they are.
        values: parsed, by name of the setting.
        actor: who changes them.

    Returns:
        The labels of the settings that changed.
    """
    platform = platform_by_key(connection.platform)
    # Links first, then the connection: the order in which the engine locks them.
    _look_again(session, connection)
    row = session.get_one(Connection, connection.id, with_for_update={"key_share": True})
    before = platform.chosen(row.settings)
    changed = [
        one
        for one in platform.settings
        if one.name in values and typed(one, values[one.name]) != typed(one, before[one.name])
    ]
    if not changed:
        return ()
    own = {**row.settings, **{one.name: values[one.name] for one in changed}}
    # A default is not kept, so that a better one is had by everybody who never chose.
    defaults = {one.name for one in platform.settings if own.get(one.name) == one.default}
    row.settings = {name: value for name, value in own.items() if name not in defaults}
    labels = tuple(one.label for one in changed)
    catalogue.compare_anew(session, row)
    journal.log(session, row, "info", f"{actor} changed the rules: {'; '.join(labels)}")
    audit.record(
        session,
        keys,
        row.tenant_id,
        "connection.rules_changed",
        actor=actor,
        subject=audit.account(row),
        detail={
            "changes": [
                [one.label, _shown(one, before[one.name]), _shown(one, values[one.name])] for one in changed
            ]
        },
    )
    return labels


def _shown(setting: Setting, value: Any) -> str:
    return ", ".join(typed(setting, value)) or "nothing"


def _look_again(session: Session, connection: Connection) -> None:
    """What waits or is stuck may go on by the new rules; what agrees is looked at when it changes."""
    session.execute(
        update(Link)
        .where(
            Link.connection_id == connection.id,
            or_(Link.state.in_(("waiting", "stuck")), Link.due_at.is_not(None)),
        )
        .values(due_at=func.now(), dirty_seq=Link.dirty_seq + 1)
        .execution_options(synchronize_session=False)
    )


def _one(typed_texts: Sequence[str]) -> str:
    if len(typed_texts) > 1:
        raise WrongValue("Give one value.")
    return typed_texts[0].strip() if typed_texts else ""


def _flag(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise WrongValue("Answer yes or no.")


def _number(setting: Setting, text: str) -> int | str:
    """Whole numbers as such, others as text, as JSON has no decimals."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not Decimal(str(setting.least)) <= number <= Decimal(str(setting.most)):
        raise WrongValue(f"Give a number from {setting.least:g} to {setting.most:g}.")
    return int(number) if number == number.to_integral_value() else f"{number:f}"


def _known(text: str, choices: Sequence[str]) -> str:
    """One of the choices, whatever its case."""
    found = next((one for one in choices if one.casefold() == text.strip().casefold()), None)
    if found is None:
        raise WrongValue(f"{text[:60] or 'Nothing'} is not one of: {', '.join(choices)}.")
    return found


def _choices(setting: Setting, texts: Sequence[str]) -> list[str]:
    """Those chosen, in the order of the declaration; at least one."""
    chosen = {_known(text, setting.choices) for text in texts if text.strip()}
    if not chosen:
        raise WrongValue("Choose at least one.")
    return [one for one in setting.choices if one in chosen]


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise WrongValue(f"It may have at most {_LONGEST} characters.")
    if not text.isprintable():
        raise WrongValue("It holds characters that cannot be shown.")
    return text


def _table(setting: Setting, texts: Sequence[str]) -> dict[str, str]:
    """The rows of a table. Where the left sides are given, an empty right one means that there is no row."""
    rows: dict[str, str] = {}
    for text in texts:
        if not text.strip():
            continue
        left, equals, right = (_short(part.strip()) for part in text.partition("="))
        if not equals or not left or not (right or setting.keys):
            raise WrongValue(f"Write each row as: left = right. This is none: {text.strip()[:60]}")
        if setting.keys:
            left = _known(left, setting.keys)
        if left in rows:
            raise WrongValue(f"{left} has two rows.")
        if right:
            rows[left] = _known(right, setting.choices) if setting.choices else right
    if len(rows) > _MOST_ROWS:
        raise WrongValue(f"A table has at most {_MOST_ROWS:,} rows.")
    return rows
