import pytest

from portal.sync.errors import Unreadable
from portal.sync.platforms.leaflink.terms import TERMS, Term, read_term, term_of
from portal.sync.reading import Fields

SHAPES = [
    # as LeafLink writes it, Flourish's word, as shown
    ("cod", "Cash on Delivery", "cod"),
    ("net15", "Net 15", "net15"),
    ("prepay", "Pre-Payment", "prepay"),
    ("consign", "Consignment", "consign"),
    ("Net 7", "Net 7", "Net 7"),
    ("net-30", "Net 30", "net-30"),
    ("COD", "Cash on Delivery", "COD"),
    ("Cash on Delivery", "Cash on Delivery", "Cash on Delivery"),
    ("Pre-Payment", "Pre-Payment", "Pre-Payment"),
    ("Wire on Delivery", "Cash on Delivery", "Wire on Delivery"),
    (14, "Net 90", "Net 90"),
    ("3", "Net 15", "Net 15"),
    (11, "", "LeafLink's term no. 11"),
    (99, "", "LeafLink's term no. 99"),
    ("llf", "", "llf"),
    ("LeafLink Financial", "", "LeafLink Financial"),
    ("Net 45", "", "Net 45"),
    ("Wire Transfer", "", "Wire Transfer"),
    ({"id": 3, "term": "Net 15", "days": 15, "code": "net15"}, "Net 15", "Net 15"),
    ({"id": 9, "term": "Net 45", "days": 45, "code": "net45"}, "", "Net 45"),
    ({"term": "COD", "code": None}, "Cash on Delivery", "COD"),
]


@pytest.mark.parametrize(("written", "name", "shown"), SHAPES, ids=[str(row[0]) for row in SHAPES])
@pytest.mark.promise("LL-19")
def test_a_term_is_known_in_every_shape_and_shown_as_it_was(written, name, shown):
    assert term_of(written, "payment_term") == Term(name, shown)


@pytest.mark.parametrize("written", [None, ""])
def test_no_term_is_none(written):
    assert term_of(written, "payment_term") is None
    assert read_term(Fields({"payment_term": written})) == Term()


@pytest.mark.parametrize("written", [True, [], 1.5])
def test_what_is_no_term_is_refused(written):
    with pytest.raises(Unreadable, match="payment_term"):
        term_of(written, "payment_term")


def test_the_chosen_option_counts_before_the_older_field():
    chosen = {"payment_term": {"term": "Net 15", "code": "net15"}}
    assert read_term(Fields({"payment_term": "Net 7", "selected_payment_option": chosen})).name == "Net 15"
    assert read_term(Fields({"payment_term": "Net 7", "selected_payment_option": {"id": 1}})).name == "Net 7"


def test_the_terms_are_those_that_go_both_ways():
    nets = {f"Net {days}" for days in (3, 7, 10, 14, 15, 20, 30, 60, 90)}
    assert set(TERMS.values()) == nets | {"Cash on Delivery", "Consignment", "Pre-Payment"}


IDS = {2: "net7", 3: "net15", 4: "net30", 5: "net10", 6: "net20", 7: "net60", 8: "net3", 9: "net14",
       10: "prepay", 12: "consign", 14: "net90", 20: "cod"}  # fmt: skip
WORDS = {**TERMS, "cod": "COD"}


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize(("number", "code"), IDS.items())
@pytest.mark.parametrize(
    "shape",
    [
        lambda number, code: {"payment_term": code},
        lambda number, code: {"payment_term": WORDS[code]},
        lambda number, code: {"payment_term": number},
        lambda number, code: {"payment_term": str(number)},
        lambda number, code: {"payment_term": {"id": number, "term": WORDS[code], "code": code}},
        lambda number, code: {
            "payment_term": None,
            "selected_payment_option": {"payment_term": {"id": number, "term": WORDS[code], "code": code}},
        },
    ],
    ids=["code", "words", "id", "id as text", "object", "nothing beside an option"],
)
def test_each_of_the_twelve_terms_is_known_in_each_shape(shape, number, code):
    assert set(IDS.values()) == set(TERMS)
    assert read_term(Fields(shape(number, code))).name == TERMS[code]
