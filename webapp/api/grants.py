"""What a token is for: its rights, its project, and how often it may call. Checked before every call.

A right narrows what the person may do and never widens it; their role in the project is checked besides. A token for
one project confines its person to it (`Person.confined_to`): everything else does not exist for the call.
"""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request

from webapp.models import Right, TokenGrant

# What calls that change something need, by the name of their path. Whatever is not named here needs `manage`.
CHANGES = {
    Right.MANAGE: {"task", "golds", "gold", "report_resolve"},
    Right.CONTRIBUTE: {"prompts", "samples", "comparisons"},
    Right.JUDGE: {"next", "judgement", "skip", "undo", "near_copies", "report", "review"}
    | {"chat_turns", "chat_judgement", "chat_again", "chat_cancel"},
    Right.RUN: {"generations", "reward_models", "snapshots", "job_cancel", "snapshot_push", "snapshot_comparison"},
    Right.READ: {"score", "snapshot_link"},
}
NEEDED = {name: right for right, names in CHANGES.items() for name in names}
# Read by who judges: an annotator's script follows its own work with the right to judge alone.
OWN_WORK = {"assignment", "conversation", "chat", "chat_turn"}


def needed(method: str, name: str) -> Right:
    """The right that a call of `method` at the path of that name takes."""
    if method in SAFE_METHODS:
        return Right.JUDGE if name in OWN_WORK else Right.READ
    return NEEDED.get(name, Right.MANAGE)


class Granted(IsAuthenticated):
    """Signed in, and where a token has a grant, within it."""

    message = "This token may not do that: make one with the right to, or use another."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        grant = grant_of(request)
        match = request.resolver_match
        return grant is None or match is None or needed(request.method or "", match.url_name or "") in grant.rights


def grant_of(request: Request) -> TokenGrant | None:
    """What the call's token is for; None for one without a grant, and for a session."""
    return getattr(request.auth, "granted", None)
