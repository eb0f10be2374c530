"""Parsed JSON → records. Each function raises `ValueError` with a sentence that says what is wrong and the cure."""

import json
import math
from typing import Any

from django.utils.translation import gettext as _

from annotation import content
from annotation.content import checked_text, kind_of
from annotation.intake.rows import ComparisonRow, Data, GeneratorRow, PromptRow, ResponseRow, SampleRow
from annotation.models import Generator, Prompt, Sample
from annotation.models.judgement import OVERALL, Ranking

MAX_RESPONSES = 100
MAX_PARAMETERS_BYTES = 10_000
MAX_PARAMETERS_DEPTH = 6
MAX_ANNOTATOR = 1_000
UNKNOWN = GeneratorRow("imported")  # of ranked answers that name no model
BIG = 2**63


def limit(model: type[Any], name: str) -> int:
    """How many characters the model's column holds."""
    return int(model._meta.get_field(name).max_length)


def prompt_row(data: Data) -> PromptRow:
    """`{messages | prompt, language?, category?, source?, external_id?, family?}`."""
    given = data.get("messages", data.get("prompt"))
    if given is None:
        raise ValueError(_("There is no prompt: give prompt (a text) or messages (a list of role and content)."))
    return PromptRow(
        messages=content.messages_of(given),
        language=label(data, "language", limit(Prompt, "language")),
        category=label(data, "category", limit(Prompt, "category")),
        source=label(data, "source", limit(Prompt, "source")),
        external_id=label(data, "external_id", limit(Prompt, "external_id")),
        given_family=label(data, "family", limit(Prompt, "family")),
    )


def sample_row(data: Data) -> SampleRow:
    """`{prompt_id | prompt | messages, text, generator, parameters?, seed?, finish_reason?}`."""
    prompt_id = data.get("prompt_id")
    if prompt_id is not None and (not is_whole(prompt_id) or not 0 < prompt_id < BIG):
        words = _("prompt_id must be the number of a prompt, not %(value)s.")
        raise ValueError(words % {"value": f"{prompt_id!r:.40}"})
    if data.get("generator") is None:
        raise ValueError(_("There is no generator: name the model that wrote the text."))
    return SampleRow(
        text=required_text(data, "text"),
        generator=generator_row(data["generator"]),
        prompt_id=prompt_id,
        prompt=prompt_row(data) if prompt_id is None else None,
        parameters=parameters(data.get("parameters")),
        seed=seed(data.get("seed")),
        finish_reason=label(data, "finish_reason", limit(Sample, "finish_reason")),
    )


def comparison_row(data: Data) -> ComparisonRow:
    """`{prompt | messages, responses, ranks, annotator?, criterion?, strength?, generators?, …prompt_row's}`.

    A response is a text or `{text, generator?}`; a lower rank is better and equal ranks tie. The same text twice
    with one rank is one answer.
    """
    texts, generators = zip(*(response(one, n) for n, one in enumerate(listed(data, "responses"), 1)), strict=True)
    named = generators_of(data, len(texts)) or list(generators)
    merged = merge(texts, ranks_of(data, len(texts)))
    first = {text: i for i, text in reversed(list(enumerate(texts)))}
    return ComparisonRow(
        prompt=prompt_row(data),
        responses=tuple(ResponseRow(text, named[first[text]]) for text in merged),
        ranks=dense(list(merged.values())),
        annotator=label(data, "annotator", MAX_ANNOTATOR),
        criterion=label(data, "criterion", limit(Ranking, "criterion")) or OVERALL,
        strength=strength(data.get("strength")),
    )


def response(given: Any, number: int) -> tuple[str, GeneratorRow]:
    """The text of one response and who wrote it."""
    what = _("Response %(n)d") % {"n": number}
    if not isinstance(given, dict):
        return checked_text(given, what), UNKNOWN
    if "text" not in given:
        raise ValueError(
            _("%(what)s has no text: write a text, or an object with text and generator.") % {"what": what}
        )
    written_by = given.get("generator")
    return checked_text(given["text"], what), UNKNOWN if written_by is None else generator_row(written_by)


def ranks_of(data: Data, expected: int) -> list[int]:
    ranks = listed(data, "ranks")
    if not all(is_whole(rank) and abs(rank) < BIG for rank in ranks):
        raise ValueError(_("ranks must be whole numbers, lower is better, equal is a tie."))
    if len(ranks) != expected:
        words = _("There are %(expected)d responses but %(found)d ranks: give each response one rank.")
        raise ValueError(words % {"expected": expected, "found": len(ranks)})
    return ranks


