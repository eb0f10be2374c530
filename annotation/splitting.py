"""Which split a prompt falls into: by family, so that nothing leaks, and stable as the data grow (promise 6)."""

import hashlib
from collections.abc import Sequence

from django.utils.translation import gettext as _

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
DEFAULT_FRACTIONS = (0.9, 0.05, 0.05)


def split_of(family: str, seed: int = 0, fractions: Sequence[float] = DEFAULT_FRACTIONS) -> str:
    """The split of all prompts of `family`: one of `SPLITS`.

    A family's place depends on its name and the seed alone, never on what else there is: new prompts move nobody.
    With few families a split may stay empty; that is what a hash costs.
    """
    at = place(family, seed)
    if at < fractions[0]:
        return TRAIN
    return VALIDATION if at < fractions[0] + fractions[1] else TEST


def place(family: str, seed: int | str) -> float:
    """A number in [0, 1), the same on every machine. 53 bits, so that it never rounds up to 1."""
    digest = hashlib.sha256(f"{seed}:{family}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def checked_fractions(value: object) -> tuple[float, float, float]:
    """`value` as the shares of train, validation and test. Raises `ValueError` with a sentence for the sender."""
    if not isinstance(value, (list, tuple)) or len(value) != len(SPLITS) or not all(map(_is_share, value)):
        raise ValueError(_("fractions: three numbers from 0 to 1, the shares of train, validation and test."))
    if abs(sum(value) - 1) > 1e-9:
        raise ValueError(
            _("%(name)s: they must add up to 1, not %(sum)s.") % {"name": "fractions", "sum": f"{sum(value):g}"}
        )
    train, validation, test = map(float, value)
    return train, validation, test


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
