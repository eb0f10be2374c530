"""Which coding a reader of a file gets: what they say they take (`Accept-Encoding`), where it costs nobody a wait."""

from django.http import HttpRequest

from exports.packing import CODINGS, Coding

# What is packed while the reader waits; larger files are packed for those who ask for the packed file by its name.
MOST_AT_ONCE = 32 * 2**20


def coding_for(request: HttpRequest) -> Coding | None:
    """The best coding that the reader takes; None for the file as it is, which every range of bytes is of."""
    if "Range" in request.headers:
        return None
    taken = {name for name, weight in map(_entry, request.headers.get("Accept-Encoding", "").split(",")) if weight}
    return next((coding for coding in CODINGS if coding.name in taken), None)


def _entry(text: str) -> tuple[str, float]:
    """`gzip;q=0.5` → `("gzip", 0.5)`; a weight that is none counts as nothing."""
    name, _, weight = text.partition(";")
    try:
        return name.strip().lower(), float(weight.strip().removeprefix("q=") or 1)
    except ValueError:
        return name.strip().lower(), 0.0
