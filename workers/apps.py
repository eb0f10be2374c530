from django.apps import AppConfig


class WorkersConfig(AppConfig):
    name = "workers"

    def ready(self) -> None:
        from workers import (  # noqa: F401 - they register their kinds of job
            app,
            generating,
            measuring,
            scoring,
            training,
        )
