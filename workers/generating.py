"""Jobs that sample answers: which prompts, how many, with what parameters; written chunk by chunk, so that it resumes.

The order of prompts, the seeds and the chunks are fixed when the job is made. A chunk's samples and the job's progress
commit together, so a job that lost its worker goes on at the next chunk and ends with the same answers.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from annotation.content import storable, text_hash
from annotation.models import Candidate, Generator, Person, Project, Prompt, Sample
from annotation.tasks import form_rank_tasks
from workers import best_of_n, jobs, model_roots
from workers.generation import Backend, BackendRefused, BackendUnavailable, Message, Request, Sampling, open_backend
from workers.generation import Cancelled as GenerationCancelled
from workers.generation.location import completions_url
from workers.models import Job
from workers.nextup import forming
from workers.sentences import Sentence

CHUNK = 4  # prompts: large enough to batch, small enough that little is lost with a worker
TEMPERATURES = (0.3, 0.7, 0.9, 1.1)
EXTRA_ROUNDS = 2  # further tries for a prompt whose answers came out identical
DEFAULT_SAMPLING = {"top_p": 0.95, "top_k": 50, "max_new_tokens": 160}
PARAMETERS = ("temperature", "top_p", "top_k", "max_new_tokens")


def start(
    *,
    project: Project,
    by: Person | None,
    generator: Generator | None = None,
    prompt_ids: Iterable[int] | None = None,
    per_prompt: int | None = None,
    temperatures: Sequence[float] | None = None,
    max_new_tokens: int | None = None,
    seed: int | None = None,
    best_of: int | None = None,
) -> Job:
    """Queue a job that gives each prompt `per_prompt` answers (K), or those that it lacks.

    Without `prompt_ids`: every accepted prompt with fewer than that. With `best_of`, or the generator's own setting of
    that name, each is the best of so many: see best_of_n.py. Raises `jobs.Refused`.
    """
    wanted = per_prompt or project.k
    generator = generator or default_generator(project)
    check_generator(generator)
    ids = _prompts(project, prompt_ids, wanted)
    if not ids:
        raise jobs.Refused("There is nothing to generate: every prompt has its answers already.")
    sampling = {**DEFAULT_SAMPLING, **{k: v for k, v in generator.parameters.items() if k in PARAMETERS}}
    if max_new_tokens:
        sampling["max_new_tokens"] = max_new_tokens
    if temperatures is None:
        temperatures = [sampling["temperature"]] if "temperature" in sampling else TEMPERATURES
    draws = best_of_n.checked(project, generator.parameters.get("best_of", 1) if best_of is None else best_of)
    arguments = {
        "generator": generator.pk,
        "best_of": draws,
        "prompts": ids,
        "per_prompt": wanted,
        "temperatures": list(temperatures),
        "sampling": {k: v for k, v in sampling.items() if k != "temperature"},
        "seed": seed or 0,
    }
    _request({"content": ""}, arguments, 0, 0)  # refuses senseless parameters now rather than in the worker
    return jobs.enqueue(Job.Kind.GENERATE, project=project, by=by, arguments=arguments)


def default_generator(project: Project) -> Generator:
    """The project's newest live generator, or the one that a new installation has."""
    live = [Generator.Backend.TRANSFORMERS, Generator.Backend.OPENAI]
    if newest := project.generators.filter(backend__in=live).order_by("-pk").first():
        return newest
    return Generator.objects.get_or_create(
        project=project, name="SmolLM2-135M-Instruct", defaults=settings.DEFAULT_GENERATOR
    )[0]


def check_generator(generator: Generator) -> Sentence | None:
    """Raise `jobs.Refused` for a generator that cannot or must not be asked; see `model_roots.check_generator`."""
    if not generator.is_live:
        raise jobs.Refused(
            "%(name)s is a mark for answers made elsewhere: choose a model that can answer.", name=generator.name
        )
    if generator.backend != Generator.Backend.OPENAI:
        return model_roots.check_generator(generator.location)
    try:
        completions_url(generator.location)
    except BackendRefused as refusal:
        raise jobs.Refused(refusal) from refusal
    host = urlsplit(generator.location).hostname
    if host not in settings.GENERATION_HOSTS:
        raise jobs.Refused(
            "The workers may not talk to %(host)s: "
            "whoever runs this server must name the host in GENERATION_HOSTS first.",
            host=host,
        )
    return None


