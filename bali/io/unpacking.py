"""Packed files of others: their damage under one name, and how much may come out of them.

DEFLATE packs at best 1 : 1032 (zlib, technical details); names, relations and abstracts 1 : 5 to 1 : 20. What gives far
more than that is made to fill memory or disk.
"""

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from typing import IO, Any

from bali.errors import InputError

DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile, struct.error)
HIGHEST_RATIO = 200  # ten times what real files reach
FREE_BYTES = 1 << 28  # unpacked, whatever the ratio: small files may be very regular


def check_unpacked(num_bytes: int, num_packed: int, place: object) -> None:
    """Refuse what unpacks to far more than real files do.

    Args:
        num_bytes: what came, or would come, out of it.
        num_packed: bytes of the packed file.
        place: how errors call what is unpacked.

    Raises:
        InputError: that is too much.
    """
    if num_bytes > max(FREE_BYTES, HIGHEST_RATIO * num_packed):
        raise InputError(
            f"{place}: expected at most {HIGHEST_RATIO} bytes for each packed one, got {num_bytes:,} or more from"
            f" {num_packed:,}. It is damaged or made to fill memory; unpack it yourself if you trust it."
        )


class BoundedStream(io.RawIOBase):
    """Bytes as they are unpacked, with an end.

    Args:
        stream: gives the unpacked bytes.
        num_packed: bytes of the packed file.
        place: how errors call it.
    """

    def __init__(self, stream: IO[bytes], num_packed: int, place: object) -> None:
        self._stream: Any = stream
        self._num_packed, self._place = num_packed, place
        self._num_bytes = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Fill the buffer; 0 at the end.

        Raises:
            InputError: as `check_unpacked`.
        """
        num_read = int(self._stream.readinto(buffer) or 0)
        self._num_bytes += num_read
        check_unpacked(self._num_bytes, self._num_packed, self._place)
        return num_read
