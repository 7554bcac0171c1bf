"""Building the trigram index of the fast back end."""

from pathlib import Path

import numpy as np
import polars as pl

from bali.compiled import compiled
from bali.linking.fast.tables import Array

_STRINGS_PER_PIECE = 1 << 18
_SMALLEST_TABLE = 1 << 10
_POSTINGS_PER_PIECE = 1 << 22
_MOST_LEFT = 65535  # of a uint16
_KEY_BITS = 21  # a code point
_MARK = 1  # fills strings of less than three characters


def code_points(strings: pl.Series) -> tuple[Array, Array]:
    """The code points of all strings, uint32, and where each string starts, int64 (num_strings + 1,)."""
    offsets = np.zeros(len(strings) + 1, np.int64)
    np.cumsum(strings.str.len_chars().to_numpy(), out=offsets[1:])
    joined = strings.str.join("")[0] if len(strings) else ""
    return np.frombuffer(joined.encode("utf-32-le"), np.uint32), offsets


def write_dictionary(strings: pl.Series, folder: Path) -> Array:
    """Index strings by their trigrams and write the fields of `Dictionary`, each as an array FIELD.npy.

    What is written is let go, so that millions of names need memory for their trigrams about twice.

    Args:
        strings: in the order in which simstring would get them; none is null.
        folder: where the arrays go.

    Returns:
        The string that each entry of the index stands for, int32 (num_strings,).
    """
    sizes = np.maximum(strings.str.len_chars().to_numpy().astype(np.int32) - 2, 1)
    order = np.argsort(sizes, kind="stable").astype(np.int32)
    entry_starts, trigrams, num_trigrams = _write_trigrams(strings, sizes, order, folder)
    sizes = sizes[order]
    trigram_lists, list_sizes, list_starts = place_lists(entry_starts, trigrams, sizes, num_trigrams)
    places = list_starts[trigram_lists[:-1]]
    postings, left = fill_lists(entry_starts, trigrams, sizes, places)
    signatures, second_signatures = sign(entry_starts, trigrams)
    fields = {
        "sizes": sizes,
        "second_signatures": second_signatures,
        "entry_starts": entry_starts,
        "trigrams": trigrams,
        "trigram_lists": trigram_lists,
        "list_sizes": list_sizes,
        "list_starts": list_starts,
        "left": left,
        "postings": postings,
    }
    for name, array in fields.items():
        np.save(folder / f"{name}.npy", array)
    del fields, trigrams, left
    with (folder / "signatures.npy").open("wb") as file:
        header = {"descr": "<u8", "fortran_order": False, "shape": postings.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, postings.size, _POSTINGS_PER_PIECE):
            file.write(signatures[postings[start : start + _POSTINGS_PER_PIECE]].data)
    return order


def _write_trigrams(strings: pl.Series, sizes: Array, order: Array, folder: Path) -> tuple[Array, Array, int]:
    """Number the trigrams and write the table of their numbers.

    Returns:
        `entry_starts` and `trigrams` of `Dictionary`, and the number of distinct trigrams.
    """
    keys, numbers, count = np.full(_SMALLEST_TABLE, -1, np.int64), np.zeros(_SMALLEST_TABLE, np.int32), 0
    num_distinct = np.empty(len(strings), np.int32)
    frequencies: Array = np.zeros(0, np.int64)
    pieces = []
    for start in range(0, len(strings), _STRINGS_PER_PIECE):
        end = min(start + _STRINGS_PER_PIECE, len(strings))
        codes, offsets = code_points(strings.slice(start, _STRINGS_PER_PIECE))
        keys, numbers, count, trigrams = number_trigrams(codes, offsets, keys, numbers, count)
        frequencies = np.concatenate([frequencies, np.zeros(count - frequencies.size, np.int64)])
        num_kept = keep_distinct(trigrams, sizes[start:end], num_distinct[start:end], frequencies)
        pieces.append(trigrams[:num_kept].copy())
    rank_of = np.empty(count, np.int32)
    rank_of[np.argsort(frequencies, kind="stable")] = np.arange(count, dtype=np.int32)
    np.save(folder / "keys.npy", keys)
    ranks = rank_of[numbers] if count else numbers
    np.save(folder / "ranks.npy", np.where(keys >= 0, ranks, np.int32(-1)).astype(np.int32))
    entry_starts = np.zeros(len(strings) + 1, np.int64)
    np.cumsum(num_distinct[order], out=entry_starts[1:])
    by_entry = np.empty(entry_starts[-1], np.int32)
    place_of = np.empty(len(strings), np.int64)
    place_of[order] = entry_starts[:-1]
    for start in range(0, len(strings), _STRINGS_PER_PIECE):
        end = start + _STRINGS_PER_PIECE
        arrange(pieces.pop(0), num_distinct[start:end], place_of[start:end], rank_of, by_entry)
    return entry_starts, by_entry, count


