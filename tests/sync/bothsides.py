"""Both real clients on the sandbox's doors, and looks without an engine: plan, write, and plan again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from portal.sync import strict_json
from portal.sync.contract import Platform, TakesLines
from portal.sync.decisions import (
    CancelOrder,
    CreateOrder,
    Decision,
    FinishOrder,
    MovePlatform,
    ReplaceLines,
    Rules,
    SetTerm,
    UpdateOrder,
)
from portal.sync.domain import FacilityFacts, Json, OutboundOrder, SourceOrder
from portal.sync.drafts import TellPlatform
from portal.sync.errors import Rejected
from portal.sync.flourish.client import FlourishClient
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.ordo import ORDO
from portal.sync.questions import LicenseType, Question, RepEmail
from tests.sandbox.doors import FLOURISH_BASE, HOME, LEAFLINK_BASE, ORDO_BASE, Doors
from tests.sync.mapping.examples import decided, rules

_KEYS = {
    "leaflink": (LEAFLINK_BASE, {"Authorization": "App ll-greenleaf-key"}),
    "ordo": (ORDO_BASE, {"Authorization": "Bearer or-greenleaf-key"}),
    "flourish": (FLOURISH_BASE.removesuffix("/v1"), {"x-api-key": "fl-greenleaf-key"}),
}


# Id, name and license of the sandbox's two facilities.
PLACES = (
    (HOME, "Oakland", "C11-0000114-LIC"),
    ("00000002", "Long Beach", "C11-0000115-LIC"),
)


@dataclass
class DoorCalls:
    """Implements `contract.Calls` on one platform of the sandbox, and counts writes."""

    doors: Doors
    platform: str
    writes: int = 0

    def read(self, path: str, *, query: Any = None, headers: Any = None) -> Any:
        answer = self._call("GET", path, query=query, headers=headers)
        return None if answer.status_code == 404 else self._understood(answer)

    def write(self, method: str, path: str, body: Any = None, *, headers: Any = None) -> Any:
        self.writes += 1
        return self._understood(self._call(method, path, headers=headers, body=body))

    def _call(
        self, method: str, path: str, *, query: Any = None, headers: Any = None, body: Any = None
    ) -> Any:
        base, key = _KEYS[self.platform]
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        sent = {} if body is None else {"data": strict_json.write(body), "content_type": "application/json"}
        address = f"{base}/{path.lstrip('/')}{asked}"
        return self.doors.call(method, address, headers={**key, **(headers or {})}, **sent)

    def _understood(self, answer: Any) -> Any:
        if answer.status_code >= 400:
            raise Rejected(answer.text, http_status=answer.status_code)
        return strict_json.read(answer.data).value


@dataclass
class BothSides:
    """One order of the sandbox, and everything that a link knows of it."""

    declared: ClassVar[Platform] = LEAFLINK

    doors: Doors
    number: str
    flourish_id: str | None = None
    base: Json | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.calls = {platform: DoorCalls(self.doors, platform) for platform in _KEYS}
        self.moves: list[str] = []
        self.ended: Decision | None = None
        self.platform = self.declared.connect(
            self.calls[self.declared.key], "", self.declared.chosen(self.settings.get("chosen", {}))
        )
        self.flourish = FlourishClient(self.calls["flourish"])

    @property
    def rules(self) -> Rules:
        place = FacilityFacts(HOME, "Oakland", "", "America/Los_Angeles", sales_rep_required=False)
        return rules(facility=place, **self.settings)

    @property
    def here(self) -> SourceOrder:
        """The platform's side, read now."""
        found = self.platform.order(self.number)
        assert found is not None
        return found

    @property
    def there(self) -> OutboundOrder:
        """Flourish's side, read now."""
        found = self.flourish.outbound_order(self.flourish_id) if self.flourish_id else None
        assert found is not None
        return found

    @property
    def writes(self) -> int:
        """How many writes there were on both sides."""
        return sum(calls.writes for calls in self.calls.values())

    def edit(self, **changes: Any) -> None:
        """Change the order in the platform's app."""
        answer = self.doors.control("POST", f"/leaflink/orders/{self.number}", changes)
        assert answer.status_code == 200, answer.text

    def staff(self, **changes: Any) -> None:
        """Change the order in Flourish, by the fields that an update takes."""
        answer = self.doors.flourish("PUT", f"/outbound-orders/{self.flourish_id}", changes)
        assert answer.status_code == 200, answer.text

    @property
    def last(self) -> Decision:
        """What the last look ended with."""
        assert self.ended is not None
        return self.ended

    def look(self) -> Decision:
        """Look until nothing more is written; returns the last decision."""
        for _ in range(8):
            decision = self._plan()
            if decision.action is None:
                self.base, self.ended = decision.base or self.base, decision
                return decision
            self._write(decision)
        raise AssertionError("it never comes to rest")

    def _plan(self) -> Decision:
        here, there = self.here, self.there if self.flourish_id else None
        facts: dict[Question, Any] = {}
        for _ in range(6):
            answer = plan_order(
                here, there, base=self.base, rules=self.rules, facts=facts, course=self.declared.course
            )
            if isinstance(answer, Decision):
                return decided(answer)
            facts |= {question: self._answer(question) for question in answer.questions}
        raise AssertionError("the planner keeps asking")

    def _answer(self, question: Any) -> Any:
        if isinstance(question, RepEmail):
            return self.platform.rep_email(question)
        if isinstance(question, LicenseType):
            return self.platform.license_type(question)
        return self.flourish.answer(question, facility_id=HOME)

    def _write(self, decision: Decision) -> None:
        match decision.action:
            case CreateOrder() as action:
                self.flourish_id = self.flourish.create_order(action.draft)
                self.base = action.base
            case FinishOrder() as action:
                day, term = action.requested_date, action.term
                self.flourish.finish_order(self.there, requested_date=day, term=term)
                self.base = action.base
            case UpdateOrder() as action:
                self.flourish.update_order(self.there, action.update)
                self.base = action.base
            case SetTerm() as action:
                self.platform.set_term(action.number, action.term)
                self.base = action.base
            case ReplaceLines() | TellPlatform() as action:
                self._write_onto(action)
            case CancelOrder() as action:
                self.flourish.cancel_order(action.flourish_id, action.facility_id)
            case MovePlatform() as action:
                self.moves.append(action.to)
                self.platform.move(action.number, action.action)
            case other:
                raise AssertionError(other)

    def _write_onto(self, action: ReplaceLines | TellPlatform) -> None:
        if isinstance(action, TellPlatform):
            self.platform.tell(action.number, action.external_ids, action.paid_on)
        else:
            assert isinstance(self.platform, TakesLines)
            self.platform.replace_lines(action.number, action.lines)
        self.base = action.base


