"""Decimal numbers in a text, all parsed at once: eight digits a step in one 64-bit word.

The word-at-a-time step is Lemire's ("Number parsing at a gigabyte per second", 2021). A number's
digits are an integer of at most 16 digits divided by a power of ten of at most 10^8, so that the
result is the correctly rounded one, the same as Python's ``float``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

_BYTE, _ZERO = np.uint64(0xFF), np.uint64(ord("0"))
_DOT = np.uint64((ord(".") - ord("0")) % 2**64)
_ZEROS = np.uint64(0x3030303030303030)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_HIGH_BITS = np.uint64(0x8080808080808080)
_EVERY_FOURTH = np.uint64(0x000000FF000000FF)
_TIMES_100_AND_MILLION = np.uint64(0x000F424000000064)
_TIMES_1_AND_10000 = np.uint64(0x0000271000000001)
_TENS = 10.0 ** np.arange(9)


def parse_decimals(data: bytes, starts: Places, ends: Places) -> NDArray[np.float64]:
    """The numbers at the given places of a text.

    Args:
        data: the text.
        starts: place of each number's first character, any shape.
        ends: place behind its last; the same shape.

    Raises:
        ValueError: a place holds no number.
    """
    begin, end = starts.ravel(), ends.ravel()
    # Eight bytes from a start on, and eight up to an end, exist but at the text's very ends.
    inside = (begin >= 8) & (begin + 8 <= len(data))
    if inside.all():
        values, plain = _plain_decimals(data, begin, end)
    else:
        values, plain = np.zeros(len(begin)), np.zeros(len(begin), dtype=np.bool_)
    for place in np.flatnonzero(~plain).tolist():
        word = data[begin[place] : end[place]]
        if b"_" in word:
            raise ValueError(f"could not convert string to float: {word[:40]!r}")
        values[place] = float(word)
    return values.reshape(starts.shape)


def _plain_decimals(
    data: bytes, begin: Places, end: Places
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Numbers of the form ``-12.3456789`` and whether each has it: nearly all have.

    One or two digits, a dot, one to eight digits.
    """
    words: NDArray[np.uint64] = np.ndarray((len(data) - 7,), dtype="<u8", buffer=data, strides=(1,))
    word = words[begin]
    negative = (word & _BYTE) == ord("-")
    word >>= negative.astype(np.uint64) << np.uint64(3)
    # Differences wrap around: what is no digit is far above nine.
    first = (word & _BYTE) - _ZERO
    second = ((word >> np.uint64(8)) & _BYTE) - _ZERO
    one_digit = second == _DOT
    two_digits = (((word >> np.uint64(16)) & _BYTE) - _ZERO == _DOT) & (second <= 9)
    digits = end - begin - negative - np.where(one_digit, 2, 3)
    plain = (first <= 9) & (one_digit | two_digits) & (digits >= 1) & (digits <= 8)
    digits[~plain] = 1
    fraction, are_digits = _eight_digits(words[end - 8], digits)
    plain &= are_digits
    whole = np.where(one_digit, first, first * np.uint64(10) + second)
    scale = _TENS[digits]
    values = (whole * scale + fraction) / scale
    return np.negative(values, out=values, where=negative), plain


def _eight_digits(
    word: NDArray[np.uint64], digits: Places
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The whole numbers that so many (1 to 8) last characters of words make, and whether any."""
    unused = (8 - digits).astype(np.uint64) << np.uint64(3)
    word = ((word ^ _ZEROS) >> unused) << unused
    are_digits = (((word + _ABOVE_NINE) | word) & _HIGH_BITS) == 0
    pairs = word * np.uint64(10) + (word >> np.uint64(8))
    high = (pairs & _EVERY_FOURTH) * _TIMES_100_AND_MILLION
    low = ((pairs >> np.uint64(16)) & _EVERY_FOURTH) * _TIMES_1_AND_10000
    return ((high + low) >> np.uint64(32)).astype(np.float64), are_digits
