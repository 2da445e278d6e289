"""A ZIP that is sealed with a password and proves itself: no setting, no key of ours, no database is needed.

A leaf. It is encrypted as WinZip does (AES-256), so 7-Zip and WinRAR open it. `manifest.json` holds the
SHA-256 of each file. `records.jsonl` is a chain: each line's digest is of the digest before it and of its
record. The file's last 64 characters, its comment, are the SHA-256 of all bytes before them.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyzipper

MANIFEST, RECORDS = "manifest.json", "records.jsonl"
BEGINNING = "0" * 64  # what stands before the first record
SEAL = 64  # bytes
PIECE = 1 << 20
_HEX = re.compile(rb"[0-9a-f]{64}")


class Broken(Exception):
    """The file does not hold; the sentence says where."""


class WrongPassword(Exception):
    """The file is as it was written, and opens with another password."""


@dataclass(frozen=True)
class Held:
    """What a file that holds contains: how many files and records, and the chain's head."""

    files: int
    records: int
    head: str


def canonical(record: dict[str, Any]) -> str:
    """Return the one text of a record that its digest is of."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def link(before: str, record: dict[str, Any]) -> str:
    """Return the digest of a record and of all before it."""
    return hashlib.sha256(f"{before}\n{canonical(record)}".encode()).hexdigest()


class SealedZip:
    """A file that grows part by part, on disk; nobody takes it for whole until `close` has ended it."""

    def __init__(self, path: Path, password: str) -> None:
        """Begin one in a new or empty file."""
        self._path = path
        self._zip = pyzipper.AESZipFile(
            path, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
        )
        self._zip.setpassword(password.encode())
        self._zip.comment = b"0" * SEAL
        self._files: dict[str, str] = {}
        self.head, self.records = BEGINNING, 0

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file piece by piece."""
        digest = hashlib.sha256()
        with self._zip.open(name, "w") as part:
            for piece in pieces:
                digest.update(piece)
                part.write(piece)
        self._files[name] = digest.hexdigest()

    def add_records(self, records: Iterable[dict[str, Any]]) -> None:
        """Write the chain of records, one a line."""
        self.add(RECORDS, map(self._line, records))

    def _line(self, record: dict[str, Any]) -> bytes:
        self.head, self.records = link(self.head, record), self.records + 1
        return f"{canonical({'record': record, 'sha256': self.head})}\n".encode()

    def close(self) -> None:
        """Write the manifest, and the digest of the whole."""
        manifest = {"files": self._files, "records": self.records, "head": self.head}
        self._zip.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        self._zip.close()
        with self._path.open("r+b") as file:
            seal = _digest(file, self._path.stat().st_size - SEAL)
            file.write(seal.encode())


def _digest(file: IO[bytes], size: int) -> str:
    digest = hashlib.sha256()
    while size > 0 and (piece := file.read(min(size, PIECE))):
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest()


def verify(path: Path, ask_password: Callable[[], str]) -> Held:
    """Hold a file against what it says of itself; the password is asked for once its bytes are right.

    Raise Broken, WrongPassword, or OSError where the file can't be read.
    """
    _check_bytes(path)
    try:
        with pyzipper.AESZipFile(path) as archive:
            archive.setpassword(ask_password().encode())
            return _check_content(archive)
    except RuntimeError as error:  # the library's word for a password that does not open it
        raise WrongPassword("The password does not open it.") from error
    except (pyzipper.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError) as error:
        raise Broken("It is no archive of enrollcheck, or what is in it was changed.") from error


def _check_bytes(path: Path) -> None:
    with path.open("rb") as file:
        found = _digest(file, path.stat().st_size - SEAL)
        seal = file.read()
    if not _HEX.fullmatch(seal):
        raise Broken("It does not end with its digest: it was cut off, changed, or is another kind of file.")
    if seal.decode() != found:
        raise Broken("Its bytes are not those that were written: at least one was changed.")


def _check_content(archive: pyzipper.AESZipFile) -> Held:
    manifest = json.loads(archive.read(MANIFEST))
    names, files = archive.namelist(), manifest["files"]
    if sorted(names) != sorted([*files, MANIFEST]):
        raise Broken("The files in it are not those that its manifest names.")
    for name, digest in files.items():
        with archive.open(name) as part:
            if _digest(part, archive.getinfo(name).file_size) != digest:
                raise Broken(f"{name} is not the file that its manifest names.")
    head, count = BEGINNING, 0
    with archive.open(RECORDS) as lines:
        for count, line in enumerate(lines, 1):
            one = json.loads(line)
            head = link(head, one["record"])
            if head != one["sha256"]:
                raise Broken(f"{RECORDS}: line {count} does not follow from those before it.")
    if (count, head) != (manifest["records"], manifest["head"]):
        raise Broken(f"{RECORDS}: its end is not the one that the manifest names.")
    return Held(len(files), count, head)
