"""The audit log says in words what was done."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from annotation.intake.formats import FORMATS
from annotation.models import Person, Project
from annotation.models.audit import record
from tests.translated import compile_once
from webapp.console.deeds import DEEDS
from workers.models import Job

AUDIT = reverse("audit", args=["letters"])
ROOT = Path(settings.BASE_DIR)
FAMILIES = {"job.": Job.Kind.values, "import.": {form.kind for form in FORMATS.values()}}  # `f"job.{kind}"`


def test_it_works(manager: Client, project: Project, owner: Person) -> None:
    record("member.pause", actor=owner, project=project, subject="somebody")
    record("moon.land", actor=owner, project=project)
    english = manager.get(AUDIT).content.decode()
    assert "<td>paused a person</td>" in english
    assert "<td>moon.land</td>" in english
    compile_once()
    chinese = manager.get(AUDIT, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "<td>暂停了一位成员</td>" in chinese
    assert '<option value="member.pause">暂停了一位成员</option>' in chinese
    assert (
        "暂停了一位成员"
        in manager.get(reverse("people", args=["letters"]), headers={"Accept-Language": "zh-hans"}).content.decode()
    )


def test_only_one_kind(manager: Client, project: Project, owner: Person) -> None:
    record("member.pause", actor=owner, project=project, subject="somebody")
    page = manager.get(AUDIT, {"action": "member.pause"})
    assert [event.action for event in page.context["shown"].events] == ["member.pause"]


def test_every_action_in_the_code_has_its_words() -> None:
    found = dict(actions())
    assert len(found) > 50
    assert not {action: place for action, place in found.items() if action not in DEEDS}
    assert not DEEDS.keys() - found.keys(), "nobody does these any more"


def actions() -> Iterator[tuple[str, str]]:
    """Each action that is recorded somewhere, with the file."""
    for package in ("annotation", "workers", "exports", "webapp"):
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            writers = {"record", *_takes_an_action(tree)}
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                if getattr(call.func, "id", "") in writers and call.args:
                    yield from ((action, str(path.relative_to(ROOT))) for action in _said(call.args[0], tree))


def _takes_an_action(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and [each.arg for each in node.args.args][:1] == ["action"]:
            yield node.name


def _said(argument: ast.expr, tree: ast.Module) -> list[str]:
    match argument:
        case ast.Constant(str(action)):
            return [action]
        case ast.IfExp(_, one, other):
            return _said(one, tree) + _said(other, tree)
        case ast.JoinedStr([ast.Constant(str(family)), _]):
            return [family + member for member in FAMILIES[family]]
        case ast.Name(name):
            return [action for value in _assigned(name, tree) for action in _said(value, tree)]
    pytest.fail(f"an action that this test cannot read: {ast.unparse(argument)}")


def _assigned(name: str, tree: ast.Module) -> list[ast.expr]:
    """What a name stands for in its module or in the one it comes from; nothing where it is an argument."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            tree = ast.parse((ROOT / f"{str(node.module).replace('.', '/')}.py").read_text("utf-8"))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == name for target in node.targets)
    ]
