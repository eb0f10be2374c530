"""Who answers in a conversation: drawn at its first message, never shown to the person who chats (promise 4)."""

import random
from collections.abc import Sequence

from annotation.briefs import Brief
from annotation.chatting import Voice
from annotation.models import Generator, Project
from workers import jobs
from workers.generating import DEFAULT_SAMPLING, PARAMETERS, TEMPERATURES, check_generator, default_generator


def candidates(project: Project, brief: Brief) -> list[Generator]:
    """The generators that may be drawn: those of the brief, or all live ones that the workers may talk to.

    Raises `jobs.Refused` where there is none.
    """
    live = [Generator.Backend.TRANSFORMERS, Generator.Backend.OPENAI]
    found = list(project.generators.filter(backend__in=live).order_by("pk"))
    if brief.generators:
        found = [generator for generator in found if generator.pk in brief.generators]
    elif not found:
        found = [default_generator(project)]
    if allowed := [generator for generator in found if _may_be_asked(generator)]:
        return allowed
    raise jobs.Refused("No model can answer in this project now: whoever manages it must set one up first.")


def _may_be_asked(generator: Generator) -> bool:
    try:
        check_generator(generator)
    except jobs.Refused:
        return False
    return True


def draw(generators: Sequence[Generator], answers: int) -> list[Voice]:
    """`answers` voices: different generators as far as there are so many, then the same ones at other temperatures."""
    picked: list[Generator] = []
    while len(picked) < answers:
        picked += random.sample(list(generators), min(len(generators), answers - len(picked)))
    heats = {generator.pk: iter(_temperatures(generator, answers)) for generator in generators}
    return [
        {"generator": each.pk, "sampling": {**_sampling(each), "temperature": next(heats[each.pk])}} for each in picked
    ]


def _sampling(generator: Generator) -> dict[str, float]:
    return {**DEFAULT_SAMPLING, **{k: v for k, v in generator.parameters.items() if k in PARAMETERS}}


def _temperatures(generator: Generator, answers: int) -> list[float]:
    """The generator's own, or different ones in an order that tells nothing."""
    if "temperature" in generator.parameters:
        return [generator.parameters["temperature"]] * answers
    rounds = -(-answers // len(TEMPERATURES))
    return random.sample(TEMPERATURES * rounds, answers)
