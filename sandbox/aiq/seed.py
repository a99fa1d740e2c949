"""Put a world into AIQ's own records: two venues, each with a shelf that people filled in by hand."""

from datetime import timedelta

from sandbox.aiq import offers, products
from sandbox.aiq.ids import new_id
from sandbox.aiq.shapes import organisation_id
from sandbox.aiq.terms import FLAT, PERCENT
from sandbox.clock import now, stamp
from sandbox.office import Office
from sandbox.store import Body
from sandbox.worlds.parts import Facility, Good, Shopper, World

MADE = timedelta(days=90)
ON_THE_SHELF = 20
MOST = 40
CATEGORIES = {
    "Flower": "FLOWER", "Pre-Rolls": "PRE_ROLLS", "Vapes": "VAPORIZERS", "Concentrates": "CONCENTRATES",
    "Edibles": "EDIBLES", "Tinctures": "TINCTURES", "Topicals": "TOPICALS", "Accessories": "ACCESSORIES",
}  # fmt: skip
BY_ITEM_CLASS = {
    "Flower": "Flower", "Pre-Rolls": "Pre-Rolls", "Cartridges": "Vapes", "Concentrates": "Concentrates",
    "Edibles & Ingestibles": "Edibles", "Topicals": "Topicals",
}  # fmt: skip


def fill(office: Office, world: World) -> None:
    """Write a world's venues, with their categories, products and offers, and its shoppers.

    Args:
        office: the organisation's, empty.
        world: the facts.
    """
    for place, facility in enumerate(world.facilities):
        venue = _venue(office, world, facility, is_medical=place == 0)
        categories = {name: _category(office, venue, name) for name in CATEGORIES}
        for good in _shelf(world.flourish.goods):
            _product(office, venue, good, categories)
        _offers(office, venue)
    for shopper in world.shoppers:
        _shopper(office, shopper, world.state)


def _venue(office: Office, world: World, facility: Facility, *, is_medical: bool) -> str:
    key = new_id(office, "venue")
    office.put("venue", key, {
        "id": key, "name": f"{world.marker} {facility.city}", "organization": organisation_id(office),
        "medicalDispensary": is_medical, "addressFormatted": f"{facility.address}, {facility.city}",
        "address": {
            "street": facility.address, "city": facility.city, "administrativeArea": world.state,
            "country": "US", "postalCode": facility.zip_code,
        },
        "currencyCode": "USD", "languageCode": "en", "deleted": False,
    })  # fmt: skip
    return key


def _category(office: Office, venue: str, name: str) -> str:
    key = new_id(office, "category")
    office.put("category", key, {
        "id": key, "venue": venue, "name": name, "slug": name.lower(), "type": "SYSTEM", "enable": True,
        "order": list(CATEGORIES).index(name), "cannabisComplianceType": CATEGORIES[name],
    })  # fmt: skip
    return key


def _shelf(goods: tuple[Good, ...]) -> list[Good]:
    """Return some of the goods, of every kind, that can be sold by the piece."""
    sold = [each for each in goods if each.active and each.ecommerce and each.uom == "ea" and each.stock > 1]
    return sold[:: max(1, len(sold) // ON_THE_SHELF)][:ON_THE_SHELF]


def _product(office: Office, venue: str, good: Good, categories: dict[str, str]) -> None:
    name = BY_ITEM_CLASS[good.category]
    product = products.new(office, venue)
    moment = stamp(now() - MADE)
    office.put("product", product["id"], {
        **product, "sku": good.sku, "name": good.name, "brand": good.brand or None,
        "productCategory": categories[name], "cannabisComplianceType": CATEGORIES[name],
        "cannabisStrain": good.strain, "price": str(good.price), "weight": str(good.grams),
        "weightUnit": "GRAMS", "quantityTotal": str(min(good.stock, MOST)), "created": moment,
        "modified": moment,
    })  # fmt: skip


def _offers(office: Office, venue: str) -> None:
    for asked in (
        {"name": "Half off", "dealType": offers.SALE, "rewardType": PERCENT, "rewardValue": "0.5"},
        {"name": "Buy one, get one", "dealType": offers.BOGO},
        {"name": "Tenth off the cart", "dealType": offers.CART_DISCOUNT, "rewardType": PERCENT,
         "rewardValue": "0.1"},
        {"name": "Five dollars off", "dealType": offers.CART_DISCOUNT, "rewardType": FLAT,
         "rewardValue": "5", "minimumSpend": "20", "promoCode": "FIVE"},
    ):  # fmt: skip
        offers.add(office, venue, dict(asked))


def _shopper(office: Office, shopper: Shopper, state: str) -> Body:
    key = new_id(office, "user")
    user: Body = {
        "id": key, "firstName": shopper.first_name, "lastName": shopper.last_name, "email": shopper.email,
        "phone": shopper.phone, "birthday": shopper.birthday, "medicalId": shopper.medical_id,
        "administrativeArea": state,
    }  # fmt: skip
    office.put("user", key, user)
    return user
