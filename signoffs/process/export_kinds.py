"""What leaves the house as a file, by the words that an event of an export keeps."""

from enum import StrEnum


class ExportKind(StrEnum):
    """What a file was: the value stands in events for good."""

    FORM = "form"
    BLANK_FORM = "blank form"
    HAND_IN = "hand-in"
    ARCHIVE = "archive"
    STATUS = "status"
    SUMMARY = "summary"
    ERROR_STATISTICS = "error statistics"
    MARKED_ROSTER = "marked roster"


# The prints that hold a class's final form: once they were made, its data may be deleted one day.
FINAL_PRINTS = frozenset({ExportKind.FORM, ExportKind.HAND_IN})
