"""Both real clients on the sandbox's doors, and looks without an engine: plan, write, and plan again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from portal.sync import strict_json
from portal.sync.decisions import (
    CreateOrder,
    Decision,
    FinishOrder,
    LicenseType,
    MovePlatform,
    Question,
    RepEmail,
    Rules,
    SetTerm,
    UpdateOrder,
)
from portal.sync.domain import FacilityFacts, Json, OutboundOrder, SourceOrder
from portal.sync.errors import Rejected
from portal.sync.flourish.client import FlourishClient
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.leaflink.client import LeafLinkClient
from tests.sandbox.doors import FLOURISH_BASE, HOME, LEAFLINK_BASE, Doors
from tests.sync.mapping.examples import decided, rules

_KEYS = {
    "leaflink": (LEAFLINK_BASE, {"Authorization": "App ll-greenleaf-key"}),
    "flourish": (FLOURISH_BASE.removesuffix("/v1"), {"x-api-key": "fl-greenleaf-key"}),
}


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
        asked = f"?{urlencode(query)}" if query else ""
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

    doors: Doors
    number: str
    flourish_id: str | None = None
    base: Json | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.calls = {platform: DoorCalls(self.doors, platform) for platform in _KEYS}
        self.leaflink = LeafLinkClient(self.calls["leaflink"])
        self.flourish = FlourishClient(self.calls["flourish"])

    @property
    def rules(self) -> Rules:
        place = FacilityFacts(HOME, "Oakland", "", "America/Los_Angeles", sales_rep_required=False)
        return rules(facility=place, **self.settings)

    @property
    def here(self) -> SourceOrder:
        """LeafLink's side, read now."""
        found = self.leaflink.order(self.number)
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
        """Change the order in LeafLink's app."""
        answer = self.doors.control("POST", f"/leaflink/orders/{self.number}", changes)
        assert answer.status_code == 200, answer.text

    def staff(self, **changes: Any) -> None:
        """Change the order in Flourish, by the fields that an update takes."""
        answer = self.doors.flourish("PUT", f"/outbound-orders/{self.flourish_id}", changes)
        assert answer.status_code == 200, answer.text

    def look(self) -> Decision:
        """Look until nothing more is written; returns the last decision."""
        for _ in range(8):
            decision = self._plan()
            if decision.action is None:
                self.base = decision.base or self.base
                return decision
            self._write(decision)
        raise AssertionError("it never comes to rest")

    def _plan(self) -> Decision:
        here, there = self.here, self.there if self.flourish_id else None
        facts: dict[Question, Any] = {}
        for _ in range(6):
            answer = plan_order(
                here, there, base=self.base, rules=self.rules, facts=facts, course=LEAFLINK.course
            )
            if isinstance(answer, Decision):
                return decided(answer)
            facts |= {question: self._answer(question) for question in answer.questions}
        raise AssertionError("the planner keeps asking")

    def _answer(self, question: Any) -> Any:
        if isinstance(question, RepEmail):
            return self.leaflink.rep_email(question)
        if isinstance(question, LicenseType):
            return self.leaflink.license_type(question)
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
                self.leaflink.set_term(action.number, action.term)
                self.base = action.base
            case MovePlatform() as action:
                self.leaflink.move(action.number, action.action)
            case other:
                raise AssertionError(other)
