"""THE ONLY WRITER of the process. Every move is one function here: keyword-only, one transaction.

It locks the class's row, reads the clock, asks the rules, writes, keeps the tally and appends the event; or
it raises Refused with the sentence that also stands on the disabled button, and has written nothing.
"""

from .accounts import (
    Person,
    Post,
    accept_invitation,
    add_account,
    deactivate,
    edit_account,
    invite,
    known_classes,
    note_accounts,
    note_own,
    posts_of,
    reactivate,
    remove_second_factor,
    require_second_factor,
    sign_out_everywhere,
    untie_campus,
)
from .archiving import begin_archive, record_archive
from .campaigns import (
    close_campaign,
    create_campaign,
    edit_texts,
    edit_university,
    open_campaign,
    record_export,
    reopen_campaign,
)
from .caretaking import (
    claim_missing,
    excuse,
    issue_code,
    lift_excuse,
    mark_overdue,
    name_monitor,
    rotate_link,
    settle_claim,
    unname_monitor,
    use_code,
)
from .declarations import confirm, contest, countersign, enter_on_paper, report, withdraw_declaration
from .extensions import extend_deadlines, take_back_deadlines
from .hand_ins import hand_in, receive, reopen
from .purging import announce_purge, purge_campaign, to_purge
from .refusals import Refused
from .reminding import claim_reminder, mark_reminded
from .reports import look_again, settle_error
from .rosters import campaign_for, import_roster, remove_class, withdraw_student
from .rotation import digests_left, renew_digests
from .sheets import accept_sheet, return_sheet, submit_sheet
from .tallies import recount, wrong_tally
from .whole_numbers import ask_whole_numbers, export_whole_numbers, show_number

__all__ = [
    "Person",
    "Post",
    "Refused",
    "accept_invitation",
    "accept_sheet",
    "add_account",
    "announce_purge",
    "ask_whole_numbers",
    "begin_archive",
    "campaign_for",
    "claim_missing",
    "claim_reminder",
    "close_campaign",
    "confirm",
    "contest",
    "countersign",
    "create_campaign",
    "deactivate",
    "digests_left",
    "edit_account",
    "edit_texts",
    "edit_university",
    "enter_on_paper",
    "excuse",
    "export_whole_numbers",
    "extend_deadlines",
    "hand_in",
    "import_roster",
    "invite",
    "issue_code",
    "known_classes",
    "lift_excuse",
    "look_again",
    "mark_overdue",
    "mark_reminded",
    "name_monitor",
    "note_accounts",
    "note_own",
    "open_campaign",
    "posts_of",
    "purge_campaign",
    "reactivate",
    "receive",
    "record_archive",
    "record_export",
    "recount",
    "remove_class",
    "remove_second_factor",
    "renew_digests",
    "reopen",
    "reopen_campaign",
    "report",
    "require_second_factor",
    "return_sheet",
    "rotate_link",
    "settle_claim",
    "settle_error",
    "show_number",
    "sign_out_everywhere",
    "submit_sheet",
    "take_back_deadlines",
    "to_purge",
    "unname_monitor",
    "untie_campus",
    "use_code",
    "withdraw_declaration",
    "withdraw_student",
    "wrong_tally",
]
