"""Who is asking, and the object in their scope: loading is authorising.

Every view stands behind one of the decorators here and gets its objects from what it is handed, so what is
outside somebody's scope is not found (404) and what they may only read is refused (403).
"""

from .desks import (
    CampaignDesk,
    Desk,
    OfficeCampaignDesk,
    OfficeDesk,
    choose_campaign,
    current_campaign,
    department,
    department_at_campaign,
    memberships,
    office,
    office_at_campaign,
    record_claims,
    record_view,
    signed_in,
)
from .visits import (
    Visit,
    Visitor,
    class_visitor,
    device_mark,
    end_visit,
    identify,
    knows_device,
    link_of,
    monitor,
    monitor_visitor,
    remember_device,
    remember_visit,
    slowed_down,
    student,
)

__all__ = [
    "CampaignDesk",
    "Desk",
    "OfficeCampaignDesk",
    "OfficeDesk",
    "Visit",
    "Visitor",
    "choose_campaign",
    "class_visitor",
    "current_campaign",
    "department",
    "department_at_campaign",
    "device_mark",
    "end_visit",
    "identify",
    "knows_device",
    "link_of",
    "memberships",
    "monitor",
    "monitor_visitor",
    "office",
    "office_at_campaign",
    "record_claims",
    "record_view",
    "remember_device",
    "remember_visit",
    "signed_in",
    "slowed_down",
    "student",
]
