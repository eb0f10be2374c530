from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed


class TokenAuthentication(KnoxTokenAuthentication):
    """knox's, which takes any header for UTF-8: bytes that are not are a wrong token, not an error of ours."""

    def authenticate_credentials(self, token: bytes) -> Any:
        if not token.isascii() or b"\0" in token:
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """Named in the OpenAPI document as its parent is."""

    target_class = "webapp.api.authentication.TokenAuthentication"
