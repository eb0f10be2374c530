"""The demo's third project: live chats with the small model that ships with it."""

from pathlib import Path
from typing import Any

from annotation import projects
from annotation.briefs import Brief, make_chat_tasks
from annotation.models import Membership, Person, Project
from annotation.wishes import Terms
from workers import generating

GUIDELINE = Path(__file__).parent / "content" / "guideline_chat.md"
SLUG = "small-talk"
TOPICS = (
    "Plan a weekend in a city that you know, and see whether the assistant helps.",
    "Ask how something in your kitchen works, and keep asking why.",
    "Write a short story together: a sentence each.",
    "Talk about whatever you like.",
)


def seed(people: dict[str, Person], roles: dict[str, str]) -> str:
    """Make the project unless it is there; answers a line about it."""
    if Project.objects.filter(slug=SLUG).exists():
        return ""
    owner, guideline = people["mia"], GUIDELINE.read_text("utf-8")
    facts: dict[str, Any] = {
        "slug": SLUG,
        "name": "Small talk",
        "preset": "chat",
        "k": 2,
        "overlap": 2,
        "languages": ["en"],
    }
    project = projects.create(by=owner, guideline=guideline, **facts)
    Membership.objects.bulk_create(
        Membership(project=project, person=people[name], role=roles[name]) for name in people if people[name] != owner
    )
    generating.default_generator(project)
    for topic in TOPICS:
        brief = Brief(instruction=topic, max_turns=8)
        make_chat_tasks(project=project, by=owner, number=1, brief=brief, language="en", terms=Terms())
    return f"{project.name}: {len(TOPICS)} conversations to have"