@compiled
def mix(key: np.int64) -> np.uint64:
    """As `bali.linking.fast.join.mix`, for a compiled function calls those of its own module only."""
    h = np.uint64(key)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@compiled
def place_of_key(keys: Array, key: np.int64) -> np.uint64:
    """Where a key stands in a hash table, or where it would."""
    mask = np.uint64(keys.size - 1)
    place = mix(key) & mask
    while keys[place] != -1 and keys[place] != key:
        place = (place + np.uint64(1)) & mask
    return place


@compiled
def enlarge(keys: Array, numbers: Array) -> tuple[Array, Array]:
    """A hash table twice as large."""
    new_keys = np.full(2 * keys.size, -1, np.int64)
    new_numbers = np.zeros(2 * keys.size, np.int32)
    for place in range(keys.size):
        if keys[place] != -1:
            target = place_of_key(new_keys, keys[place])
            new_keys[target] = keys[place]
            new_numbers[target] = numbers[place]
    return new_keys, new_numbers


@compiled
def number_trigrams(
    codes: Array, offsets: Array, keys: Array, numbers: Array, count: int
) -> tuple[Array, Array, int, Array]:
    """The trigrams of strings as numbers in the order in which they are first seen.

    Args:
        codes: uint32, code points.
        offsets: int64, (num_strings + 1,), first code point of each string.
        keys: int64, hash table of the trigrams numbered so far; -1 where empty.
        numbers: int32, their numbers.
        count: how many there are.

    Returns:
        The hash table, its numbers, their count, and the trigrams of all strings, int32, repeats included.
    """
    total = 0
    for string in range(offsets.size - 1):
        total += max(offsets[string + 1] - offsets[string] - 2, 1)
    out = np.empty(total, np.int32)
    at = 0
    for string in range(offsets.size - 1):
        start, end = offsets[string], offsets[string + 1]
        for first in range(start, max(end - 2, start + 1)):
            key = np.int64(0)
            for place in range(first, first + 3):
                key = (key << _KEY_BITS) | (np.int64(codes[place]) if place < end else np.int64(_MARK))
            found = place_of_key(keys, key)
            if keys[found] == -1:
                keys[found] = key
                numbers[found] = count
                count += 1
                if 2 * count > keys.size:
                    keys, numbers = enlarge(keys, numbers)
                    found = place_of_key(keys, key)
            out[at] = numbers[found]
            at += 1
    return keys, numbers, count, out


@compiled
def keep_distinct(trigrams: Array, sizes: Array, num_distinct: Array, frequencies: Array) -> int:
    """Leave of each string's trigrams the distinct ones, closed up; returns how many are left in all.

    Args:
        trigrams: int32, those of all strings, changed in place.
        sizes: int32, (num_strings,), how many each string has.
        num_distinct: int32, (num_strings,), to fill.
        frequencies: int64, (num_trigrams,), in how many strings each stands; added to.
    """
    out = 0
    start = 0
    for string in range(sizes.size):
        end = start + sizes[string]
        mine = np.sort(trigrams[start:end])
        first = out
        for at in range(mine.size):
            if at == 0 or mine[at] != mine[at - 1]:
                trigrams[out] = mine[at]
                frequencies[mine[at]] += 1
                out += 1
        num_distinct[string] = out - first
        start = end
    return out


