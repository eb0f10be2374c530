"""What templates need besides Django's own tags: theme, project tabs, safe Markdown."""

from typing import Any

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from annotation.models import Project, Role
from annotation.models.project import JUDGES, MANAGES, READS_DATA
from webapp.console.deeds import deed
from webapp.rendering.markdown import render
from webapp.rendering.plain import neutralise
from workers import sentences

register = template.Library()

THEMES = ("light", "dark")
THEME_COOKIE = "theme"

MODEL_PAGES = {"reward_model", "reward_models_compare", "standings", "generators"}

QUALITY_PAGES = {"person", "person_forget", "golds", "gold", "gold_take", "reviews", "review", "reports"}

SNAPSHOT_PAGES = {
    "snapshot",
    "snapshot_freeze",
    "freeze_count",
    "snapshot_comparison",
    "snapshot_link",
    "snapshot_push",
}

ASKING = {"writing_rules", "prompts_ask", "demonstrations_ask", "ratings_ask", "chats", "chat", "chats_ask"}
# URL name, words, roles that see the tab, and the other URL names that belong to it.
TABS = (
    ("project", _("Work"), JUDGES, {"work", "task", "submit", "skip", "qualify", "explained"}),
    ("mine", _("My judgements"), JUDGES, set[str]()),
    ("guideline", _("Guideline"), (*JUDGES, *READS_DATA), set[str]()),
    ("reviews", _("Review"), (Role.REVIEWER,), {"review"}),
    ("dashboard", _("Dashboard"), READS_DATA, set[str]()),
    (
        "quality",
        _("Quality"),
        READS_DATA,
        QUALITY_PAGES,
    ),
    ("prompts", _("Prompts"), READS_DATA, {"prompt", "prompts_add"}),
    (
        "tasks",
        _("Tasks"),
        READS_DATA,
        ASKING,
    ),
    ("jobs", _("Jobs"), READS_DATA, {"job"}),
    ("reward_models", _("Reward models"), READS_DATA, MODEL_PAGES),
    (
        "snapshots",
        _("Snapshots"),
        READS_DATA,
        SNAPSHOT_PAGES,
    ),
    ("people", _("People"), MANAGES, {"invite"}),
    ("project_settings", _("Settings"), MANAGES, {"audit", "webhooks", "webhook_add"}),
)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """`light`, `dark`, or nothing where the system decides."""
    request = context.get("request")
    chosen = request.COOKIES.get(THEME_COOKIE, "") if request else ""
    return chosen if chosen in THEMES else ""


@register.inclusion_tag("parts/tabs.html", takes_context=True)
def project_tabs(context: Context, project: Project) -> dict[str, Any]:
    """The project's pages that this person's role may open."""
    request = context["request"]
    role = project.role_of(request.user)
    here = request.resolver_match.url_name if request.resolver_match else ""
    shown = [
        {"url": url, "name": words, "current": here == name or here in belonging}
        for name, words, roles, belonging in TABS
        if role in roles and (url := _page(name, project.slug))
    ]
    return {"tabs": shown}


def _page(name: str, slug: str) -> str:
    try:
        return reverse(name, args=[slug])
    except NoReverseMatch:
        return ""


@register.filter
def markdown(text: str, top_heading: int = 3) -> SafeString:
    """Foreign Markdown as safe HTML; its biggest heading becomes `h{top_heading}`."""
    return render(str(text), top_heading)


@register.filter
def foreign(text: str) -> str:
    """Foreign plain text without characters that reorder or break a page; autoescape does the rest."""
    return neutralise(str(text))


@register.filter
def said(text: str, words: dict[str, Any] | None) -> str:
    """What a worker said, in the reader's language: `row.error|said:row.error_words`."""
    return sentences.said(text, words)


register.filter("deed", deed)


@register.filter
def of(mapping: dict[Any, Any], key: Any) -> Any:
    """`mapping[key]`, or None."""
    return mapping.get(key)
