"""Takes from the child process what reading a file doesn't need, before it has seen a byte of the file.

Each part stands for itself: where the kernel lacks one, the others hold. All that is imported later, or read
from a disk, must have been before.
"""

import ctypes
import os
import resource
from collections.abc import Callable, Collection

MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 14
NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)
_DUMPABLE, _SECCOMP, _NO_NEW_PRIVILEGES = 4, 22, 38


def _prctl(option: int, *arguments: object) -> bool:
    padded = [*arguments, 0, 0, 0, 0][:4]
    return (
        _libc.prctl(option, *(ctypes.c_void_p(one) if isinstance(one, int) else one for one in padded)) == 0
    )


def _user() -> bool:
    """Become nobody where the server runs as root; another user keeps its own.

    A container's root may lack the right to: then it stays what it is.
    """
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError:
        return False
    return True


def _privileges() -> bool:
    """No program that it could start has more rights, and no other process looks into its memory."""
    return _prctl(_NO_NEW_PRIVILEGES, 1) and _prctl(_DUMPABLE, 0)


# Landlock: rights to files, the network and other processes. Its calls have the same numbers everywhere.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION = 1
# By the first version of Landlock that knows them: files, TCP, sockets without a file and signals.
_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
_NETWORK_SINCE, _NETWORK_RIGHTS, _SCOPES_SINCE, _SCOPES = 4, 0b11, 6, 0b11


def _landlock() -> bool:
    """Handle all rights that this kernel's Landlock knows, and grant none of them."""
    version = _libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    if version < 1:
        return False
    bits = max(bits for since, bits in _FILE_RIGHTS if since <= version)
    words = [(1 << bits) - 1]
    words += [_NETWORK_RIGHTS] if version >= _NETWORK_SINCE else []
    words += [_SCOPES] if version >= _SCOPES_SINCE else []
    attributes = (ctypes.c_uint64 * len(words))(*words)
    rules = _libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    return rules >= 0 and _libc.syscall(_RESTRICT_SELF, rules, 0) == 0


def _limits() -> bool:
    """No new file or socket, no new process, so much memory and time, nothing written, no dump."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    return True


# Seccomp: the system calls that remain, by the machine: x86-64, and 64-bit ARM.
_CALLS = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62), "mmap": (9, 222),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sched_yield": (24, 124), "mremap": (25, 216),
    "madvise": (28, 233), "getpid": (39, 172), "exit": (60, 93), "gettimeofday": (96, 169),
    "getrusage": (98, 165), "sigaltstack": (131, 132), "gettid": (186, 178), "futex": (202, 98),
    "restart_syscall": (219, 128), "clock_gettime": (228, 113), "clock_nanosleep": (230, 115),
    "exit_group": (231, 94), "getrandom": (318, 278),
}  # fmt: skip
# How the kernel names the machine, and which column of the table is its own.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_LOAD, _IS, _ANSWER = 0x20, 0x15, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refused: as not permitted (EPERM)
_FILTER = 2


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def _seccomp() -> bool:
    """Refuse every system call but those of the table."""
    if os.uname().machine not in _MACHINES:
        return False
    machine, place = _MACHINES[os.uname().machine]
    numbers = [numbers[place] for numbers in _CALLS.values()]
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_IS, 1, 0, machine),
        (_ANSWER, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    steps += [(_IS, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    steps += [(_ANSWER, 0, 0, _REFUSE), (_ANSWER, 0, 0, _ALLOW)]
    program = _Program(len(steps), (_Instruction * len(steps))(*(_Instruction(*step) for step in steps)))
    return _prctl(_SECCOMP, _FILTER, ctypes.byref(program))


# In this order: Landlock needs a file of its own, and after seccomp nothing can be set any more.
PARTS: dict[str, Callable[[], bool]] = {
    "user": _user,
    "privileges": _privileges,
    "landlock": _landlock,
    "limits": _limits,
    "seccomp": _seccomp,
}


def enter(parts: Collection[str] = tuple(PARTS)) -> list[str]:
    """Enter the sandbox for good. Return the parts that are on; the others the kernel doesn't give."""
    return [name for name, take in PARTS.items() if name in parts and take()]
