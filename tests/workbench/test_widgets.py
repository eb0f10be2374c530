"""Fields written by hand are the fields that Django writes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.forms import BoundField
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from annotation import assignment as leases
from annotation.models import Person, Project
from annotation.presets import PRESETS
from webapp.workbench.ranking import RankingForm
from webapp.workbench.reporting import ReportForm
from webapp.workbench.widgets import Quick

HOSTILE = '"><script>alert(1)</script>'


def written(field: BoundField) -> list[str]:
    radios = [str(radio.tag()) for radio in field] if hasattr(field.field.widget, "option_inherits_attrs") else []
    return [str(field), *radios]


@pytest.mark.parametrize("preset", PRESETS)
def test_it_works(project: Project, annotator: Person, fill: Callable[..., None], preset: str) -> None:
    for name, value in PRESETS[preset].defaults.items():
        setattr(project, name, value)
    project.allow_unranked = True
    project.save()
    fill(1, project.k)
    task = leases.lease_next(person=annotator, project=project)
    task.project = project
    entered: dict[str, Any] = dict.fromkeys(RankingForm(assignment=task).fields, "1")
    entered |= {"comment": HOSTILE, "all_bad": "on"}
    for form in (
        RankingForm(assignment=task),
        RankingForm(entered, assignment=task),
        RankingForm(assignment=task, initial=entered),
        ReportForm(assignment=task),
        ReportForm({"note": HOSTILE, "about": task.shown[0]}, assignment=task),
    ):
        for bound in form:
            form.renderer = Quick()
            ours = written(bound)
            form.renderer = DjangoTemplates()
            theirs = written(bound)
            assert [parse_html(each) for each in ours] == [parse_html(each) for each in theirs]
            assert "<script" not in "".join(ours)