@compiled
def arrange(trigrams: Array, num_distinct: Array, places: Array, rank_of: Array, by_entry: Array) -> None:
    """Write the strings' trigrams as ranks, sorted, to their places in `by_entry`."""
    start = 0
    for string in range(num_distinct.size):
        place = places[string]
        for at in range(num_distinct[string]):
            by_entry[place + at] = rank_of[trigrams[start + at]]
        by_entry[place : place + num_distinct[string]].sort()
        start += num_distinct[string]


@compiled
def fill_lists(entry_starts: Array, trigrams: Array, sizes: Array, places: Array) -> tuple[Array, Array]:
    """Fill the lists; returns the fields `postings` and `left` of `Dictionary`.

    Args:
        entry_starts: of `Dictionary`.
        trigrams: of `Dictionary`.
        sizes: of `Dictionary`.
        places: int64, (num_trigrams,), first posting of each trigram; changed.
    """
    postings = np.empty(trigrams.size, np.int32)
    left = np.empty(trigrams.size, np.uint16)
    start = 0
    while start < sizes.size:
        end = start
        most = 0
        while end < sizes.size and sizes[end] == sizes[start]:
            most = max(most, entry_starts[end + 1] - entry_starts[end])
            end += 1
        for remaining in range(most, 0, -1):
            for entry in range(start, end):
                if entry_starts[entry + 1] - entry_starts[entry] >= remaining:
                    trigram = trigrams[entry_starts[entry + 1] - remaining]
                    postings[places[trigram]] = entry
                    left[places[trigram]] = min(remaining, _MOST_LEFT)
                    places[trigram] += 1
        start = end
    return postings, left


@compiled
def place_lists(entry_starts: Array, trigrams: Array, sizes: Array, num_trigrams: int) -> tuple[Array, Array, Array]:
    """Where the lists begin; returns the fields `trigram_lists`, `list_sizes` and `list_starts` of `Dictionary`."""
    trigram_lists = np.zeros(num_trigrams + 1, np.int64)
    last_size = np.zeros(num_trigrams, np.int32)
    for entry in range(sizes.size):
        for trigram in trigrams[entry_starts[entry] : entry_starts[entry + 1]]:
            if last_size[trigram] != sizes[entry]:
                last_size[trigram] = sizes[entry]
                trigram_lists[trigram + 1] += 1
    for trigram in range(num_trigrams):
        trigram_lists[trigram + 1] += trigram_lists[trigram]
        last_size[trigram] = 0
    list_sizes = np.zeros(trigram_lists[-1], np.int32)
    list_starts = np.zeros(trigram_lists[-1] + 1, np.int64)
    next_list = trigram_lists[:-1].copy()
    for entry in range(sizes.size):
        for trigram in trigrams[entry_starts[entry] : entry_starts[entry + 1]]:
            if last_size[trigram] != sizes[entry]:
                last_size[trigram] = sizes[entry]
                list_sizes[next_list[trigram]] = sizes[entry]
                next_list[trigram] += 1
            list_starts[next_list[trigram]] += 1  # the number of the list plus one
    for number in range(list_sizes.size):
        list_starts[number + 1] += list_starts[number]
    return trigram_lists, list_sizes, list_starts


@compiled
def sign(entry_starts: Array, trigrams: Array) -> tuple[Array, Array]:
    """The signature and the second signature of every entry, uint64."""
    signatures = np.zeros(entry_starts.size - 1, np.uint64)
    second_signatures = np.zeros(entry_starts.size - 1, np.uint64)
    for entry in range(signatures.size):
        for at in range(entry_starts[entry], entry_starts[entry + 1]):
            bits = mix(trigrams[at])
            signatures[entry] |= np.uint64(1) << (bits & np.uint64(63))
            second_signatures[entry] |= np.uint64(1) << ((bits >> np.uint64(6)) & np.uint64(63))
    return signatures, second_signatures
