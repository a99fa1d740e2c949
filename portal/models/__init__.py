"""The tables, one module per topic."""

from portal.models.audit import INSTALLATION_CHAIN, AuditEvent, AuditHead
from portal.models.base import Base, new_id, new_ids, owned_tables, utc_now
from portal.models.catalogue import MirroredItem, MirroredProduct, PulledRow
from portal.models.connections import COMPANY_IN_USE, CONNECTION_STATES, Connection, Facility, Hub, Secret
from portal.models.deliveries import Delivery
from portal.models.holds import HeldLine
from portal.models.identity import (
    STAFF_ROLES,
    TENANT_ROLES,
    ApiToken,
    Grant,
    Invitation,
    Membership,
    RecoveryCode,
    ResetToken,
    SignIn,
    User,
    UserSession,
)
from portal.models.links import LINK_STATES, Link, LinkRelation, SearchTerm
from portal.models.mail import Mail
from portal.models.matching import Alias, Exclusion, MatchedKey, MatchedRow, MatchFile
from portal.models.notices import NOTICE_CHANNELS, Notice, NoticeAttempt, NoticeRule
from portal.models.operations import Operation
from portal.models.preview import PREVIEW_KINDS, PREVIEW_STATES, Preview, PreviewRow
from portal.models.problems import PROBLEM_ACTS, Problem, ProblemAct, ProblemChoice
from portal.models.proofs import Proof
from portal.models.readiness import CheckChange, CheckResult, Waiver
from portal.models.reconciliation import RECONCILIATION_STATES, Reconciliation, ReconciliationRow
from portal.models.runs import LogLine, Run
from portal.models.schedule import Stream
from portal.models.tenancy import Installation, Tenant
from portal.models.timeline import TimelineEvent

__all__ = [
    "COMPANY_IN_USE",
    "CONNECTION_STATES",
    "INSTALLATION_CHAIN",
    "LINK_STATES",
    "NOTICE_CHANNELS",
    "PREVIEW_KINDS",
    "PREVIEW_STATES",
    "PROBLEM_ACTS",
    "RECONCILIATION_STATES",
    "STAFF_ROLES",
    "TENANT_ROLES",
    "Alias",
    "ApiToken",
    "AuditEvent",
    "AuditHead",
    "Base",
    "CheckChange",
    "CheckResult",
    "Connection",
    "Delivery",
    "Exclusion",
    "Facility",
    "Grant",
    "HeldLine",
    "Hub",
    "Installation",
    "Invitation",
    "Link",
    "LinkRelation",
    "LogLine",
    "Mail",
    "MatchFile",
    "MatchedKey",
    "MatchedRow",
    "Membership",
    "MirroredItem",
    "MirroredProduct",
    "Notice",
    "NoticeAttempt",
    "NoticeRule",
    "Operation",
    "Preview",
    "PreviewRow",
    "Problem",
    "ProblemAct",
    "ProblemChoice",
    "Proof",
    "PulledRow",
    "Reconciliation",
    "ReconciliationRow",
    "RecoveryCode",
    "ResetToken",
    "Run",
    "SearchTerm",
    "Secret",
    "SignIn",
    "Stream",
    "Tenant",
    "TimelineEvent",
    "User",
    "UserSession",
    "Waiver",
    "new_id",
    "new_ids",
    "owned_tables",
    "utc_now",
]
