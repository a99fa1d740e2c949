"""The form of a connection's rules: one field for each setting that the platform declares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField

from portal.sync import rules
from portal.sync.entered import Setting


@dataclass
class RuleField:
    """One setting as the page shows it: what is typed into it, and what is wrong with that."""

    setting: Setting
    typed: list[str]
    error: str = ""
    value: Any = None

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Of a table whose left side is given: input name, left, right."""
        given = dict(text.split(" = ", 1) for text in self.typed if " = " in text)
        return [
            (f"{self.setting.name}.{number}", left, given.get(left, ""))
            for number, left in enumerate(self.setting.keys)
        ]

    @property
    def inputs(self) -> str:
        """How the page asks for it."""
        kind = self.setting.kind
        return "rows" if kind == "table" and self.setting.keys else kind


@dataclass
class Rules:
    """The fields of the page, and the version of the rules that they were made of."""

    fields: list[RuleField]
    version: str
    errors: list[str] = field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, parsed, by name of the setting."""
        return {one.setting.name: one.value for one in self.fields}


class RulesForm(FlaskForm):  # type: ignore[misc]
    """Carries the token and the version; the settings' own fields are read by `read`."""

    version = HiddenField()


def version_of(own: Mapping[str, Any]) -> str:
    """Name the state of a connection's settings, so that nobody overwrites what they have not seen."""
    return hashlib.sha256(json.dumps(own, sort_keys=True, default=str).encode()).hexdigest()[:16]


def shown(settings: Sequence[Setting], chosen: Mapping[str, Any], own: Mapping[str, Any]) -> Rules:
    """The fields with the values in force.

    Args:
        settings: what the platform declares.
        chosen: the value of each.
        own: what the connection itself keeps.
    """
    fields = [RuleField(one, rules.typed(one, chosen[one.name])) for one in settings]
    return Rules(fields, version_of(own))


def read(settings: Sequence[Setting], given: MultiDict[str, str], own: Mapping[str, Any]) -> Rules:
    """Read what was sent. Settings that the sent page did not show are left out.

    Args:
        settings: what the platform declares.
        given: the form's data.
        own: what the connection itself keeps now.
    """
    sent = frozenset(given.getlist("shown"))
    fields = [_read(RuleField(one, _typed(one, given))) for one in settings if one.name in sent]
    made = Rules(fields, version_of(own))
    if given.get("version") != made.version:
        made.errors.append(
            "Somebody changed the rules since you opened this page. What you entered is below, and not saved"
            " yet: compare it with the page as it is now before you save."
        )
    return made


def _typed(setting: Setting, given: MultiDict[str, str]) -> list[str]:
    if setting.kind == "table" and setting.keys:
        return [
            f"{left} = {given.get(f'{setting.name}.{number}', '').strip()}"
            for number, left in enumerate(setting.keys)
        ]
    if setting.kind == "table":
        return given.get(setting.name, "").splitlines()
    return given.getlist(setting.name)


def _read(one: RuleField) -> RuleField:
    try:
        one.value = rules.parse(one.setting, one.typed)
    except rules.WrongValue as error:
        one.error = str(error)
    return one
