"""Browsers keep scripts for a year: the names of all that a page loads change with what they hold."""

import json
import re
from pathlib import Path

from django.core.management import call_command
from pytest_django.fixtures import Settings

IMPORTED = re.compile(r'from "\./([^"]+)"')


def test_modules_import_each_other_under_names_that_change_with_them(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "webapp.static_names.HashedModules"}}
    call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    ours = {Path(name).name for source, name in names.items() if source.startswith("js/")}
    imported = {name for module in ours for name in IMPORTED.findall((tmp_path / "js" / module).read_text())}
    assert len(imported) > 10
    assert imported <= ours
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", name) for name in imported)
