"""What is written to LeafLink besides transitions, and what is read of batches on the way."""

import pytest

from portal.sync.errors import Rejected, Retryable
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.platforms.leaflink.terms import TERMS, offered, write_term
from portal.sync.reading import Fields
from tests.sync.fakes import FakeCalls
from tests.sync.platforms.leaflink.examples import NUMBER, line, order

PATH = f"orders-received/{NUMBER}/"
CODES = {name: code for code, name in TERMS.items()}


def option(term_id, code, method=1, **more):
    return {
        "id": 9,
        "payment_method": {"id": method, "method": "Cash"},
        "payment_term": {"id": term_id, "term": code, "days": None, "code": code},
        **more,
    }


def client(**replies):
    calls = FakeCalls(replies)
    return LeafLinkClient(calls, lambda *_: None), calls


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize(("term", "code"), CODES.items())
def test_each_term_is_set_by_the_option_that_leaflink_offers_for_the_order(term, code):
    options = [option(77, code), option(5, "net10" if code != "net10" else "net7")]
    now = order(available_payment_options=options, selected_payment_option=option(5, "net10"))
    answer = order(selected_payment_option=option(77, code))
    leaflink, calls = client(**{PATH: now, f"PATCH {PATH}": answer})

    leaflink.set_term(NUMBER, term)

    assert calls.calls[-1].body == {
        "selected_payment_option": {"payment_method_id": 1, "payment_term_id": 77}
    }


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize(("term", "code"), CODES.items())
@pytest.mark.parametrize("options", [None, []])
def test_each_term_goes_by_the_older_field_where_leaflink_lists_no_options(term, code, options):
    assert write_term(Fields({"available_payment_options": options}), term) == {"payment_term": code}


@pytest.mark.promise("LL-19")
def test_the_method_that_was_chosen_stays_if_it_can_and_no_program_is_chosen_for_anybody():
    options = [
        option(3, "net15", method=4, payment_program="flexible"),
        option(3, "net15", method=1),
        option(3, "net15", method=2),
    ]
    chosen = order(available_payment_options=options, selected_payment_option=option(5, "net10", method=2))
    other = order(available_payment_options=options, selected_payment_option=option(5, "net10", method=4))

    methods = [
        write_term(Fields(one), "Net 15")["selected_payment_option"]["payment_method_id"]
        for one in (chosen, other)
    ]

    assert methods == [2, 1]


@pytest.mark.promise("LL-19")
def test_a_term_that_is_not_offered_is_refused_before_anything_is_sent():
    leaflink, calls = client(**{PATH: order(available_payment_options=[option(5, "net10")])})

    with pytest.raises(Rejected, match="does not offer Net 30"):
        leaflink.set_term(NUMBER, "Net 30")

    assert [call.method for call in calls.calls] == ["GET"]


@pytest.mark.promise("LL-19")
def test_an_answer_that_shows_another_term_is_a_refusal():
    now = order(available_payment_options=[option(3, "net15"), option(5, "net10")])
    kept = order(selected_payment_option=option(5, "net10"))
    leaflink, _calls = client(**{PATH: now, f"PATCH {PATH}": kept})

    with pytest.raises(Rejected, match="kept the payment term"):
        leaflink.set_term(NUMBER, "Net 15")


def test_an_order_that_leaflink_does_not_show_is_tried_again():
    with pytest.raises(Retryable):
        client()[0].set_term(NUMBER, "Net 15")


@pytest.mark.promise("LL-19")
def test_the_terms_offered_are_told_in_flourishs_words():
    options = [option(3, "net15"), option(3, "net15", method=2), option(11, "llf"), {"id": 4}]

    assert offered(Fields({"available_payment_options": options})) == ("Net 15",)
    assert offered(Fields({"available_payment_options": []})) is None
    assert offered(Fields({})) is None


@pytest.mark.promise("LL-7")
def test_a_batchs_number_is_looked_up_once_while_the_client_lives():
    replies = {
        PATH: order(line_items=[line(batch=7), line(batch=7), line(batch=8)]),
        "batches/7/": {"id": 7, "production_batch_number": "GL-0004-A"},
        "batches/8/": {"id": 8, "production_batch_number": "GL-0005-A"},
    }
    leaflink, calls = client(**replies)

    for _ in range(2):
        found = leaflink.order(NUMBER)
        assert found is not None
        assert [one.lot for one in found.lines] == ["GL-0004-A", "GL-0004-A", "GL-0005-A"]

    assert sorted(call.path for call in calls.calls) == ["batches/7/", "batches/8/", PATH, PATH]


@pytest.mark.promise("LL-7")
def test_a_batch_that_leaflink_does_not_know_holds_the_order():
    found = client(**{PATH: order(line_items=[line(batch=7)])})[0].order(NUMBER)

    assert found is not None
    assert found.unsupported
