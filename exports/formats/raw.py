"""Everything, free-text comments only if asked for: one row a judgement.

What has other keys in every project (parameters, ratings, flags, categories) is JSON within a string, an entry an
answer, because readers such as `datasets` and Parquet want the same columns in each row.
"""

from collections.abc import Iterator

from exports.formats.columns import MESSAGES, NUMBER, TEXT, WHOLE, YES_NO, Columns
from exports.formats.format import Format
from exports.formats.options import Options, Row, as_json
from exports.record import Record, Verdict


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row a judgement; all lists run beside `responses`, a rank is null where the answer was left unranked."""
    shared = _shared(record)
    for verdict in record.verdicts:
        yield {**shared, **_verdict(verdict), **({"comment": verdict.comment} if options.comments else {})}


def _shared(record: Record) -> Row:
    return {
        "group_id": record.group_id,
        "prompt_id": record.prompt_id,
        "family": record.family,
        "language": record.language,
        "category": record.category,
        "source": record.source,
        "prompt": record.messages,
        "responses": [response.text for response in record.responses],
        "response_ids": [response.id for response in record.responses],
        "models": [response.model for response in record.responses],
        "parameters": [as_json(response.parameters) for response in record.responses],
    }


def _verdict(verdict: Verdict) -> Row:
    return {
        "annotator": verdict.annotator,
        "ranks": verdict.ranks,
        "strength": verdict.strength,
        "ratings": [as_json(ratings) for ratings in verdict.ratings],
        "flags": [as_json(flags) for flags in verdict.flags],
        "categories": [as_json(categories) for categories in verdict.categories],
        "all_bad": verdict.all_bad,
        "edited_text": verdict.edited_text,
        "seconds": verdict.seconds,
    }


def columns(options: Options) -> Columns:
    names = ("group_id", "prompt_id", "family", "language", "category", "source")
    lists = ("responses", "response_ids", "models", "parameters")
    said = ("ratings", "flags", "categories")
    return {
        **dict.fromkeys(names, TEXT),
        "prompt": MESSAGES,
        **{name: [TEXT] for name in lists},
        "annotator": TEXT,
        "ranks": [WHOLE],
        "strength": WHOLE,
        **{name: [TEXT] for name in said},
        "all_bad": YES_NO,
        "edited_text": TEXT,
        "seconds": NUMBER,
        **({"comment": TEXT} if options.comments else {}),
    }


FORMAT = Format(rows, columns, phase=None)
