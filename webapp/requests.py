from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from annotation.models import Person


class SignedIn(HttpRequest):
    """A request behind `login_required`, as the type checker sees it."""

    user: Person
    htmx: HtmxDetails
