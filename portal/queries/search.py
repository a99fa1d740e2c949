"""Search: the words by which things are found, folded in one way for writers and for readers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false
from sqlalchemy.orm import InstrumentedAttribute

from portal.models import SearchTerm

# In C collation nothing that starts with a prefix sorts after the prefix and this character.
_LAST_CHARACTER = "\U0010ffff"


def normalise(word: str) -> str:
    """Fold a word for exact and prefix search: NFKC, lower case, single spaces, at most 120 characters."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())[:120]


def keys(words: Iterable[str]) -> set[str]:
    """All terms by which a thing with these words is found: each word folded, and one that holds a digit also
    without its hyphens and spaces."""
    folded = {normalise(word) for word in words}
    return (folded | {_bare(word) for word in folded}) - {""}


def _bare(folded: str) -> str:
    """A number without what parts it; a name stays as it is."""
    if not any(character.isdigit() for character in folded):
        return folded
    return "".join(character for character in folded if character.isalnum())


def starts_with(column: ColumnElement[str] | InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether a column in C collation starts with a word: a range, which an index finds."""
    return and_(column >= word, column < word + _LAST_CHARACTER)


def found_by(tenant_id: UUID, kind: str, typed: str) -> ColumnElement[bool]:
    """The terms of things of this kind that are, or begin, as typed: one range of an index."""
    word = _bare(normalise(typed))
    if not word:
        return false()
    return and_(_of(tenant_id, kind), starts_with(SearchTerm.term, word))


def is_number(tenant_id: UUID, kind: str, typed: str) -> ColumnElement[bool]:
    """The terms that are things' own numbers, as typed but for case, spaces and hyphens."""
    return and_(_of(tenant_id, kind), SearchTerm.term == _bare(normalise(typed)), SearchTerm.is_number)


def _of(tenant_id: UUID, kind: str) -> ColumnElement[bool]:
    return and_(SearchTerm.tenant_id == tenant_id, SearchTerm.kind == kind)
