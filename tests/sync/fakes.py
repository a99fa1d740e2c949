"""The HTTP room as tests have it: answers by path, and a note of everything that was asked."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Reply = Any | Exception | Callable[..., Any]


@dataclass
class Call:
    method: str
    path: str
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    body: Any = None


@dataclass
class FakeCalls:
    """Implements `contract.Calls`. A reply may be a value, an error to raise, or a function of the query."""

    replies: dict[str, Reply] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def read(self, path, *, query=None, headers=None):
        self.calls.append(Call("GET", path, dict(query or {}), dict(headers or {})))
        return self._reply(f"GET {path}" if f"GET {path}" in self.replies else path, dict(query or {}))

    def write(self, method, path, body=None, *, headers=None):
        self.calls.append(Call(method, path, {}, dict(headers or {}), body))
        return self._reply(f"{method} {path}", body)

    def asked(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def _reply(self, key, argument):
        reply = self.replies.get(key)
        if isinstance(reply, Exception):
            raise reply
        if callable(reply):
            reply = reply(argument)
            if isinstance(reply, Exception):
                raise reply
        return copy.deepcopy(reply)
