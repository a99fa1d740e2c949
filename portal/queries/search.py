"""Search terms: the one way in which a word is normalised, for who writes them and who looks for them."""

from __future__ import annotations

import unicodedata


def normalise(word: str) -> str:
    """Fold a word for exact and prefix search: NFKC, lower case, single spaces, at most 120 characters."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())[:120]
