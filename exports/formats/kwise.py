"""InstructGPT's own unit: one row a prompt with its ranked answers, equal ranks are ties."""

from collections.abc import Iterator

from exports.formats.options import Options, Row, as_json
from exports.record import Record, Verdict


def rows(record: Record, options: Options) -> Iterator[Row]:
    """One row: `ranks` beside `responses` is the people's consensus, 0 best; each person's own is in `judgements`.

    Answers that nobody ranked are in `unranked`. In `judgements` a rank is null where that person gave none; all its
    lists run beside `responses`, and ratings, flags and categories are JSON within a string (see raw.py).
    """
    ranks = record.consensus
    ranked = [place for place, rank in enumerate(ranks) if rank is not None]
    yield {
        "group_id": record.group_id,
        "prompt_id": record.prompt_id,
        "family": record.family,
        "language": record.language,
        "category": record.category,
        "source": record.source,
        "prompt": record.messages,
        "responses": [record.responses[place].text for place in ranked],
        "ranks": [ranks[place] for place in ranked],
        "response_ids": [record.responses[place].id for place in ranked],
        "models": [record.responses[place].model for place in ranked],
        "unranked": [response.text for response, rank in zip(record.responses, ranks, strict=True) if rank is None],
        "judgements": [_judgement(verdict, ranked) for verdict in record.verdicts],
    }


def _judgement(verdict: Verdict, ranked: list[int]) -> Row:
    return {
        "annotator": verdict.annotator,
        "ranks": [verdict.ranks[place] for place in ranked],
        "strength": verdict.strength,
        "ratings": [as_json(verdict.ratings[place]) for place in ranked],
        "flags": [as_json(verdict.flags[place]) for place in ranked],
        "categories": [as_json(verdict.categories[place]) for place in ranked],
        "all_bad": verdict.all_bad,
        "seconds": verdict.seconds,
    }
