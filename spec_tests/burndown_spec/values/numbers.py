"""Numbers for the typed fields and for `limit` (rule 7): exact types, finite, 64 bits, whole numbers widened."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from burndown_spec.vocabulary import OwnFloat, OwnInt

__all__ = [
    "FLOATS",
    "INTEGERS",
    "INVALID_FLAGS",
    "INVALID_FLOATS",
    "INVALID_INTEGERS",
    "INVALID_LIMITS",
    "INVALID_PERCENTS",
    "PERCENTS",
    "WIDENED",
]

FLOATS: tuple[float, ...] = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    0.1,
    0.1 + 0.2,
    1 / 3,
    -2.5,
    1e-7,
    1e16,
    1e22,
    1e23,
    2.0**53,
    2.0**63,
    -(2.0**63),
    1e300,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    -1.7976931348623157e308,
)
"""Valid values of a float field; `-0.0` may come back as `0.0`."""

WIDENED: tuple[tuple[int, float], ...] = (
    (0, 0.0),
    (1, 1.0),
    (-1, -1.0),
    (5, 5.0),
    (2**53, 9007199254740992.0),
    (2**53 + 2, 9007199254740994.0),
    (2**62, 4611686018427387904.0),
    (-(2**63), -9223372036854775808.0),
)
"""Whole numbers given to a float field, with the float that comes back."""

INTEGERS: tuple[int, ...] = (0, 1, -1, 7, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63))
"""Valid values of an int field."""

INVALID_FLOATS: tuple[Any, ...] = (
    float("nan"),
    float("inf"),
    float("-inf"),
    True,
    False,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    10**400,
    Decimal("1.5"),
    Fraction(1, 2),
    1j,
    OwnFloat(1.5),
    OwnInt(1),
    "1.5",
    "",
    b"1.5",
    [1.5],
)
"""What no float field takes: not finite, a bool, an int that a float cannot hold or 64 bits cannot, another type."""

INVALID_INTEGERS: tuple[Any, ...] = (
    True,
    False,
    2**63,
    -(2**63) - 1,
    10**400,
    0.0,
    1.0,
    1.5,
    float("nan"),
    Decimal(1),
    OwnInt(1),
    "1",
    "",
    b"1",
    [1],
)
"""What no int field takes: a bool, more than 64 bits, another type, a float without a fraction included."""

INVALID_LIMITS: tuple[Any, ...] = (-1, -(2**63), *INVALID_INTEGERS)
"""What is no `limit`; None is one."""

PERCENTS: tuple[tuple[float, float], ...] = (
    (0.0, 0.0),
    (0, 0.0),
    (5e-324, 5e-324),
    (33.333333333333336, 33.333333333333336),
    (100, 100.0),
    (100.0, 100.0),
)
"""Percentages as given and as they come back."""

INVALID_PERCENTS: tuple[Any, ...] = (-5e-324, -1, 100.00000000000001, 101, *INVALID_FLOATS)
"""What is no percentage: outside of 0.0 and 100.0, or no number for a float field."""

INVALID_FLAGS: tuple[Any, ...] = (0, 1, 0.0, "true", "", [], {}, b"\x01")
"""What is no bool."""
