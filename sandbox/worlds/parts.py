"""What a world is made of: the same plain facts for every platform, before it rewords them."""

from dataclasses import dataclass
from decimal import Decimal

# In percent.
FIRST_SHARE = 70


@dataclass(frozen=True)
class Facility:
    """A licensed place of the operator."""

    name: str
    alias: str
    kind: str
    license: str
    address: str
    city: str
    zip_code: str
    timezone: str
    sales_rep_required: bool


@dataclass(frozen=True)
class Good:
    """Something sold, priced and counted in eaches; `multiplier` eaches make the unit that LeafLink sells.

    Each facility holds one of `lots`; a good that is sold `by_batch` has a batch of each lot in LeafLink.
    """

    sku: str
    name: str
    brand: str
    line: str
    category: str
    subcategory: str
    strain: str | None
    price: Decimal
    multiplier: int
    stock: int
    grams: Decimal
    lots: tuple[str, str]
    by_batch: bool
    active: bool = True
    ecommerce: bool = True
    listing_state: str = "Available"
    uom: str = "ea"
    # LeafLink's unit, and who keeps the stock there: 1 managed, 2 unlimited, 3 inherited from a parent.
    unit: str = "Unit"
    stock_kind: int = 1

    @property
    def shares(self) -> tuple[int, int]:
        """How much of `stock` the first facility has, and the second: so much is in either lot."""
        first = self.stock * FIRST_SHARE // 100
        return first, self.stock - first


@dataclass(frozen=True)
class Strain:
    """A strain and its type, one of Sativa, Indica, Hybrid, CBD."""

    name: str
    kind: str


@dataclass(frozen=True)
class Partner:
    """A shop that buys: LeafLink's customer, Flourish's destination."""

    name: str
    dba: str
    license: str | None
    license_type: str
    address: str
    city: str
    zip_code: str
    phone: str
    email: str
    contact: str
    term: str
    rep: int


@dataclass(frozen=True)
class Rep:
    """A sales rep; `facility` is the place in the world's list, or None."""

    first_name: str
    last_name: str
    email: str
    phone: str
    facility: int | None
    active: bool = True


@dataclass(frozen=True)
class Side:
    """What one platform knows of a world."""

    goods: tuple[Good, ...]
    strains: tuple[Strain, ...]
    brands: tuple[str, ...]
    partners: tuple[Partner, ...]
    reps: tuple[Rep, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Brand:
    """A brand by its name."""

    name: str


@dataclass(frozen=True)
class OwnLicense:
    """A license of the operator's own, as Ordo's screen asks for it."""

    number: str
    street1: str
    street2: str
    city: str
    zip_code: str


@dataclass(frozen=True)
class Organisation:
    """What Ordo knows of a world; `goods` are those that its people entered by hand before the hub came."""

    brands: tuple[Brand, ...]
    licenses: tuple[OwnLicense, ...]
    goods: tuple[Good, ...]
    partners: tuple[Partner, ...]
    reps: tuple[Rep, ...]


@dataclass(frozen=True)
class Shopper:
    """A person who buys in a shop; a medical id makes a patient."""

    first_name: str
    last_name: str
    email: str
    phone: str
    birthday: str
    medical_id: str | None = None


@dataclass(frozen=True)
class World:
    """An operator's company as each platform sees it."""

    name: str
    marker: str
    state: str
    facilities: tuple[Facility, ...]
    leaflink: Side
    flourish: Side
    ordo: Organisation
    shoppers: tuple[Shopper, ...]