def generators_of(data: Data, expected: int) -> list[GeneratorRow]:
    """Who wrote the responses, where a list beside them says so; else empty."""
    if data.get("generators") is None:
        return []
    named = listed(data, "generators")
    if len(named) != expected:
        words = _("There are %(expected)d responses but %(found)d generators: give each response one.")
        raise ValueError(words % {"expected": expected, "found": len(named)})
    return [UNKNOWN if one is None else generator_row(one) for one in named]


def merge(texts: tuple[str, ...], ranks: list[int]) -> dict[str, int]:
    """Text → rank with each text once; an answer cannot be better than itself."""
    merged: dict[str, int] = {}
    for number, (text, rank) in enumerate(zip(texts, ranks, strict=True), start=1):
        if merged.setdefault(text, rank) != rank:
            words = _("Response %(n)d repeats an earlier one word for word but has another rank.")
            raise ValueError(words % {"n": number})
    if len(merged) < 2:
        raise ValueError(_("All responses are the same text: there is nothing to compare."))
    return merged


def dense(ranks: list[int]) -> tuple[int, ...]:
    """Any whole numbers as ranks 0, 1, 2 … in the same weak order."""
    levels = {rank: level for level, rank in enumerate(sorted(set(ranks)))}
    return tuple(levels[rank] for rank in ranks)


def generator_row(given: Any) -> GeneratorRow:
    """A model's name, or `{name, backend?, parameters?}`."""
    data = given if isinstance(given, dict) else {"name": given}
    name = label(data, "name", limit(Generator, "name"))
    if not name:
        raise ValueError(_("The generator has no name: name the model that wrote the text."))
    backend = label(data, "backend", 40) or Generator.Backend.IMPORTED
    if backend not in Generator.Backend.values:
        words = _("There is no backend %(name)s: use one of %(known)s.")
        raise ValueError(words % {"name": repr(backend), "known": ", ".join(Generator.Backend.values)})
    return GeneratorRow(name, backend, parameters(data.get("parameters")))


def required_text(data: Data, name: str) -> str:
    if name not in data:
        raise ValueError(_("There is no %(name)s.") % {"name": name})
    return checked_text(data[name], name)


def label(data: Data, name: str, longest: int) -> str:
    """A short text; numbers (ids often are) are written out, null is empty."""
    value = data.get(name)
    if value is None:
        return ""
    text = checked_text(str(value) if is_whole(value) else value, name).strip()
    if len(text) > longest:
        words = _("%(name)s is %(size)d characters long: at most %(most)d are taken.")
        raise ValueError(words % {"name": name, "size": len(text), "most": longest})
    return text


def listed(data: Data, name: str) -> list[Any]:
    value = data.get(name)
    if not isinstance(value, list):
        raise ValueError(_("%(name)s must be a list, not %(kind)s.") % {"name": name, "kind": kind_of(value)})
    if not 2 <= len(value) <= MAX_RESPONSES:
        words = _("%(name)s must list 2 to %(most)d, this one lists %(found)d.")
        raise ValueError(words % {"name": name, "most": MAX_RESPONSES, "found": len(value)})
    return value


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def strength(value: Any) -> int | None:
    if value is None:
        return None
    if not is_whole(value) or not 1 <= value <= 4:
        raise ValueError(_("strength must be 1 (negligibly better) to 4 (significantly better), or absent."))
    return int(value)


def seed(value: Any) -> int | None:
    if value is None:
        return None
    if not is_whole(value) or not -BIG <= value < BIG:
        raise ValueError(_("seed must be a whole number of at most 64 bits."))
    return int(value)


def parameters(value: Any) -> dict[str, Any]:
    """Sampling parameters as PostgreSQL's jsonb can hold them."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(_("parameters must be an object, not %(kind)s.") % {"kind": kind_of(value)})
    cleaned: dict[str, Any] = storable_json(value, MAX_PARAMETERS_DEPTH)
    if len(json.dumps(cleaned)) > MAX_PARAMETERS_BYTES:
        words = _("parameters are too long: at most %(most)s bytes are taken.")
        raise ValueError(words % {"most": f"{MAX_PARAMETERS_BYTES:,}"})
    return cleaned


def storable_json(value: Any, depth: int) -> Any:
    if depth < 0:
        raise ValueError(_("parameters are nested deeper than %(most)d levels.") % {"most": MAX_PARAMETERS_DEPTH})
    match value:
        case str():
            return content.storable(value)
        case dict():
            return {content.storable(key): storable_json(one, depth - 1) for key, one in value.items()}
        case list():
            return [storable_json(one, depth - 1) for one in value]
        case float() if not math.isfinite(value):
            raise ValueError(_("parameters hold a number that is not finite."))
        case _:
            return value
