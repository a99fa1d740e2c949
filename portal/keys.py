"""How good a key is: what anybody could guess is no key. Pure.

Made at random, a key passes by far; what people type, copy from a guide or leave as it came does not.
"""

from __future__ import annotations

from itertools import pairwise

SHORTEST_TEXT = 32
BYTES = 32
# Of 32 random bytes about 30 are different ones, of 32 random hexadecimal digits about 14.
_DIFFERENT_BYTES = 20
_DIFFERENT_CHARACTERS = 8
# Of keys in guides, examples and templates; each is too long to come up by chance.
_WELL_KNOWN = (
    "change", "default", "development", "dummy-", "example", "hunter2", "insecure", "letmein", "password",
    "placeholder", "production", "secret", "supersecret", "test-key", "trellis", "your-key", "your_key",
)  # fmt: skip


def text_weakness(key: str) -> str:
    """Why a key of text is none, as the end of "it is ..."; empty when nothing speaks against it."""
    if len(key) < SHORTEST_TEXT:
        return f"shorter than {SHORTEST_TEXT} characters"
    if any(word in key.lower() for word in _WELL_KNOWN):
        return "a well-known or made-up one"
    if _repeats(key.encode()) or len(set(key)) < _DIFFERENT_CHARACTERS:
        return "easy to guess"
    return ""


def bytes_weakness(key: bytes) -> str:
    """Why 32 bytes are no key, as the end of "it is ..."; empty when nothing speaks against them."""
    if len(key) != BYTES:
        return f"not {BYTES} bytes"
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    if _repeats(key) or len(set(key)) < _DIFFERENT_BYTES or len(steps) == 1:
        return "easy to guess"
    if key.isascii() and key.decode("ascii").isprintable():
        return "a text, not random bytes"
    return ""


def _repeats(key: bytes) -> bool:
    """Whether a key is one piece several times over, the last one cut short perhaps."""
    return any(key.startswith(key[piece:]) for piece in range(1, len(key) // 2 + 1))
