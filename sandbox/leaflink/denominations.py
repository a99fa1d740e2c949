"""Unit denominations: asked for by id, shown as objects."""

from typing import Any

LABELS = {
    1: "1", 2: "1/2", 3: "1/4", 4: "1/8", 5: "3/4", 6: "2", 7: "3 1/2", 8: "7", 9: "14", 10: "6", 11: "28",
    12: "5 1/4", 13: "4", 14: "2 1/2", 15: "8", 16: "3 3/4", 17: "1/10", 18: "6/5", 19: "3/2", 20: "2/10",
    21: "1/5", 22: "1/3", 23: "1/6", 24: "3/10", 25: "4/10",
}  # fmt: skip


def denomination(number: int) -> dict[str, Any]:
    """Return the object of an id."""
    label = LABELS[number]
    return {"id": number, "value": f"{_value(label):.5f}", "name": label, "label": label}


def _value(label: str) -> float:
    value = 0.0
    for part in label.split():
        top, _, bottom = part.partition("/")
        value += int(top) / int(bottom or 1)
    return value
