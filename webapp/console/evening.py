"""What a manager asks every evening: were today's rankings worth anything, which answers does the model prefer now,
and what should people rank tomorrow?"""

from dataclasses import dataclass
from typing import Any

from annotation.models import Project
from annotation.models.project import NextStrategy
from annotation.tasks import open_rank_tasks
from webapp.console.figures import remembered
from webapp.console.measured import Earlier, Measured, Projection, measured
from webapp.console.metrics import Estimate
from workers import fresh
from workers.models import RewardModel
from workers.nextup.priorities import HIGHEST
from workers.sentences import said


@dataclass(frozen=True)
class Evening:
    """`since` are the rankings that came in since the adopted version was trained; `agrees` is on their pairs.

    As long as none is adopted, the newest stands in for it, and nothing is compared.
    """

    adopted: Measured
    newest: Measured
    agrees: Estimate
    since: int
    step: Earlier | None
    """The newest version beside the one before it."""
    learned: int
    """How many rankings more the newest version has seen than the one before it."""
    projection: Projection | None
    first: int
    """Open tasks at the level that the strategy puts first."""
    open: int

    @property
    def surprised(self) -> bool:
        """Whether people and model agree clearly less often than on held-out prompts."""
        usual = self.adopted.accuracy.value
        return self.agrees.high is not None and usual is not None and self.agrees.high < usual

    @property
    def chosen(self) -> str:
        """The strategy by which the queue was last ordered."""
        return str(self.adopted.model.priorities.get("strategy") or NextStrategy.ARRIVAL)

    @property
    def not_chosen(self) -> str:
        """Why the strategy could not be followed, in the words of who tried."""
        found = self.adopted.model.priorities
        return said(str(found.get("reason", "")), found.get("reason_words"))


def evening(project: Project) -> Evening | None:
    """None as long as there is no reward model."""
    versions = list(RewardModel.objects.filter(project=project).order_by("-version")[:2])
    if not versions:
        return None
    adopted = RewardModel.objects.adopted(project) or versions[0]
    newest = measured(versions[0])
    before = versions[1] if len(versions) > 1 else None
    agreement: dict[str, Any] = remembered(project, f"fresh:{adopted.pk}", lambda: fresh.agreement(project))
    waiting = remembered(project, "open", lambda: _waiting(project))
    return Evening(
        adopted=measured(adopted),
        newest=newest,
        agrees=Estimate.read(agreement),
        since=agreement["rankings"],
        step=newest.against(before.version) if before else None,
        learned=newest.model.judgements - before.judgements if before else 0,
        projection=newest.projection,
        first=waiting[0],
        open=waiting[1],
    )


def _waiting(project: Project) -> tuple[int, int]:
    tasks = open_rank_tasks(project)
    return tasks.filter(priority__gte=HIGHEST).count(), tasks.count()
