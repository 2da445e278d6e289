"""What is broken, step by step: each fault has a name, lasts so long, and ends as its cause goes away.

A fault is a generator: up to its `yield` it breaks something, there it says for how many seconds, and after
it the cause goes away (the machine boots, the wire is mended). Recovery is nobody's work.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cluster import Cluster, health
from tests.cluster.units import Service

LEASE = 20  # seconds: ttl in deploy/cluster/patroni.yml
ANSWERED = 10.0  # seconds: nobody waits longer for an answer
SKEW = 90  # seconds
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))

Played = Iterator[float]


def kill_database(cluster: Cluster) -> Played:
    """SIGKILL to the leading PostgreSQL; Patroni beside it lives."""
    cluster.leader().kill_database()
    yield 5


def kill_node(cluster: Cluster) -> Played:
    """SIGKILL to all that runs where PostgreSQL leads, etcd too; the machine boots after the lease."""
    node = cluster.leader()
    node.kill()
    yield LEASE + 15
    node.up()


def pause(cluster: Cluster, seconds: float) -> Played:
    """The leading machine stands still, then goes on where it was and believes that it leads."""
    node = cluster.leader()
    node.pause()
    yield seconds
    node.go_on()


def pause_beyond_lease(cluster: Cluster) -> Played:
    """Longer than the lease: somebody else leads when it wakes."""
    yield from pause(cluster, LEASE + 10)


def pause_under_faulty_patroni(cluster: Cluster) -> Played:
    """It takes the lead back without looking, and what was acknowledged meanwhile is gone.

    It does so where it reads its own old copy of who leads before the new one arrives: a race, which we
    decide by writing the old leader's name back as it wakes.
    """
    node = cluster.leader()
    node.pause()
    yield LEASE + 10
    cluster.write_leader(node.name)
    node.go_on()


def pause_within_lease(cluster: Cluster) -> Played:
    """Shorter than the lease: it still leads when it wakes."""
    yield from pause(cluster, LEASE / 2)


def silent_host(cluster: Cluster) -> Played:
    """What the leading machine sends and is sent is dropped; it runs on, alone."""
    node = cluster.leader()
    node.place.cut()
    yield LEASE + 15
    node.place.mend()


def switchover(cluster: Cluster) -> Played:
    """The lead is handed over as for an upgrade."""
    cluster.patronictl("switchover", "--force", "--leader", cluster.leader().name)
    yield 5


def lose_standby(cluster: Cluster) -> Played:
    """The synchronous standby's machine dies."""
    node = cluster.standbys()[0]
    node.kill()
    yield LEASE + 5
    node.up()


def lose_standbys(cluster: Cluster) -> Played:
    """Both standbys' machines die, with them the majority of etcd: nothing may be acknowledged."""
    nodes = cluster.standbys()
    for node in nodes:
        node.kill()
    yield LEASE
    for node in nodes:
        node.up()


def _stop_etcd(services: list[Service]) -> None:
    for service in services:
        service.wanted.clear()
        service.kill()


def lose_etcd_member(cluster: Cluster) -> Played:
    """One of three etcds dies."""
    service = cluster.leader().services["etcd"]
    _stop_etcd([service])
    yield LEASE + 5
    service.start()


def lose_etcd(cluster: Cluster) -> Played:
    """All of etcd dies, for longer than the lease: failsafe mode."""
    services = [node.services["etcd"] for node in cluster.of("db")]
    _stop_etcd(services)
    yield LEASE + 10
    for service in services:
        service.start()


def lose_app_node(cluster: Cluster) -> Played:
    """A node of the application dies, with its pgbouncer and haproxy."""
    node = cluster.machines["app1"]
    node.kill()
    yield 15
    node.up()


def kill_service(cluster: Cluster, name: str) -> Played:
    """SIGKILL to a service of app1; systemd starts it again."""
    cluster.machines["app1"].services[name].kill()
    yield 5


def kill_proxy(cluster: Cluster) -> Played:
    """haproxy, which finds who leads."""
    yield from kill_service(cluster, "haproxy")


def kill_pgbouncer(cluster: Cluster) -> Played:
    """pgbouncer, which holds the connections."""
    yield from kill_service(cluster, "pgbouncer")


def full_disk(cluster: Cluster) -> Played:
    """No byte is left where the leading PostgreSQL writes; then somebody makes room."""
    node = cluster.leader()
    node.fill_disk()
    yield LEASE + 10
    node.free_disk()


def wrong_clock(cluster: Cluster) -> Played:
    """A node of the application starts with a clock that is 90 seconds ahead."""
    node = cluster.machines["app2"]
    service = node.services["enrollcheck"]
    ahead = {"FAKETIME": f"+{SKEW}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    service.extra = {"LD_PRELOAD": str(FAKETIME[0]), **ahead}
    service.kill()
    cluster.wait("a node that knows its clock", lambda: "clock" in health(node, "8000/readyz")[1])
    yield 20
    service.extra = {}
    service.kill()


def _anywhere(cluster: Cluster) -> str:
    return ""


def _wire(cluster: Cluster) -> str:
    return "" if cluster.machines["db1"].place.can_be_cut else "needs root, for networks of its own"


def _disk(cluster: Cluster) -> str:
    return "" if cluster.disks else "needs root, for a small disk"


def _clock(cluster: Cluster) -> str:
    return "" if FAKETIME else "needs Debian's libfaketime"


@dataclass(frozen=True)
class Fault:
    """A step of the rounds."""

    play: Callable[[Cluster], Played]
    words: str
    gap: float | None = None  # the longest time between two acknowledgements, in seconds
    lacks: Callable[[Cluster], str] = _anywhere  # what it needs and this place has not
    nothing_counts: bool = False  # while it lasts nothing may be acknowledged

    @property
    def name(self) -> str:
        """The name of the step."""
        return self.play.__name__


LOST_NODE = LEASE + 10.0
FAULTS = (
    Fault(kill_database, "kill -9 of the leading database", 15),
    Fault(kill_node, "kill -9 of its whole machine", LOST_NODE),
    Fault(pause_beyond_lease, "it stands still for the lease + 10 s", LOST_NODE),
    Fault(pause_within_lease, "it stands still for half the lease"),
    Fault(silent_host, "its packets are dropped", LOST_NODE, _wire),
    Fault(switchover, "switchover"),
    Fault(lose_standby, "the synchronous standby dies"),
    Fault(lose_standbys, "both standbys die", nothing_counts=True),
    Fault(lose_etcd_member, "one etcd dies"),
    Fault(lose_etcd, "all of etcd dies"),
    Fault(lose_app_node, "a node of the application dies"),
    Fault(kill_proxy, "kill -9 of haproxy"),
    Fault(kill_pgbouncer, "kill -9 of pgbouncer"),
    Fault(full_disk, "the leading database's disk is full", None, _disk),
    Fault(wrong_clock, "an application node's clock is 90 s ahead", None, _clock),
)
SHORT = ("kill_database", "switchover", "pause_beyond_lease")
# Played on a cluster of its own, under the Patroni that forgets.
FORGETTING = Fault(pause_under_faulty_patroni, "the same pause under Debian 12's Patroni 3.0.2")