def _prompts(project: Project, prompt_ids: Iterable[int] | None, wanted: int) -> list[int]:
    prompts = Prompt.objects.filter(project=project, review_state=Prompt.Review.ACCEPTED)
    if prompt_ids is not None:
        prompts = prompts.filter(pk__in=list(prompt_ids))
    else:  # a chat's turn has the answers that its task asked for
        prompts = prompts.exclude(Exists(Candidate.objects.filter(sample__prompt=OuterRef("pk"))))
    counted = prompts.annotate(answers=Count("samples", filter=Q(samples__usable=True)))
    return list(counted.filter(answers__lt=wanted).order_by("pk").values_list("pk", flat=True))


@jobs.handler(Job.Kind.GENERATE)
def generate(job: jobs.RunningJob) -> dict[str, Any]:
    """Sample what is still missing, chunk by chunk; answers `{samples, prompts, tasks}`."""
    generator = Generator.objects.get(pk=job.arguments["generator"], project=job.project)
    check_generator(generator)
    prompts: list[int] = job.arguments["prompts"]
    done = job.mine().values_list("done", flat=True).get()
    job.progress(done, len(prompts), "loading the model")
    each = job.arguments["per_prompt"]
    job.log(
        "%(name)s: %(n)d answers for each of %(prompts)d prompts.", name=generator.name, n=each, prompts=len(prompts)
    )
    judge = best_of_n.judge_of(job.project, draws=_draws(job), per_prompt=job.arguments["per_prompt"])
    backend = open_generator(generator)
    try:
        for first in range(done - done % CHUNK, len(prompts), CHUNK):
            _chunk(job, backend, generator, judge, prompts[first : first + CHUNK], first)
    except GenerationCancelled:
        job.check()
        raise
    except BackendRefused as refusal:
        raise jobs.Refused(refusal) from refusal
    except BackendUnavailable as away:
        raise jobs.Refused("%(why)s What was answered is kept: ask again for the rest.", why=away) from away
    finally:
        backend.close()
    made = Sample.objects.filter(prompt__in=prompts, generator=generator).count()
    return {"prompts": len(prompts), "samples": made, "generator": generator.pk}


def open_generator(generator: Generator) -> Backend:
    """Raises `jobs.Refused`."""
    options = dict(generator.parameters.get("options", {}))
    if generator.backend == Generator.Backend.OPENAI:
        options |= {"model": generator.model} if generator.model else {}
    else:
        options |= {"cache": str(Path(settings.DATA_DIR) / "models")}
    try:
        return open_backend(generator.backend, generator.location, options)
    except BackendRefused as refusal:
        raise jobs.Refused(refusal) from refusal


def _draws(job: jobs.RunningJob) -> int:
    return int(job.arguments.get("best_of", 1))


def _chunk(
    job: jobs.RunningJob,
    backend: Backend,
    generator: Generator,
    judge: best_of_n.Judge | None,
    ids: list[int],
    first: int,
) -> None:
    """Sample for these prompts until each has its answers, and commit them with the progress."""
    job.progress(first, len(job.arguments["prompts"]), "sampling")
    prompts = list(Prompt.objects.filter(pk__in=ids).order_by("pk"))
    texts = _known_texts(prompts)
    filled = _usable_answers(prompts)
    made: list[best_of_n.Drawn] = []
    for extra in range(1 + EXTRA_ROUNDS):
        wishes = _missing(prompts, filled, job.arguments, extra)
        if not wishes:
            break
        answers = backend.generate([request for _, request in wishes], cancelled=job.must_stop)
        for (number, request), answer in zip(wishes, answers, strict=True):
            prompt_id = int(request.key)
            text = storable(answer.text).strip()
            if text and text not in texts[prompt_id]:
                texts[prompt_id].add(text)
                filled[prompt_id].add(number)
                made.append((number, _sample(prompt_id, generator, request.sampling, answer, text)))
    scores = judge.choose(made, prompts, draws=_draws(job)) if judge else {}
    _commit(job, [sample for _, sample in made], scores, judge, ids, first)


