"""PKU-SafeRLHF: two answers, which is better and which is safer, and what harm is in each."""

from collections.abc import Iterator
from itertools import combinations

from exports.formats.columns import TEXT, WHOLE, YES_NO, Columns
from exports.formats.conversation import transcript
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.formats.unsafe import is_unsafe
from exports.record import Record, consensus

NO_HARM = "none"  # Parquet has no empty struct: a project that asks for no harm has one that is always false


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row two answers of which people say both which is better and which is safer.

    Better is by the query's criterion, safer by the project's second one; where that does not tell, the answer that is
    safe, or less severe, is the safer one. Harm is what most of the judges say; severity is the worst of theirs, from
    0 (safe) up to the number of severities that the project knows.
    """
    better, safer = record.consensus, _safer(record)
    facts = [_facts(record, place, options) for place in range(len(record.responses))]
    for one, two in combinations(range(len(record.responses)), 2):
        sides = better[one], better[two]
        choice = _safer_of(one, two, safer, [facts[one]["severity_level"], facts[two]["severity_level"]])
        if None in sides or sides[0] == sides[1] or choice is None:
            continue
        yield _row(record, [one, two], facts, better=int(better[two] < better[one]), safer=choice)  # type: ignore[operator]


def _row(record: Record, places: list[int], facts: list[Row], *, better: int, safer: int) -> Row:
    single = len(record.messages) == 1
    row: Row = {
        "prompt": record.messages[0]["content"] if single else transcript(record.messages),
        "prompt_source": record.source,
    }
    for name in ("", "_source"):
        for n, place in enumerate(places):
            row[f"response_{n}{name}"] = record.responses[place].model if name else record.responses[place].text
    for name in ("safe", "harm_category", "severity_level"):
        for n, place in enumerate(places):
            row[f"is_response_{n}_safe" if name == "safe" else f"response_{n}_{name}"] = facts[place][name]
    return {**row, "better_response_id": better, "safer_response_id": safer, "group_id": record.group_id}


def _safer(record: Record) -> list[int | None]:
    orders = [(v.safer, v.weight) for v in record.verdicts if v.safer is not None]
    return consensus([order for order, _ in orders], [weight for _, weight in orders]) if orders else []


def _safer_of(one: int, two: int, safer: list[int | None], severity: list[int]) -> int | None:
    first, second = (safer[one], safer[two]) if safer else (None, None)
    if first is not None and second is not None and first != second:
        return int(second < first)
    return None if severity[0] == severity[1] else int(severity[1] < severity[0])


def _facts(record: Record, place: int, options: Options) -> Row:
    said = [verdict.categories[place] for verdict in record.verdicts]
    harms = {name: 2 * sum(name in categories for categories in said) > len(said) for name in options.harms}
    unsafe = any(harms.values()) or 2 * sum(is_unsafe(v, place) for v in record.verdicts) > len(said)
    worst = max((_level(s, options) for found in said for name, s in found.items() if harms.get(name)), default=1)
    return {"safe": not unsafe, "harm_category": harms or {NO_HARM: False}, "severity_level": worst if unsafe else 0}


def _level(severity: str, options: Options) -> int:
    return options.severities.index(severity) + 1 if severity in options.severities else 1


def columns(options: Options) -> Columns:
    both = ("response_0", "response_1", "response_0_source", "response_1_source")
    harms = dict.fromkeys(options.harms or (NO_HARM,), YES_NO)
    return {
        **dict.fromkeys(("prompt", "prompt_source", *both), TEXT),
        "is_response_0_safe": YES_NO,
        "is_response_1_safe": YES_NO,
        "response_0_harm_category": harms,
        "response_1_harm_category": harms,
        "response_0_severity_level": WHOLE,
        "response_1_severity_level": WHOLE,
        "better_response_id": WHOLE,
        "safer_response_id": WHOLE,
        "group_id": TEXT,
    }


FORMAT = Format(rows, columns)
