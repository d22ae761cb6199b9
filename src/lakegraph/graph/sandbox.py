"""What a query worker takes from itself before it reads its first query: memory, files, programs and sockets.

Only Linux on x86_64 and aarch64 can deny sockets to a process that holds no privileges; elsewhere the worker says that
it is not sandboxed, and no query with SERVICE is run.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_DENY: Final = 0x00050000 | 13  # SECCOMP_RET_ERRNO with EACCES
_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_AND: Final = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K
_NUMBER_AT, _ARCH_AT, _DOMAIN_AT, _TYPE_AT = 0, 4, 16, 24  # in struct seccomp_data
_X32: Final = 0x40000000


class _Machine(NamedTuple):
    arch: int
    socket: int
    """The number of ``socket``."""
    sockets: tuple[int, ...]
    """connect, sendto, sendmsg, sendmmsg."""
    others: tuple[int, ...]
    """socketpair, bind, listen, accept, accept4, execve, execveat, ptrace, process_vm_readv, process_vm_writev, kill,
    io_uring_setup, io_uring_enter, io_uring_register, pidfd_open, pidfd_getfd, and fork and vfork where they exist."""


# Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
_MACHINES: Final = {
    "x86_64": _Machine(
        0xC000003E,
        41,
        (42, 44, 46, 307),
        (53, 49, 50, 43, 288, 59, 322, 101, 310, 311, 62, 425, 426, 427, 434, 438, 57, 58),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        198,
        (203, 206, 211, 269),
        (199, 200, 201, 202, 242, 221, 281, 117, 270, 271, 129, 425, 426, 427, 434, 438),
    ),
}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_NET: Final = 4  # the first version that restricts TCP
_BIND_TCP, _CONNECT_TCP, _NET_PORT = 1, 2, 2


def limit(memory: int) -> None:
    """Bound this process: *memory* bytes of address space, no file written, no core dumped."""
    for kind, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, hard))


def die_with(parent: int) -> None:
    """Let the kernel kill this process when the thread that started it ends, and end now if that happened already.

    Args:
        parent: Process id of the parent; 0 leaves everything as it is.
    """
    if sys.platform == "linux" and parent:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            raise SystemExit(0)


def confine(ports: Sequence[int] = ()) -> bool:
    """Deny this process sockets, programs and other processes, for good; whether that could be done.

    Args:
        ports: TCP ports that it may still connect to (by Landlock, Linux 6.7), for SERVICE through the local broker.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None or struct.calcsize("P") != 8:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    if ports and not _only_ports(libc, ports):
        return False
    return _filter(libc, machine, tcp=bool(ports))


def _filter(libc: ctypes.CDLL, machine: _Machine, *, tcp: bool) -> bool:
    """Install the system call filter. With *tcp*, stream sockets of the internet can be made and connected."""
    denied = machine.others if tcp else (machine.socket, *machine.sockets, *machine.others)
    program = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 1, 0, machine.arch),
        (_RETURN, 0, 0, _DENY),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _DENY),
    ]
    for number in denied:
        program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _DENY)]
    if tcp:
        program += [
            (_EQUAL, 0, 7, machine.socket),
            (_LOAD, 0, 0, _DOMAIN_AT),
            (_EQUAL, 1, 0, 2),  # AF_INET
            (_EQUAL, 0, 3, 10),  # AF_INET6
            (_LOAD, 0, 0, _TYPE_AT),
            (_AND, 0, 0, 0xF),
            (_EQUAL, 1, 0, 1),  # SOCK_STREAM
            (_RETURN, 0, 0, _DENY),
        ]
    program.append((_RETURN, 0, 0, _ALLOW))
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(buffer)))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(head), 0, 0) == 0)


def _only_ports(libc: ctypes.CDLL, ports: Sequence[int]) -> bool:
    """Let TCP connect only to *ports*, and bind nowhere."""
    if libc.syscall(_LANDLOCK_CREATE, None, 0, 1) < _LANDLOCK_NET:
        return False
    handled = ctypes.create_string_buffer(struct.pack("<QQ", 0, _BIND_TCP | _CONNECT_TCP), 16)
    rules = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(handled), 16, 0)
    if rules < 0:
        return False
    for port in ports:
        rule = ctypes.create_string_buffer(struct.pack("<QQ", _CONNECT_TCP, port), 16)
        if libc.syscall(_LANDLOCK_ADD, rules, _NET_PORT, ctypes.byref(rule), 0) != 0:
            return False
    done = libc.syscall(_LANDLOCK_RESTRICT, rules, 0) == 0
    os.close(rules)
    return bool(done)
