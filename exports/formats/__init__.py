"""The formats: a name, and a function from a record to its rows. One file a format, with a golden example each.

Names are a contract (URLs, queries). A name that is not here is not built: the caller answers 404.
"""

from collections.abc import Callable, Iterator

from exports.formats import kto, kwise, raw, sft_messages, trl_preference, trl_preference_implicit
from exports.formats.options import Options, Row
from exports.record import Record

type_of_rows = Callable[[Record, Options], Iterator[Row]]

FORMATS: dict[str, type_of_rows] = {
    "kwise": kwise.rows,
    "raw": raw.rows,
    "sft-messages": sft_messages.rows,
    "trl-preference": trl_preference.rows,
    "trl-preference-implicit": trl_preference_implicit.rows,
    "kto": kto.rows,
}
DEFAULT_FORMATS = ("kwise", "trl-preference")

__all__ = ["DEFAULT_FORMATS", "FORMATS", "Options", "Row"]
