"""What an administrator does while students sign, as deploy/cluster/README.md says it."""

import shutil
import subprocess

from tests.cluster.cluster import Cluster
from tests.cluster.faults import Fault, Played
from tests.cluster.machine import Machine


def _restart(cluster: Cluster, machine: Machine, name: str) -> None:
    """`systemctl restart`, and wait until all is well again."""
    service = machine.services[name]
    begun = service.begun
    service.restart()
    cluster.wait(f"{name} of {machine.name}", lambda: service.begun > begun and cluster.whole())


def upgrade(cluster: Cluster) -> Played:
    """Every node of the application and of the database is started anew, one after the other."""
    for machine in cluster.of("app"):
        _restart(cluster, machine, "enrollcheck")
    former = cluster.leader()
    for machine in cluster.standbys():
        _restart(cluster, machine, "patroni")
    cluster.patronictl("switchover", "--force", "--leader", former.name)
    cluster.wait("the switchover", cluster.whole)
    _restart(cluster, former, "patroni")
    yield 0


def backup_from_standby(cluster: Cluster) -> Played:
    """A backup that leaves the leader alone."""
    url = cluster.settings("backup")["DATABASE_URL"]
    asked = ["psql", "-X", "-A", "-t", "-c", "SELECT pg_is_in_recovery()", url]
    assert subprocess.run(asked, capture_output=True, text=True).stdout.strip() == "t"
    run = cluster.manage("backup", str(cluster.folder / "now.backup"), settings_of="backup")
    assert run.returncode == 0, run.stderr
    yield 0


def replace_node(cluster: Cluster) -> Played:
    """A standby's machine is lost for good, and a new one takes its name and place, with empty disks."""
    node, leader = cluster.standbys()[0], cluster.leader()
    node.kill()

    def etcdctl(*words: str) -> subprocess.CompletedProcess:
        command = ["etcdctl", f"--endpoints=http://{leader.ip}:2379", "member", *words]
        return subprocess.run(command, capture_output=True, text=True)

    (gone,) = [
        line.split(",")[0] for line in etcdctl("list").stdout.splitlines() if f"{node.ip}:2380" in line
    ]
    # It refuses for some seconds after an election of its own.
    cluster.wait("etcd without the one that is gone", lambda: etcdctl("remove", gone).returncode == 0)
    assert etcdctl("add", node.name, f"--peer-urls=http://{node.ip}:2380").returncode == 0
    node.wipe()
    node.services["etcd"].extra = {"ETCD_INITIAL_CLUSTER_STATE": "existing"}
    node.up()
    yield 0


def _etcdctl(cluster: Cluster) -> str:
    return "" if shutil.which("etcdctl") else "needs etcdctl, of Debian's etcd-client"


WORKS = (
    Fault(upgrade, "upgrade: each node started anew, one after the other"),
    Fault(backup_from_standby, "a backup, from a standby"),
    Fault(replace_node, "a new machine in place of a standby", lacks=_etcdctl),
)
