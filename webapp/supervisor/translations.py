"""Translations in the form that gettext reads, made with Babel where GNU gettext is not installed."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_new(locale: Path) -> list[str]:
    """Compile each catalogue under `locale` that is newer than its compiled form; answers the languages' names."""
    sources = sorted(locale.glob("*/LC_MESSAGES/*.po"))
    return [_compile(source) for source in sources if _is_new(source)]


def _is_new(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def _compile(source: Path) -> str:
    with source.open("rb") as file:
        catalogue = read_po(file)
    part = source.with_suffix(".mo.part")
    with part.open("wb") as file:
        write_mo(file, catalogue)
    part.replace(source.with_suffix(".mo"))
    return source.parents[1].name
