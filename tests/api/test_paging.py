"""Lists over the API come page by page; a cursor that somebody made up names nothing."""

from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from annotation.models import Person, Project
from workers.models import Webhook, WebhookDelivery

Api = Callable[[Person], APIClient]


def test_what_is_ordered_by_its_date_is_paged_to_its_end(api: Api, owner: Person, project: Project) -> None:
    webhook = Webhook.objects.create(project=project, url="https://example.org/x", events=["x"], created_by=owner)
    for _ in range(3):
        WebhookDelivery.objects.create(webhook=webhook, event="ping", due_at=timezone.now())
    seen, address = [], f"/api/v1/webhooks/{webhook.pk}/deliveries/?page_size=1"
    while address:
        page = api(owner).get(address).json()
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
    assert len(set(seen)) == len(seen) == 3


@pytest.mark.parametrize("position", ["x", "-1", "9" * 30, "2026-02-31 00:00:00", "٣"])
def test_a_made_up_cursor_names_nothing(api: Api, owner: Person, project: Project, position: str) -> None:
    webhook = Webhook.objects.create(project=project, url="https://example.org/x", events=["x"], created_by=owner)
    cursor = b64encode(urlencode({"p": position}).encode()).decode()
    for path in ("projects/", f"webhooks/{webhook.pk}/deliveries/"):
        assert api(owner).get(f"/api/v1/{path}", {"cursor": cursor}).status_code == 404
