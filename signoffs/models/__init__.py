"""The process as tables: people, what they do, how they get in.

Only the flow writes them, and of their own rows links, throttle, identifications and the log of access/desks.
"""

from .access import AccessRecord, ClassLink, Identification, OneTimeCode, Throttle
from .accounts import Invitation, SignInRule
from .people import Membership, MonitorDuty, User
from .process import (
    Chain,
    ClassSheet,
    DeadlineChange,
    Declaration,
    Event,
    Excuse,
    FieldError,
    HandIn,
    MissingClaim,
    Reminder,
    Standing,
    Tally,
)

__all__ = [
    "AccessRecord",
    "Chain",
    "ClassLink",
    "ClassSheet",
    "DeadlineChange",
    "Declaration",
    "Event",
    "Excuse",
    "FieldError",
    "HandIn",
    "Identification",
    "Invitation",
    "Membership",
    "MissingClaim",
    "MonitorDuty",
    "OneTimeCode",
    "Reminder",
    "SignInRule",
    "Standing",
    "Tally",
    "Throttle",
    "User",
]
