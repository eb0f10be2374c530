from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitationOnly(DefaultAccountAdapter):
    """Nobody signs up by themselves: an account begins with an invitation link (see accounts/views.py)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
