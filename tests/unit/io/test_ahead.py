import threading

import pytest

from bali.io.ahead import ahead


def test_items_come_in_order():
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter([None, 0, None]))) == [None, 0, None]
    assert list(ahead(iter([]))) == []


def test_the_next_item_is_made_while_the_present_one_is_used():
    second = threading.Event()

    def items():
        yield 1
        second.set()
        yield 2

    stream = ahead(items())
    assert next(stream) == 1
    assert second.wait(timeout=20)
    assert list(stream) == [2]


def test_an_exception_comes_where_its_item_would():
    def items():
        yield 1
        raise ValueError("no second item")

    stream = ahead(items())
    assert next(stream) == 1
    with pytest.raises(ValueError, match="no second item"):
        next(stream)


def test_a_user_that_stops_early_leaves_no_thread():
    before = threading.active_count()
    for item in ahead(iter(range(10))):
        if item == 3:
            break
    assert threading.active_count() == before
