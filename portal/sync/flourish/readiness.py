"""What must be so at Flourish before any connection goes live. Pure."""

from __future__ import annotations

from dataclasses import replace

from portal.sync.checks import Check, Readiness, Snapshot, Verdict
from portal.sync.domain import FacilityFacts
from portal.sync.flourish.lists import NAMES
from portal.sync.verdicts import denials, earlier, entries, first_received, number, ready, wrong

_KEYS = "Flourish API: service keys"


def _key(snapshot: Snapshot) -> Verdict:
    facts = snapshot.facts
    if error := facts.get("hub_error"):
        return wrong(f"{error}", "Enter a key that works: Settings, Integrations, API Keys in Flourish.")
    if "hub_company" not in facts:
        return Verdict(
            "unknown", facts.get("hub_unknown", "Flourish was not asked yet."), "Check again later."
        )
    missing = facts["hub_missing"]
    if missing:
        evidence = f"{facts['hub_company']}. The key lacks: {', '.join(missing)}."
        step = "Give the role of the key these permissions in Flourish."
        return wrong(evidence, step, counts={"missing": len(missing)}, examples=tuple(missing))
    # No answer of the API names the day (Flourish API: service keys have an Expiration Date).
    until = "Flourish does not tell when the key expires: note the day that you chose for it."
    return ready(f"{facts['hub_company']}. The key may read all that is needed. {until}")


def _facility(snapshot: Snapshot) -> Verdict:
    known = entries(snapshot, "facilities")
    chosen = snapshot.facts.get("facility")
    counts = {"facilities": len(known)}
    if not isinstance(chosen, FacilityFacts):
        said = f"{number(len(known), 'facility', 'facilities')} to choose from, and none is chosen."
        return wrong(said, "Choose the facility that orders go to.", counts=counts)
    now = next((one for one in known if one.ref == chosen.id), None)
    if now is None or not now.facts["active"]:
        said = f"{chosen.name} is {'not active' if now else 'not there any more'} in Flourish."
        return wrong(said, "Activate it in Flourish, or choose another facility.", counts=counts)
    if not chosen.license:
        said = f"{chosen.name} has no license number in Flourish."
        step = "Enter its license number in Flourish: new products need it."
        return wrong(said, step, counts=counts, severity="warning")
    rep = (
        "requires a sales rep on every order"
        if now.facts["needs_rep"]
        else "takes orders without a sales rep"
    )
    of = number(len(known), "facility", "facilities")
    said = f"{of}; {chosen.name} is chosen, {chosen.license}. It {rep}."
    return ready(said, counts=counts)


def _webhook(snapshot: Snapshot) -> Verdict:
    facts = snapshot.facts
    if not facts.get("hub_webhook_key"):
        said = "No signing key is stored, so every webhook is refused."
        step = "Make new ones on the page of the webhook, and enter them in Flourish."
        return wrong(said, step, severity="blocks")
    received, refused = facts.get("hub_received_at"), facts.get("hub_refused", 0)
    fault = facts.get("hub_fault", "")
    if not facts.get("hub_headers"):
        verdict = first_received(received, refused, snapshot, "Flourish", fault=fault)
        said = f"{verdict.evidence} Its two headers were not made yet, so none are asked for."
        return replace(verdict, evidence=said)
    return _shown(snapshot, denials(refused, fault))


def _shown(snapshot: Snapshot, denied: str) -> Verdict:
    """Whether a delivery had the newest signing key and both headers."""
    facts = snapshot.facts
    counts = {"refused": facts.get("hub_refused", 0)}
    before = " Those of before are still taken." if facts.get("hub_overlaps") else ""
    if facts.get("hub_shown"):
        received = earlier(facts["hub_received_at"], snapshot.at)
        said = f"Signature and both headers were right. The last one came {received}.{before}{denied}"
        return ready(said, counts=counts)
    if before:
        said = f"No webhook of Flourish had the new signing key and both new headers yet.{before}{denied}"
        return wrong(said, "Enter the new ones in Flourish before those of before end.", counts=counts)
    step = (
        "Compare the signing key and both headers in Flourish with those on the page of the webhook."
        if denied
        else "Enter address, signing key and both headers in Flourish, then change an order there and check"
        " again."
    )
    said = f"No correctly signed webhook of Flourish with both headers was received yet.{denied}"
    return wrong(said, step, counts=counts)


READINESS = Readiness(
    checks=(
        Check(
            "flourish_key",
            "Connect",
            "Connect Flourish",
            "Orders are made and stock is read with this key. Keys of Flourish may expire; after that nothing"
            " goes on until there is a new one.",
            "blocks",
            _key,
            where="flourish_keys",
            source=_KEYS,
        ),
        Check(
            "flourish_facility",
            "Connect",
            "Choose the facility",
            "Orders go to this facility, and its stock is offered. A facility may ask for a sales rep on each"
            " order.",
            "blocks",
            _facility,
            needs=("flourish_key",),
            lists=("facilities",),
            where="flourish",
            source="Flourish API: facilities, sales_rep_required_for_outbound",
        ),
        Check(
            "flourish_webhook",
            "Connect",
            "Receive a signed Flourish webhook",
            "A webhook tells of allocations, shipments and stock within seconds. Until one came, nobody knows"
            " that its address, signing key and the two headers are right.",
            "warning",
            _webhook,
            where="flourish_webhook",
            source="Flourish: Webhook Endpoints",
        ),
    ),
    lists=("items", *NAMES),
)
