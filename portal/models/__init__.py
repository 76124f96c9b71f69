"""Typed SQLAlchemy tables, a module per aggregate."""

from portal.models.events import Event, EventChain
from portal.models.forms import Form, FormVersion
from portal.models.observations import Observation, RollUp
from portal.models.people import Membership
from portal.models.submissions import Collection, Explanation, Submission, SubmissionVersion, Upload, Value
from portal.models.units import Node, Period, Placement, Succession, Tree, Unit

__all__ = [
    "Collection", "Event", "EventChain", "Explanation", "Form", "FormVersion", "Membership", "Node", "Observation",
    "Period", "Placement", "RollUp", "Submission", "SubmissionVersion", "Succession", "Tree", "Unit", "Upload", "Value",
]  # fmt: skip
