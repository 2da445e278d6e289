"""Where the machines stand: each in a network of its own where we may, else on loopback addresses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("db1", "db2", "db3", "app1", "app2", "web")
INSIDE = "ENROLLCHECK_ROUNDS_INSIDE"  # set once we have networks, mounts and process ids of our own

# Everything ends with the rounds' own process. sh stays the first one: it takes in orphans that have died.
_ALONE = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def may_make_networks() -> bool:
    """Say whether this process has the rights, and the tools, for networks and mounts of its own."""
    if os.geteuid() or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    tried = "ip link add br0 type bridge && ip link add v1 type veth peer name v2 && mount -t tmpfs none /mnt"
    return subprocess.run([*_ALONE, "sh", "-c", tried], capture_output=True).returncode == 0


def move_inside(module: str) -> None:
    """Begin the module again, with networks of its own; return where that was done, or can't be."""
    if INSIDE in os.environ or not may_make_networks():
        return
    command = [*_ALONE, "sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", module, *sys.argv[1:]]
    os.execvpe("unshare", command, {**os.environ, INSIDE: "1"})


class Loopback:
    """Addresses of 127/8, without any rights: nobody can be cut off."""

    def join(self, number: int) -> "Address":
        """Give a machine its address."""
        return Address(f"127.0.77.{number}")

    def close(self) -> None:
        """Nothing is left behind."""


class Address:
    """A machine's address on loopback."""

    enter: tuple[str, ...] = ()
    can_be_cut = False

    def __init__(self, ip: str):
        """Take the address."""
        self.ip = ip


class Bridge:
    """Machines on a wire of their own: what they send goes through a bridge, and each can be cut off."""

    def __init__(self):
        """Make the bridge; the rounds themselves stand on it."""
        self.holders: list[subprocess.Popen] = []
        _ip("link set lo up", "link add rounds type bridge", "link set rounds up")
        _ip("address add 10.77.0.1/24 dev rounds")

    def join(self, number: int) -> "Wire":
        """Give a machine a network, and plug it in."""
        holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.holders.append(holder)
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{holder.pid}/ns/net") == ours:
            pass  # unshare has not got to it
        wire = Wire(number, holder.pid)
        _ip(f"link add {wire.plug} type veth peer name eth0 netns {holder.pid}")
        _ip("link set lo up", f"address add {wire.ip}/24 dev eth0", "link set eth0 up", enter=wire.enter)
        wire.mend()
        return wire

    def close(self) -> None:
        """Let the networks go."""
        for number in range(1, len(self.holders) + 1):
            _ip(f"link delete plug{number}")
        _ip("link delete rounds")
        for holder in self.holders:
            holder.kill()
            holder.wait()


class Wire:
    """A machine's place on the bridge."""

    can_be_cut = True

    def __init__(self, number: int, holder: int):
        """Take the machine's number, and the process that holds its network."""
        self.ip, self.plug = f"10.77.0.{10 + number}", f"plug{number}"
        self.enter = ("nsenter", "--target", str(holder), "--net")

    def cut(self) -> None:
        """Drop what comes and what goes, in silence: nobody is told."""
        _ip(f"link set {self.plug} nomaster")

    def mend(self) -> None:
        """Plug it in again."""
        _ip(f"link set {self.plug} master rounds", f"link set {self.plug} up")


def _ip(*lines: str, enter: tuple[str, ...] = ()) -> None:
    for line in lines:
        subprocess.run([*enter, "ip", *line.split()], check=True)


def network() -> Loopback | Bridge:
    """Return the best that may be had."""
    return Bridge() if INSIDE in os.environ else Loopback()


def words() -> str:
    """Say which it is."""
    return "each machine in a network of its own" if INSIDE in os.environ else "on loopback addresses"


def unmount(place: Path) -> None:
    """Let a small disk go, where there is one."""
    if INSIDE in os.environ:
        subprocess.run(["umount", "--lazy", place], check=True)


def small_disk(place: Path, megabytes: int) -> bool:
    """Make a disk of that size in memory, where we may; say whether."""
    if INSIDE not in os.environ:
        return False
    options = f"size={megabytes}m,mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "enrollcheck-rounds", place], check=True)
    return True
