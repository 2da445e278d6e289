"""How long personal data is kept: the numbers that the notice, the announcement and the deletion share."""

KEPT_DAYS = 180  # after the campaign was closed
ANNOUNCED_DAYS = 30  # at least, before the data goes
LONGEST_DAYS = 3650  # more is a slip of the hand