class OrdoSides(BothSides):
    """The same of an order in Ordo."""

    declared = ORDO

    @property
    def rules(self) -> Rules:
        first, second = (
            FacilityFacts(key, name, number, "America/Los_Angeles", sales_rep_required=False)
            for key, name, number in PLACES
        )
        chosen: dict[str, Any] = {
            "platform_label": "Ordo",
            "intake_statuses": frozenset(ORDO.intake_statuses),
            "status_table": {},
            "platform_terms": ORDO.terms,
            "external_id_key": ORDO.external_id_key,
            "facility": first,
            "facilities": {first.id: first, second.id: second},
            "live_since": datetime(2020, 1, 1, tzinfo=UTC),
            "chosen": ORDO.chosen({}),
        }
        return rules(**{**chosen, **self.settings})

    def edit(self, **changes: Any) -> None:
        self.act("edit", **changes)

    def act(self, action: str, **changes: Any) -> None:
        """Do what a rep does in Ordo."""
        answer = self.doors.control("POST", f"/ordo/orders/{self.number}/{action}", changes)
        assert answer.status_code == 200, answer.text

    def warehouse(self, *actions: str) -> None:
        """Do what staff do in Flourish, one after the other."""
        for action in actions:
            answer = self.doors.control("POST", f"/flourish/orders/{self.flourish_id}/{action}")
            assert answer.status_code == 200, answer.text
