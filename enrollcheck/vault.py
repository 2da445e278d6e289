"""A backup's file: compressed, sealed with a key of its own, and whole or not at all.

    "enrollcheck backup 1\\n" | 8 bytes nonce prefix | blocks

A block is 4 bytes of length (big endian, the top bit set in the last one) and AES-256-GCM of up to 1 MiB of
zlib-compressed content. The nonce is the prefix and the block's number; header, number and the last-one mark
are authenticated with it, so a block that is changed, moved, left out or cut off at the end does not open.
"""

import base64
import hashlib
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"enrollcheck backup 1\n"
BLOCK = 1 << 20
LAST = 1 << 31
VARIABLE = "BACKUP_KEY"


class Unusable(Exception):
    """A key that is none, or a file that is no whole backup under it; the sentence says which."""


def key_from_environment() -> bytes:
    """Return the backups' key, 32 bytes. Raise Unusable where BACKUP_KEY is missing or is no key."""
    text = os.environ.get(VARIABLE, "")
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Unusable(
            f"{VARIABLE} must be 32 bytes in base64, and must not be one of FIELD_KEY's: keep it apart "
            "from the server, since a backup can't be opened without it."
        )
    return key


def sum_of(file: Path) -> Path:
    """Return where the checksum of a backup lies: beside it."""
    return file.with_name(file.name + ".sha256")


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def check_sum(file: Path) -> None:
    """Raise Unusable where a checksum lies beside the backup and is another's."""
    told = sum_of(file)
    # As bytes: what was damaged need not be text any more.
    if told.exists() and told.read_bytes().split()[:1] != [sha256(file).encode()]:
        raise Unusable(
            f"{file} is not the file whose checksum {told.name} holds: one of the two was "
            "damaged or exchanged."
        )


def _bound(prefix: bytes, number: int, last: bool) -> tuple[bytes, bytes]:
    """Return the nonce of a block, and what is authenticated with it."""
    return prefix + number.to_bytes(4, "big"), MAGIC + prefix + number.to_bytes(4, "big") + bytes([last])


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress the content and cut it into blocks."""
    compressor, waiting = zlib.compressobj(6), bytearray()
    for piece in pieces:
        waiting += compressor.compress(piece)
        while len(waiting) >= BLOCK:
            yield bytes(waiting[:BLOCK])
            del waiting[:BLOCK]
    yield bytes(waiting) + compressor.flush()


def seal(pieces: Iterable[bytes], key: bytes, to: BinaryIO) -> None:
    """Write the pieces, sealed, to a file."""
    cipher, prefix = AESGCM(key), secrets.token_bytes(8)
    to.write(MAGIC + prefix)
    block, number = None, 0
    for following in _blocks(pieces):
        if block is not None:
            _write_block(to, cipher, prefix, number, block, last=False)
            number += 1
        block = following
    _write_block(to, cipher, prefix, number, block or b"", last=True)


def _write_block(
    to: BinaryIO, cipher: AESGCM, prefix: bytes, number: int, block: bytes, *, last: bool
) -> None:
    nonce, bound = _bound(prefix, number, last)
    sealed = cipher.encrypt(nonce, block, bound)
    to.write((len(sealed) | (LAST if last else 0)).to_bytes(4, "big") + sealed)


def unseal(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Yield the content. Raise Unusable for another file, another key, or one that is not whole.

    What was yielded before is sound all the same; use none of it before the end is reached.
    """
    if source.read(len(MAGIC)) != MAGIC:
        raise Unusable("This is not a backup that enrollcheck has made.")
    cipher, prefix, number, last = AESGCM(key), source.read(8), 0, False
    decompressor = zlib.decompressobj()
    while not last:
        head = source.read(4)
        length = int.from_bytes(head, "big")
        last = bool(length & LAST)
        nonce, bound = _bound(prefix, number, last)
        sealed = source.read(length & ~LAST)
        if len(head) < 4 or len(sealed) < length & ~LAST:
            raise Unusable("The backup is cut off: take another one.")
        try:
            block = cipher.decrypt(nonce, sealed, bound)
        except InvalidTag as error:
            raise Unusable(
                f"The backup was damaged, or {VARIABLE} is not the key that it was made with."
            ) from error
        yield decompressor.decompress(block)
        number += 1
    if source.read(1):
        raise Unusable("The backup is followed by something that does not belong to it.")
    yield decompressor.flush()
