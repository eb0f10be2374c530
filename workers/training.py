"""Jobs that train a project's reward model: freeze the rankings, train in a process of its own, register the version.

The trainer (workers/reward/) reads and writes a run folder and knows nothing of Django; this side feeds it, watches it,
and passes on a wish to stop. A run that was interrupted goes on from the trainer's checkpoint.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from annotation import questions
from annotation.comparisons import Group, groups
from annotation.edits import edits
from annotation.models import Judgement, Person, Project
from annotation.models.judgement import OVERALL
from annotation.models.task import TaskKind
from annotation.quality import measuring
from workers import held_out, jobs, model_roots, scoring
from workers.models import Job, RewardModel
from workers.reward import data, launch
from workers.reward.caution import ADVISED, Caution, before_training
from workers.reward.config import TrainConfig
from workers.reward.run_dir import RunDir
from workers.sentences import Sentence

POLL_S = 0.5
LOOKED_AT = 20 * ADVISED  # rankings whose prompts are counted, the newest
MOST = {"processes": 16, "threads": 64}
GRACE_S = 60.0  # for the trainer to save its checkpoint


def start(*, project: Project, by: Person | None, reason: str = "", any_base: bool = False, **config: Any) -> Job:
    """Queue a training; `reason` says which trigger asked for it (triggers.due). `any_base`: for who has the machine.

    Raises `jobs.Refused` where there is nothing to learn from or the settings make no sense, and `IntegrityError` while
    another training of the project is unfinished.
    """
    newest = Judgement.objects.current().filter(project=project).aggregate(newest=Max("pk"))["newest"]
    if newest is None:
        raise jobs.Refused("There are no rankings yet: a reward model needs some to learn from.")
    config = {"base": project.reward_base or settings.DEFAULT_REWARD_BASE, **config}
    _check_criterion(project, _config(config).criterion)
    if not any_base:
        model_roots.check_base(config["base"])
    arguments = {"config": config, "last_judgement": newest, "reason": reason}
    return jobs.enqueue(Job.Kind.TRAIN, project=project, by=by, arguments=arguments)


def cautions(project: Project) -> list[Caution]:
    """What the rankings of today cannot carry."""
    rankings = Judgement.objects.current().filter(project=project, task__kind=TaskKind.RANK, task__lane__purpose="work")
    families = set(rankings.order_by("-pk").values_list("task__prompt__family", flat=True)[:LOOKED_AT])
    return before_training(len(families), sum(held_out.split(family) != "train" for family in families))


def _config(values: dict[str, Any]) -> TrainConfig:
    for name, most in MOST.items():
        if isinstance(values.get(name), int) and values[name] > most:
            raise jobs.Refused("%(name)s may be %(most)d at most: a training shares its machine.", name=name, most=most)
    try:
        return TrainConfig.from_json(json.dumps(values))
    except (ValueError, TypeError) as error:
        raise jobs.Refused(str(error)) from error


def _check_criterion(project: Project, name: str) -> None:
    known = {OVERALL, *questions.of(project).orders}
    if name not in known:
        found = ", ".join(sorted(known))
        raise jobs.Refused("This project has no criterion %(name)s; it has %(known)s.", name=repr(name), known=found)


@jobs.handler(Job.Kind.TRAIN)
def train(job: jobs.RunningJob) -> dict[str, Any]:
    """Train and register a version; answers `{reward_model, version, score_job}`."""
    run = job.folder
    if not (run / "groups.arrow").exists():
        _freeze(job, run)
    _run(job, run)
    model = _register(job, run)
    following = scoring.start(reward_model=model, by=job.created_by)
    return {"reward_model": model.pk, "version": model.version, "score_job": str(following.pk)}


def _freeze(job: jobs.RunningJob, run: Path) -> None:
    """The project's rankings as they are now, in the run folder: what a resumed run trains on does not change."""
    job.progress(0, 0, "reading the rankings")
    config = _config(job.arguments["config"])
    (run / "config.json").write_text(config.to_json(), encoding="utf-8")
    count = Judgement.objects.current().filter(project=job.project)
    people = count.values("person").distinct().count()
    source = {"judgements": count.count(), "people": people, "split_seed": held_out.SEED, **_newest(job)}
    (run / "source.json").write_text(json.dumps(source), encoding="utf-8")
    with data.GroupWriter(run / "groups.arrow") as writer:
        for group in _trainer_groups(job, config):
            writer.write(group)
        ranked = writer.groups
        for group in _edits(job, config):
            writer.write(group)
        edited = writer.groups - ranked
        for group in _demonstrations(job):
            writer.write(group)
    for caution in cautions(job.project):
        job.log(caution.sentence)
    written = writer.groups - ranked - edited
    job.log(
        "%(ranked)d ranked groups, %(edited)d edited answers, %(written)d demonstrations.",
        ranked=ranked,
        edited=edited,
        written=written,
    )


