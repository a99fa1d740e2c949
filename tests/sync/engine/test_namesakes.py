"""Namesakes: what a shop shows under one name for several SKUs is told once, with examples."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from portal.models import Connection, MirroredProduct, Problem
from portal.sync.engine import mirror, namesakes
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.aiq.products import read_product
from portal.sync.reading import Fields
from tests.sync.engine.shop import open_shop
from tests.sync.platforms.aiq.examples import product

pytestmark = pytest.mark.promise("AQ-4")


@pytest.fixture
def menu(desk, tenant_id):
    """Have AIQ show products, each by its SKU and name, and report of them."""
    return Menu(open_shop(desk, tenant_id, "AIQ", AIQ))


class Menu:
    """What AIQ shows, as it was read last."""

    def __init__(self, shop):
        self.shop = shop

    def show(self, **changed_by_sku):
        """Have products of these SKUs, and report."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            connection = session.get_one(Connection, self.shop.connection_id)
            rows = [
                read_product(Fields.of(product(id=sku, sku=sku, **changed)), lambda *_: None)
                for sku, changed in changed_by_sku.items()
            ]
            mirror.store_products(session, connection, rows)
            namesakes.report(session, connection)

    def problem(self):
        """The open problem: its title and text; None when there is none."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            query = select(Problem.title, Problem.text).where(
                Problem.code == namesakes.CODE, Problem.closed_at.is_(None)
            )
            row = session.execute(query).one_or_none()
            return tuple(row) if row else None


def test_a_name_that_two_skus_share_is_told_with_both_and_closes_with_its_cause(menu):
    menu.show(A={"name": "Gummies"}, B={"name": " gummies "}, C={"name": "Tea"})

    assert menu.problem() == ("One name is on the menu for several SKUs", "Gummies: A, B.")

    menu.show(B={"name": "Sour Gummies"})
    assert menu.problem() is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "Gummies"}, {"name": "Gummies", "enable": False}),
        ({"name": ""}, {"name": " "}),
        ({"name": "Gummies"}, {"name": "Tea"}),
    ],
    ids=["hidden", "nameless", "another name"],
)
def test_what_shoppers_do_not_see_or_can_tell_apart_is_no_namesake(menu, one, other):
    menu.show(A=one, B=other)

    assert menu.problem() is None


def test_a_product_that_is_gone_is_no_namesake(menu):
    menu.show(A={"name": "Gummies"}, B={"name": "Gummies"})
    with menu.shop.desk.tenant(menu.shop.tenant_id) as session:
        session.execute(update(MirroredProduct).where(MirroredProduct.sku == "B").values(gone_at=func.now()))

    menu.show()

    assert menu.problem() is None


def test_of_many_names_some_are_given(menu):
    names = [f"Name {number:02}" for number in range(12)]
    menu.show(**{f"{side}{place}": {"name": name} for place, name in enumerate(names) for side in "AB"})

    title, told = menu.problem()

    assert title == "12 names are on the menu for several SKUs"
    assert told.startswith("Name 00: A0, B0; Name 01: A1, B1;")
    assert told.endswith("Name 09: A9, B9; and more.")


def test_of_many_skus_of_one_name_some_are_given(menu):
    menu.show(**{f"S{place:02}": {"name": "Gummies"} for place in range(13)})

    _, told = menu.problem()

    assert told == f"Gummies: {', '.join(f'S{place:02}' for place in range(10))} and 3 more."


def test_of_a_platform_that_is_no_shop_nothing_is_said(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        rows = [read_product(Fields.of(product(id=sku, sku=sku)), lambda *_: None) for sku in ("A", "B")]
        mirror.store_products(session, connection, rows)

        namesakes.report(session, connection)

        assert session.scalar(select(func.count()).select_from(Problem)) == 0
