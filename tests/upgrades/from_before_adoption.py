"""Run by test_adoption with the address of an empty database: the tables as they were, rows, and then the upgrade.

A process of its own, since migrations of data use the default database. Prints what became of the versions as JSON.
"""

import json

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

VERSIONS = {  # the seeds of each project's versions, the oldest first
    "three": [0, 7, 3_000_000_000],
    "one": [None],
    "none": [],
}


def fill(apps):
    person = apps.get_model("annotation", "Person").objects.create(username="olga")
    for slug, seeds in VERSIONS.items():
        project = apps.get_model("annotation", "Project").objects.create(slug=slug, name=slug, created_by=person)
        for number, seed in enumerate(seeds, 1):
            train(apps, project, number, {} if seed is None else {"seed": seed})


def train(apps, project, number, config):
    made = {"kind": "train", "queue": "train", "state": "succeeded", "finished_at": timezone.now()}
    job = apps.get_model("workers", "Job").objects.create(project=project, **made)
    apps.get_model("workers", "RewardModel").objects.create(
        project=project, version=number, job=job, base="b", folder=str(job.pk), config=config, judgements=10
    )


def upgrade():
    old = [("workers", "0001_initial")]
    MigrationExecutor(connection).migrate(old)
    fill(MigrationExecutor(connection).loader.project_state(old).apps)
    call_command("migrate", verbosity=0)
    from workers.models import RewardModel

    return [
        {
            "project": model.project.slug, "version": model.version, "adopted": model.is_adopted,
            "since_it_was_made": model.adopted_at == model.created_at, "split_seed": model.split_seed,
            "adoption": model.adoption,
        }
        for model in RewardModel.objects.order_by("project_id", "version")
    ]  # fmt: skip


if __name__ == "__main__":
    django.setup()
    print(json.dumps(upgrade()))
