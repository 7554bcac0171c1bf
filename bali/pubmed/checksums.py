"""MD5 files as NLM puts them beside its own: pubmed24n0001.xml.gz.md5 holds "MD5(pubmed24n0001.xml.gz)= 3c5b...".

The form of `md5sum` ("3c5b...  pubmed24n0001.xml.gz") is read too.
"""

import re
from pathlib import Path

from bali.errors import InputError
from bali.io.files import digest_file

MD5_SUFFIX = ".md5"
_MD5 = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])")
_LONGEST = 1 << 12


def check_md5(path: Path) -> bool:
    """Compare a file with the MD5 file beside it.

    Returns:
        Whether there was one; it then agrees.

    Raises:
        InputError: the MD5 file holds no MD5 sum, or another one than the file has.
    """
    beside = path.with_name(path.name + MD5_SUFFIX)
    if not (path.is_file() and beside.is_file()):
        return False
    with beside.open("rb") as stream:
        sums = {found.lower() for found in _MD5.findall(stream.read(_LONGEST))}
    if len(sums) != 1:
        raise InputError(
            f"{beside}: expected one MD5 sum of 32 hexadecimal digits, got {len(sums)}. Fetch it again, or remove it."
        )
    expected = sums.pop().decode()
    found = digest_file(path, "md5")
    if found != expected:
        raise InputError(
            f"{path}: expected the MD5 sum {expected} of {beside.name}, got {found}. The file is damaged or of another"
            " release; fetch both again."
        )
    return True
