from django.urls import path

from webapp.accounts import joining, me, tokens

urlpatterns = [
    path("join/<str:token>/", joining.join, name="join"),
    path("me/", me.me, name="me"),
    path("me/theme/", me.theme, name="theme"),
    path("me/tokens/", tokens.tokens, name="tokens"),
    path("me/tokens/create/", tokens.create, name="token_create"),
    path("me/tokens/<str:key>/revoke/", tokens.revoke, name="token_revoke"),
]
