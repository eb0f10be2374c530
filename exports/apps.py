from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"

    def ready(self) -> None:
        from exports import comparison, jobs, pushing, withdrawing  # noqa: F401 - they register their kinds of job