def _known_texts(prompts: list[Prompt]) -> dict[int, set[str]]:
    """What a new answer must differ from, those too that best of n set aside."""
    texts: dict[int, set[str]] = {prompt.pk: set() for prompt in prompts}
    for prompt_id, text in Sample.objects.filter(prompt__in=texts).values_list("prompt_id", "text"):
        texts[prompt_id].add(text)
    return texts


def _usable_answers(prompts: list[Prompt]) -> dict[int, set[int]]:
    """The numbers of the answers that each prompt has: as many, from 0, as are usable."""
    usable = Sample.objects.filter(prompt__in=prompts, usable=True).values_list("prompt_id")
    counts = dict(usable.annotate(n=Count("pk")).order_by())
    return {prompt.pk: set(range(counts.get(prompt.pk, 0))) for prompt in prompts}


def _missing(
    prompts: list[Prompt], filled: dict[int, set[int]], arguments: dict[str, Any], extra: int
) -> list[tuple[int, Request]]:
    """Numbers and requests of the answers that prompts still lack; another round draws with seeds of its own."""
    wanted = arguments["per_prompt"]
    return [
        (number, _request(prompt.messages, arguments, number + extra * wanted, prompt.pk, prompt.content_hash, draw))
        for prompt in prompts
        for number in range(wanted)
        if number not in filled[prompt.pk]
        for draw in range(arguments.get("best_of", 1))
    ]


def _request(
    messages: Any, arguments: dict[str, Any], number: int, prompt_id: int, content_hash: str = "", draw: int = 0
) -> Request:
    temperatures = arguments["temperatures"]
    try:
        sampling = Sampling(
            temperature=temperatures[number % len(temperatures)],
            seed=_seed(arguments["seed"], content_hash, number, draw),
            **arguments["sampling"],
        )
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise jobs.Refused("These sampling parameters make no sense: %(why)s.", why=error) from error
    return Request(key=str(prompt_id), messages=cast(list[Message], messages), sampling=sampling)


def _seed(seed: int, content_hash: str, number: int, draw: int) -> int:
    """A seed of 31 bits that depends on the prompt's content, so that it is the same on any machine."""
    place = f"{seed}:{content_hash}:{number}" + (f":{draw}" if draw else "")
    return int.from_bytes(hashlib.sha256(place.encode()).digest()[:4]) >> 1


def _sample(prompt_id: int, generator: Generator, sampling: Sampling, answer: Any, text: str) -> Sample:
    return Sample(
        prompt_id=prompt_id,
        generator=generator,
        text=text,
        text_hash=text_hash(text),
        parameters={name: getattr(sampling, name) for name in PARAMETERS},
        seed=sampling.seed,
        finish_reason=answer.finish_reason,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        latency_ms=answer.latency_ms,
    )


@transaction.atomic
def _commit(
    job: jobs.RunningJob,
    samples: list[Sample],
    scores: best_of_n.TextScores,
    judge: best_of_n.Judge | None,
    prompt_ids: list[int],
    first: int,
) -> None:
    Sample.objects.bulk_create(samples, ignore_conflicts=True)
    if judge:
        judge.keep(scores, prompt_ids)
    if job.project.auto_tasks:
        order = forming.sample_order(job.project, prompt_ids)
        form_rank_tasks(project=job.project, prompt_ids=prompt_ids, sample_order=order)
    done = first + len(prompt_ids)
    job.progress(done, len(job.arguments["prompts"]), "sampling")  # raises, and so rolls back, when the job is lost