def _newest(job: jobs.RunningJob) -> dict[str, int]:
    newest = Judgement.objects.current().filter(project=job.project).aggregate(newest=Max("pk"))["newest"]
    return {"last_judgement": newest or 0}


def _trainer_groups(job: jobs.RunningJob, config: TrainConfig) -> Iterator[data.Group]:
    reliance = _reliance(job) if config.reliability else None
    for number, group in enumerate(groups(job.project, config.criterion, reliance=reliance)):
        if number % 1000 == 0:
            job.progress(number, 0, "reading the rankings")
        yield _trainer_group(group, config.margin)


def _edits(job: jobs.RunningJob, config: TrainConfig) -> Iterator[data.Group]:
    """Demonstrations that started from an answer, each beside it: the edit is better."""
    reliance = _reliance(job) if config.reliability else None
    for group in edits(job.project, config.criterion, reliance=reliance):
        better, worse = sorted(group.sample_ids)
        yield replace(_trainer_group(group, config.margin), group_id=f"edit {better} {worse}")


def _reliance(job: jobs.RunningJob) -> dict[int, float]:
    """How much each person's judgements count: the share of comparisons in which others agree with them, over chance.

    The measure of the quality page, shrunk towards the average where little is known; 1 for the average person, and
    nought for who agrees no more than chance.
    """
    people = measuring.measure(job.project).figures["people"]
    shares = {each["person"]: each["reliability"]["value"] for each in people if each["reliability"]}
    beyond = {person: max(0.0, share - 0.5) for person, share in shares.items()}
    average = sum(beyond.values()) / len(beyond) if beyond else 0.0
    return {person: value / average for person, value in beyond.items()} if average else {}


def _trainer_group(group: Group, margin: float) -> data.Group:
    return data.Group(
        group_id=str(group.task_id),
        prompt_id=group.content_hash,
        family=group.family,
        split=held_out.split(group.family),
        messages=group.messages,
        response_ids=[str(pk) for pk in group.sample_ids],
        responses=group.texts,
        first=group.first,
        second=group.second,
        probability=group.probability,
        weight=group.weight,
        margin=[lead * margin for lead in group.margin],
        ranks=group.ranks,
        rank_weight=group.rank_weight,
        unsafe=group.unsafe,
        about={"language": group.language, "category": group.category},
    )


def _demonstrations(job: jobs.RunningJob) -> Iterator[data.Group]:
    """What people wrote themselves, of the families that are trained on: rewards are normalised by it."""
    written = Judgement.objects.current().filter(project=job.project, task__kind=TaskKind.DEMONSTRATE)
    rows = written.exclude(edited_text="").order_by("pk").select_related("prompt")
    for judgement in rows.iterator(chunk_size=200):
        prompt = judgement.prompt
        if held_out.split(prompt.family) == "train":
            yield data.Group(
                group_id=f"demonstration {judgement.pk}",
                prompt_id=prompt.content_hash,
                family=prompt.family,
                split=data.DEMONSTRATION,
                messages=prompt.messages,
                response_ids=[str(judgement.pk)],
                responses=[judgement.edited_text],
            )


