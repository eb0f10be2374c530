from collections.abc import Iterator

from annotation.comparisons import strict_pairs
from exports.record import Record


def texts(record: Record) -> Iterator[tuple[str, str]]:
    """`(chosen, rejected)` of every strict pair of every judgement, person by person."""
    for verdict in record.verdicts:
        for better, worse in strict_pairs(range(len(record.responses)), verdict.ranks):
            yield record.responses[better].text, record.responses[worse].text
