"""Lab results: one for each lot of the first facility, final, and passed but for a few.

Version 1 knows nearly a hundred substances and calls its status `status`; version 2 knows fewer, and has
another name for the status. What was not measured is null.
"""

from random import Random
from typing import Any

from sandbox.clock import now, stamp
from sandbox.errors import BadValue
from sandbox.flourish.answers import is_version_2
from sandbox.flourish.seed import MADE
from sandbox.money import decimal, number
from sandbox.office import Office
from sandbox.store import Body, Record, equal
from sandbox.worlds.parts import Good, World

PASSED, FAILED = "Pass", "Fail"
STATUSES = {PASSED: 1, FAILED: 2}
# One in so many lots failed.
FAILS = 40
SUFFIX = "_percentage"
IN_BOTH = (
    "alpha_bisabolol", "alpha_humulene", "alpha_phellandrene", "alpha_pinene", "alpha_terpinene",
    "base_cbd", "bergamotene", "beta_caryophyllene", "beta_pinene", "borneol", "camphene", "camphor",
    "cbd", "cbda", "cbdn", "cbdv", "cbg", "cbn", "cedrene", "delta_3_carene", "delta_8_thc",
    "delta_9_thc", "eucalyptol", "farnesene", "fenchol", "geraniol", "geranyl_acetate", "guaiol",
    "isopulegol", "limonene", "linalool", "menthol", "moisture", "myrcene", "nerolidol", "ocimene",
    "octanol", "p_cymene", "phytol", "pulegone", "sabinene", "tac", "terpineol", "terpinolene", "thc",
    "thca", "thcv", "valencene",
)  # fmt: skip
IN_VERSION_1 = (
    "agarospirol", "alpha_amorphene", "alpha_bisabolene", "alpha_bulnesene", "alpha_eudesmol",
    "alpha_gurjunene", "alpha_selinene", "alpha_terpineol", "anethole", "aromadendrene",
    "beta_bisabolene", "beta_elemene", "beta_eudesmol", "beta_phellandrene", "caryophyllene_oxide", "cbc",
    "cbca", "cbcv", "cbdva", "cbga", "cbgm", "cbgv", "cbl", "cbnd", "cbt", "citral", "citronellol",
    "delta_10_thc", "delta_8_thca", "delta_9_thca", "delta_guaiene", "eugenol", "exo_thc",
    "gamma_cadinene", "gamma_terpinene", "hashishene", "hhc", "isoborneol", "isovaleric_acid",
    "limonene_oxide", "menthofuran", "methyl_chavicol", "nerol", "piperitone", "thc_o_acetate", "thcva",
    "verbenol", "vetivenene", "ylangene", "zingiberene",
)  # fmt: skip
SUBSTANCES = (*IN_BOTH, *IN_VERSION_1)
# What the seeded results hold besides THC and CBD: from 0 to so many hundredths of a percent.
MEASURED = {
    "cbg": 150, "cbn": 20, "myrcene": 120, "limonene": 90, "beta_caryophyllene": 80, "alpha_pinene": 40,
    "linalool": 40, "alpha_humulene": 30, "terpinolene": 60, "camphene": 10,
}  # fmt: skip
# Of an acid so many thousandths are left once it is heated.
LEFT_OF_ACID = 877
ONLY_IN_2 = (
    "confirm_replace", "expiration_date", "external_id", "external_package_id", "product_category_name",
    "product_name", "revoked_date", "result_released_date_time",
    *(f"lab_results_s3_key_{place}" for place in range(1, 6)),
)  # fmt: skip


def fill(office: Office, world: World) -> None:
    """Write a result for the lot of each good that the company's first facility has."""
    facility = office.find("facility", limit=1)[0]["id"]
    for good in world.flourish.goods:
        lab = _blank(office, facility, good.lots[0]) | _measured(good, good.lots[0])
        office.put("lab", lab["lab_test_result_id"], lab)


def _measured(good: Good, lot: str) -> Body:
    """Return what a lab found in a lot, always the same, in hundredths of a percent first."""
    random = Random(lot)
    found = {name: random.randrange(most) for name, most in MEASURED.items()}
    found["thca"], found["delta_9_thc"] = (random.randint(1500, 2800), 40) if good.strain else (0, 500)
    found["cbda"] = random.randrange(20)
    found["thc"] = _heated(found["thca"]) + found["delta_9_thc"]
    found["cbd"] = _heated(found["cbda"])
    substances = {name: f"{value // 100}.{value % 100:02}" for name, value in found.items()}
    return {"substances": substances, "status": FAILED if random.randrange(FAILS) == 0 else PASSED}


def _heated(acid: int) -> int:
    return (acid * LEFT_OF_ACID + 500) // 1000


def _blank(office: Office, facility: str, lot: str) -> Body:
    """Return a result of a lot in which nothing was measured yet."""
    key, moment = office.next_number("lab"), stamp(now() - MADE)
    return {
        "lab_test_result_id": key, "lot_number": lot, "source_package_id": f"1A406030000000{key:06d}",
        "sample_package_id": f"1A406030000001{key:06d}", "sample_analyzed_timestamp": moment,
        "laboratory_id": "00000901", "lab_test_id": f"LT-{key}", "has_pesticides": 0, "has_solvents": 0,
        "is_final": 1, "origin_facility_id": facility, "origin_id": None, "origin_type_id": 1,
        "pdf_url_1": None, "created_by": "setup", "created_timestamp": moment,
        "last_updated_by": "setup", "last_updated_timestamp": moment,
    }  # fmt: skip


def change(office: Office, lot: str, asked: Body) -> Body:
    """Change the result of a lot, as a lab does that tests it again.

    Args:
        office: the company.
        lot: its number.
        asked: substances by name, in percent or null for what was not measured, and `status`.

    Raises:
        BadValue: the lot has none, a name is unknown, or a value not valid.
    """
    found = office.find("lab", equal("$.lot_number", lot))
    if not found:
        raise BadValue(f"The lot '{lot}' has no lab result.", "lot")
    lab, fields = found[-1] | {"last_updated_timestamp": stamp()}, dict(asked)
    status = fields.pop("status", lab["status"])
    if status not in STATUSES:
        raise BadValue(f"status is one of {', '.join(STATUSES)}.", "status")
    unknown = sorted(fields.keys() - set(SUBSTANCES))
    if unknown:
        raise BadValue(f"Unknown substance: {unknown[0]}.", unknown[0])
    for name, value in fields.items():
        lab["substances"][name] = None if value is None else str(decimal(value, name))
    lab["status"] = status
    office.put("lab", lab["lab_test_result_id"], lab)
    return lab


def shown(_office: Office, body: Record) -> dict[str, Any]:
    """Return a result in the form of the version that is asked."""
    plain = {name: value for name, value in body.items() if name not in ("substances", "status")}
    status = {"lab_test_result_status_id": STATUSES[body["status"]]}
    if not is_version_2():
        return {**plain, **status, "status": body["status"], **_amounts(body, SUBSTANCES)}
    passed = body["status"] == PASSED
    released = {"overall_passed": passed, "result_released": True, "has_heavymetals": 0}
    words = {"lab_test_result_status": body["status"], "origin_type_description": "Package"}
    in_2 = {name: value for name, value in plain.items() if name != "origin_id"}
    return {**in_2, **status, **words, **released, **dict.fromkeys(ONLY_IN_2), **_amounts(body, IN_BOTH)}


def _amounts(body: Record, names: tuple[str, ...]) -> dict[str, Any]:
    found = body["substances"]
    return {f"{name}{SUFFIX}": None if found.get(name) is None else number(found[name]) for name in names}
