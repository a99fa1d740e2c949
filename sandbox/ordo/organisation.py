"""What an Ordo admin keeps under Manage Organization: brands, and licenses with their addresses."""

from sandbox import reading
from sandbox.errors import BadValue
from sandbox.office import Office
from sandbox.store import Body, equal

LICENSE_FIELDS = ("license_number", "street1", "street2", "city", "state", "zip")


def has_brand(office: Office, name: str | None) -> bool:
    """Return whether the organisation has a brand of exactly this name."""
    return name is not None and office.first("brand", equal("$.name", name)) is not None


def add_brand(office: Office, body: Body) -> Body:
    """Add a brand.

    Raises:
        BadValue: it has no name, or one that is there already.
    """
    brand = {"id": f"brd-{office.next_number('brand')}", "name": _brand_name(office, body)}
    office.put("brand", brand["id"], brand)
    return brand


def rename_brand(office: Office, key: str, body: Body) -> Body:
    """Rename a brand; items keep the name that they were put with.

    Raises:
        Missing: there is no such brand.
        BadValue: it has no name, or one that is there already.
    """
    brand = office.need("brand", key)
    renamed = {**brand, "name": _brand_name(office, body, brand["name"])}
    office.put("brand", key, renamed)
    return renamed


def _brand_name(office: Office, body: Body, present: str | None = None) -> str:
    reading.known(body, ("name",))
    name = reading.text(body, "name")
    if name != present and has_brand(office, name):
        raise BadValue(f"There is a brand '{name}' already.", "name")
    return name


def remove_brand(office: Office, key: str) -> None:
    """Remove a brand; items that have it stay.

    Raises:
        Missing: there is no such brand.
    """
    office.need("brand", key)
    office.store.delete(office.kind("brand"), key)


def add_license(office: Office, body: Body) -> Body:
    """Add a license.

    Ordo's screen asks for address line 2; Trellis must see that it may be empty all the same, as in what an
    older version of the screen has saved.

    Raises:
        BadValue: a field is missing or not valid.
    """
    given = {"id": f"lic-{office.next_number('license')}", **_license_fields(body, {})}
    office.put("license", given["id"], given)
    return given


def change_license(office: Office, key: str, body: Body) -> Body:
    """Change a license; what is absent stays.

    Raises:
        Missing: there is no such license.
        BadValue: a field is not valid.
    """
    present = office.need("license", key)
    changed = {**present, **_license_fields(body, present)}
    office.put("license", key, changed)
    return changed


def remove_license(office: Office, key: str) -> None:
    """Remove a license.

    Raises:
        Missing: there is no such license.
    """
    office.need("license", key)
    office.store.delete(office.kind("license"), key)


def _license_fields(body: Body, present: Body) -> Body:
    reading.known(body, LICENSE_FIELDS)
    fields = {name: body.get(name, present.get(name)) for name in LICENSE_FIELDS}
    return {
        "license_number": reading.text(fields, "license_number"),
        "street1": reading.text(fields, "street1"),
        **{name: reading.text_or_none(fields, name) or "" for name in ("street2", "city", "state", "zip")},
    }
