"""Pages that stay up to date: console.js asks the same view again and again, and gets only the panels that changed.

Each panel carries a digest of its HTML in a hidden field named `seen`; the next request sends them all back. Panels
hold nothing that differs between two renderings of the same facts (no CSRF token: their buttons use the form `act`).
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from webapp.console.access import SignedIn

TARGET = "live"


def respond(request: SignedIn, template: str, panels: Sequence[str], context: dict[str, Any]) -> HttpResponse:
    """The whole page; or, for the page's own polling, the changed panels, and 204 where nothing changed."""
    drawn = {name: render_to_string(f"console/panels/{name}.html", context, request) for name in panels}
    if not request.htmx or request.htmx.target != TARGET:
        wrapped = {name: _wrap(name, html, swap=False) for name, html in drawn.items()}
        return render(request, f"console/{template}.html", {**context, "panels": wrapped})
    seen = set(request.GET.getlist("seen"))
    changed = [_wrap(name, html, swap=True) for name, html in drawn.items() if digest(name, html) not in seen]
    return HttpResponse("".join(changed), status=200 if changed else 204)


def digest(name: str, html: str) -> str:
    return f"{name}:{blake2b(html.encode(), digest_size=9).hexdigest()}"


def _wrap(name: str, html: SafeString, *, swap: bool) -> SafeString:
    swapping = SafeString(' hx-swap-oob="true"' if swap else "")
    seen = format_html('<input type="hidden" name="seen" value="{}">', digest(name, html))
    return format_html('<div id="panel-{}" class="panel"{}>{}{}</div>', name, swapping, seen, html)
