import io

import pytest

from bali.errors import InputError
from bali.io import unpacking
from bali.io.unpacking import BoundedStream, check_unpacked


def test_what_unpacks_far_beyond_real_files_is_refused(monkeypatch):
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1000)
    check_unpacked(1000, 1, "a.gz")
    check_unpacked(200 * 50, 50, "a.gz")
    with pytest.raises(InputError, match=r"a\.gz: expected at most 200 bytes for each packed one, got 10,001 or more"):
        check_unpacked(200 * 50 + 1, 50, "a.gz")


def test_a_bounded_stream_gives_all_up_to_its_end(monkeypatch):
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1000)
    data = bytes(range(250)) * 4
    assert io.BufferedReader(BoundedStream(io.BytesIO(data), 1, "a.gz"), 64).read() == data
    stream = io.BufferedReader(BoundedStream(io.BytesIO(data + b"x"), 1, "a.gz"), 64)
    assert stream.read(900) == data[:900]
    with pytest.raises(InputError, match=r"a\.gz"):
        stream.read()
