import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from workers import foreground, jobs, scoring, training
from workers.models import Job, RewardModel


class Command(BaseCommand):
    help = "Train a project's reward model on its rankings and score its answers, here and now; prints the figures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--config", default="{}", help="JSON settings of the trainer, as in '{\"epochs\": 2}'")

    def handle(self, *args: Any, **options: Any) -> None:
        project = foreground.project_named(options["project"])
        try:
            job = training.start(project=project, by=None, any_base=True, **json.loads(options["config"]))
        except (json.JSONDecodeError, TypeError) as error:
            raise CommandError(f"--config is no JSON object of settings: {error}.") from error
        except jobs.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except IntegrityError as error:
            raise CommandError("A training of this project is under way: wait for it, or cancel it.") from error
        result = foreground.do(job, self).result
        foreground.do(Job.objects.get(pk=result["score_job"]), self)
        model = RewardModel.objects.get(pk=result["reward_model"])
        self.stdout.write(f"version  {model.version}\nfolder   {scoring.folder_of(model)}")
        self.stdout.write(json.dumps(model.metrics, indent=2, sort_keys=True))
