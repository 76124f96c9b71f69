"""Typed SQLAlchemy tables, a module per aggregate."""

from portal.models.additions import CollectionAddition, FormAddition
from portal.models.api_keys import ApiKey
from portal.models.batches import Batch, BatchLine, BatchPiece
from portal.models.directory import DirectoryAccount
from portal.models.events import PORTAL_CHAIN, Checkpoint, Event, EventChain
from portal.models.form_drafts import FormDraft
from portal.models.forms import Form, FormVersion
from portal.models.identity import Account, SignInThrottle, WebSession
from portal.models.layouts import LayoutMapping
from portal.models.observations import AcceptedBasis, ExpectedAnswers, Observation, RollUp
from portal.models.people import Membership
from portal.models.reorganisations import Reorganisation
from portal.models.report import Assignment, Evidence, ListRow, Passage, StoredFile
from portal.models.rollup_entries import RollUpEntry
from portal.models.rulings import RuleChange, Waiver
from portal.models.second_factor import RecoveryCode, SecondFactor
from portal.models.submissions import Collection, Explanation, Submission, SubmissionVersion, Upload, Value
from portal.models.units import Node, Period, Placement, Succession, Tree, Unit

__all__ = [
    "PORTAL_CHAIN",
    "AcceptedBasis", "Account", "ApiKey", "Assignment", "Batch", "BatchLine", "BatchPiece", "Checkpoint", "Collection",
    "CollectionAddition", "DirectoryAccount", "Event", "EventChain", "Evidence", "ExpectedAnswers", "Explanation",
    "Form", "FormAddition", "FormDraft", "FormVersion", "LayoutMapping", "ListRow", "Membership", "Node",
    "Observation", "Passage", "Period", "Placement", "RecoveryCode", "Reorganisation", "RollUp", "RollUpEntry",
    "RuleChange", "SecondFactor", "SignInThrottle", "StoredFile", "Submission", "SubmissionVersion", "Succession",
    "Tree", "Unit", "Upload", "Value", "Waiver", "WebSession",
]  # fmt: skip