def _run(job: jobs.RunningJob, folder: Path) -> None:
    """Start the trainer, follow it, and stop it when the job must stop. Raises `Refused` with the trainer's words."""
    with (folder / "trainer.log").open("ab") as output:
        training = launch.start(folder, _config(job.arguments["config"]), output)
        try:
            for event in _events(training):
                _report(job, event)
        finally:
            if training.poll() is None:
                job.log("Stopping the trainer; its checkpoint is kept.")
                training.stop(GRACE_S)
    if training.run.outcome() != "finished":
        tail = (folder / "trainer.log").read_text("utf-8", "replace")[-1500:]
        raise RuntimeError(f"The trainer ended before its end: {tail}")


def _events(training: launch.TrainingProcess) -> Iterator[dict[str, Any]]:
    """Events as they are written, `{}` while there is nothing new; ends with the process."""
    # What an earlier attempt wrote was reported then, but how far that one came is worth saying again.
    seen = max(0, len(training.run.events()) - 1)
    over = False
    while not over:
        over = training.poll() is not None
        events = training.run.events()
        yield from events[seen:] or [{}]
        seen = len(events)
        if not over:
            time.sleep(POLL_S)


def _report(job: jobs.RunningJob, event: dict[str, Any]) -> None:
    job.check()
    if event.get("phase") == "refused":
        kept = event.get("sentence")  # a run that an older version began has none
        raise jobs.Refused(Sentence.from_json(kept) if kept else event["reason"])
    if event:
        done, total, phase = event.get("step", 0), event.get("total_steps", 0), event["phase"]
        job.progress(done, total, phase)
    if line := _line(event):
        job.log(line)


def _line(event: dict[str, Any]) -> Sentence | None:
    """What the log says of an event; of most nothing."""
    match event:
        case {"phase": "validate", "step": step, "total_steps": total, "loss": loss, "best": best, "best_step": at}:
            return Sentence(
                "Step %(step)d of %(total)d: validation loss %(loss)s, the lowest is %(best)s at step %(at)d.",
                step=step,
                total=total,
                loss=f"{loss:.4g}",
                best=f"{best:.4g}",
                at=at,
            )
        case {"phase": "halved", "tokens_per_pass": tokens}:
            return Sentence(
                "Memory does not hold passes of that size: going on with %(tokens)d tokens at most in each, which "
                "changes nothing but the time.",
                tokens=tokens,
            )
        case {"phase": "finish", "step": step}:
            return Sentence("Trained for %(step)d steps; measuring on held-out prompts.", step=step)
        case {"phase": "done", "heldout": {"value": float(value)}}:
            return Sentence("Accuracy on held-out prompts: %(share)s %%.", share=f"{100 * value:.1f}")
    return None


def _register(job: jobs.RunningJob, run: Path) -> RewardModel:
    """Move the checkpoint to its home and write the version, once: another attempt finds what the first one wrote."""
    if made := RewardModel.objects.filter(job_id=job.id).first():
        return made
    source = json.loads((run / "source.json").read_text())
    people = source.pop("people", None)
    home = models_folder() / str(job.id)
    if (run / "model").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(run / "model", home)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=job.project.pk)
        latest = RewardModel.objects.filter(project=job.project).aggregate(latest=Max("version"))["latest"]
        return RewardModel.objects.create(
            project=job.project,
            version=(latest or 0) + 1,
            job_id=job.id,
            base=job.arguments["config"]["base"],
            folder=str(job.id),
            config=json.loads((run / "config.json").read_text()),
            metrics={**json.loads((run / "metrics.json").read_text()), "history": _history(run), "people": people},
            data_hash=_hash(run / "groups.arrow"),
            **source,
        )


def _history(run: Path) -> list[dict[str, Any]]:
    """The losses as training went on; a resumed run says some steps twice, the later word counts."""
    losses = [event for event in RunDir(run).events() if event["phase"] in {"train", "validate"} and "loss" in event]
    by_step = {(event["phase"], event["step"]): event["loss"] for event in losses}
    return [{"phase": phase, "step": step, "loss": loss} for (phase, step), loss in sorted(by_step.items())]


def models_folder() -> Path:
    return Path(settings.DATA_DIR) / "reward_models"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
