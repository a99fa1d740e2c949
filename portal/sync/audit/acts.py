"""What can be done that the audit tells of: the acts in words, by whom, to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

# action -> what somebody did, after their name and before the thing. No other act can be recorded.
ACTS: Mapping[str, str] = {
    "signed_in": "signed in",
    "signed_out": "signed out",
    "sign_in.refused": "was refused at signing in as",
    "password.changed": "changed the password of",
    "password.reset_asked": "asked for a new password of",
    "password.reset": "chose a new password by mail",
    "second_factor.added": "added a second factor",
    "second_factor.removed": "removed the second factor of",
    "recovery_code.used": "signed in with a recovery code",
    "recovery_codes.made": "made new recovery codes",
    "session.ended": "ended a session of",
    "access.refused": "was refused",
    "person.added": "made the account of",
    "person.disabled": "closed the account of",
    "member.invited": "invited",
    "member.invitation_revoked": "took back the invitation of",
    "member.joined": "joined as",
    "member.role_changed": "changed the role of",
    "member.removed": "removed",
    "company.handed_over": "handed the company over to",
    "grant.asked": "asked for access for",
    "grant.given": "gave access to",
    "grant.declined": "declined access to",
    "grant.withdrawn": "took back the request for access of",
    "grant.revoked": "ended the access of",
    "grant.used": "looked at",
    "break_glass.taken": "broke the glass, and is let in without being asked, to",
    "company.added": "made the company",
    "company.renamed": "renamed the company",
    "company.settings_changed": "changed the settings of",
    "company.exported": "exported everything of",
    "company.deletion_asked": "asked for everything to be deleted of",
    "company.deletion_taken_back": "took back the deletion of",
    "company.deletion_begun": "began to delete everything of",
    "company.deleted": "deleted everything of",
    "hub.added": "connected to Flourish:",
    "hub.webhook_shown": "had the webhook's secrets shown of",
    "hub.webhook_renewed": "made a new signing key and headers for the webhook of",
    "hub.overlap_ended": "ended the old signing key and headers of the webhook of",
    "token.made": "made the API token",
    "token.revoked": "revoked the API token",
    "connection.added": "added the connection",
    "connection.facility_chosen": "chose the facility of",
    "connection.went_live": "took live",
    "connection.paused": "paused",
    "connection.resumed": "resumed",
    "connection.disconnected": "disconnected",
    "connection.connected_again": "connected again",
    "connection.addresses_shown": "had the webhook addresses shown of",
    "connection.tested": "tested",
    "connection.rate_changed": "changed the rate of",
    "connection.rules_changed": "changed the rules of",
    "connection.checked": "had the checks run of",
    "check.waived": "waived a check of",
    "check.waiver_taken_back": "took back the waiver of a check of",
    "alias.made": "said which values are the same of",
    "alias.undone": "took back which values are the same of",
    "product.unlinked": "unlinked item and product of",
    "match.excluded": "left values out of",
    "match.included": "included values again of",
    "preview.started": "had the first sync previewed of",
    "reconciliation.started": "had both sides compared of",
    "reconciliation.corrected": "had what did not agree corrected of",
    "catalogue.begun": "had items and products synced of",
    "item.tried": "had one product synced alone:",
    "stock.drops_approved": "approved that many products lose all stock of",
    "stock.drops_held": "kept many products from losing all stock of",
    "credentials.replaced": "replaced the key of",
    "credentials.rotated": "sealed all stored keys anew",
    "writes.stopped": "stopped all writing of",
    "writes.resumed": "let write again",
    "order.tried": "had one order synced alone:",
    "order.brought_in": "asked to bring in",
    "order.left_alone": "asked to leave alone",
    "order.joined": "joined with its Flourish order",
    "order.originals_chosen": "said which orders became",
    "order.customer_chosen": "said which customer of Flourish it is, of",
    "order.asked_for": "had the platforms asked for",
    "delivery.taken_again": "had a webhook delivery taken in again:",
    "order.looked_again": "had Trellis look again at",
    "product.looked_again": "had Trellis look again at",
    "order.held": "put on hold",
    "order.released": "released from its hold",
    "problem.assigned": "said who sees to",
    "problem.noted": "wrote a note on",
    "problem.ignored": "ignored",
    "problem.reopened": "took up again",
    "problem.retried": "had Trellis look again at what is held up by",
    "notice_rule.made": "made the notifications to",
    "notice_rule.changed": "changed the notifications to",
    "notice_rule.tested": "sent a test to",
    "notice_rule.sent_again": "sent a message again to",
    "notice_rule.secret_replaced": "replaced the signing secret of the notifications to",
    "notice_rule.overlap_ended": "ended the old signing secret of the notifications to",
    "notice_rule.switched_off": "switched off the notifications to",
    "notice_rule.switched_on": "switched on the notifications to",
    "notice_rule.removed": "removed the notifications to",
    "audit.exported": "exported the audit of",
    "audit.verified": "verified the audit of",
}

# group -> (what people call it, how its actions begin). Each action is in one group.
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "signing_in": (
        "Signing in",
        ("signed_", "sign_in.", "password.", "second_factor.", "recovery_code", "session."),
    ),
    "people": ("People and roles", ("person.", "member.")),
    "support": ("Support access", ("grant.", "break_glass.")),
    "refused": ("Refusals", ("access.",)),
    "company": ("Company", ("company.",)),
    "connections": (
        "Connections and keys",
        ("hub.", "connection.", "check.", "credentials.", "preview.", "reconciliation.", "token."),
    ),
    "writing": ("Stop switches", ("writes.",)),
    "orders": (
        "Orders, products and problems",
        ("order.", "delivery.", "product.", "item.", "stock.", "catalogue.", "problem.", "alias.", "match."),
    ),
    "notifications": ("Notifications", ("notice_rule.",)),
    "audit": ("This record", ("audit.",)),
}


def actions_of(group: str) -> tuple[str, ...]:
    """The actions of a group; none when there is no such group."""
    _, begins = GROUPS.get(group, ("", ()))
    return tuple(action for action in ACTS if action.startswith(begins)) if begins else ()


@dataclass(frozen=True)
class Actor:
    """Who does something.

    Args:
        name: as people read it, then and later.
        id: of their account; None for commands and for Trellis itself.
        role: in which they do it, such as owner, support or command line.
        address: the network that the request came from; empty for commands.
        reference: of the request, as error pages and logs name it; empty for commands.
    """

    name: str
    id: UUID | None = None
    role: str = ""
    address: str = ""
    reference: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Subject:
    """What something is done to: its kind, its id, and what people call it."""

    kind: str = ""
    id: str = ""
    name: str = ""
