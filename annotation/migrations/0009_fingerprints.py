"""Prompts that were here before near-copies were looked for get their fingerprints."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from annotation.nearness import fingerprint

BATCH = 500


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    prompts = apps.get_model("annotation", "Prompt").objects.only("messages", "project_id").order_by("pk")
    done = 0
    while batch := list(prompts.filter(pk__gt=done, fingerprint=None)[:BATCH]):
        for prompt in batch:
            prompt.fingerprint = fingerprint(prompt.messages, prompt.project_id)
        prompts.model.objects.bulk_update(batch, ["fingerprint"])
        done = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("annotation", "0008_chat")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
