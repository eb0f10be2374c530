from django.apps import AppConfig
from django.utils.translation import gettext

from workers import sentences


class WorkersConfig(AppConfig):
    name = "workers"

    def ready(self) -> None:
        sentences.translate = gettext
        from workers import (  # noqa: F401 - they register their kinds of job
            app,
            generating,
            measuring,
            scoring,
            training,
        )
