"""How a connection is made, and when it is given up: what DATABASE_URL does not say itself.

A host that falls silent (a cable, a firewall, a machine that stands still) answers nothing, not even that it
is gone. Without limits a request waits a quarter of an hour for it; with these it goes on to the next host.
"""

# Seconds, but for tcp_user_timeout: milliseconds. Of three hosts two may be silent, and an answer is still
# there within the 10 seconds that anybody waits.
LIMITS = {
    "connect_timeout": 2,  # for each host; libpq knows nothing shorter
    "tcp_user_timeout": 6_000,  # that what was sent may stay without the other side's receipt
    "keepalives": 1,
    "keepalives_idle": 3,  # for a connection on which we wait for an answer: is there anybody?
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
# Of several hosts the one that may write: the others are its standbys.
LEADER = {"target_session_attrs": "read-write"}


def complete(host: str, chosen: dict) -> dict:
    """Return libpq's options for the hosts of DATABASE_URL, comma-separated; what it chose itself stays."""
    return {**LIMITS, **(LEADER if "," in host else {}), **chosen}
