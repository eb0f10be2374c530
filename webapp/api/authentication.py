from binascii import Error as NotHexadecimal
from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed

from annotation.models import Person
from annotation.statements import Columns, rows

TOKEN, PERSON = Columns(AuthToken, "token"), Columns(Person, "person")
FIND = f"""
SELECT {TOKEN.sql}, {PERSON.sql}
  FROM knox_authtoken token JOIN annotation_person person ON person.id = token.user_id
 WHERE token.digest = %(digest)s::text AND (token.expiry IS NULL OR token.expiry > now()) AND person.is_active
"""


class TokenAuthentication(KnoxTokenAuthentication):
    """knox's, which takes any header for UTF-8: bytes that are not are a wrong token, not an error of ours.

    A token that is good is found by its hash, with its person, in one statement; of all others knox says what is
    wrong, and clears away those that have expired.
    """

    def authenticate_credentials(self, token: bytes) -> Any:
        if not token.isascii() or b"\0" in token:
            raise AuthenticationFailed("Invalid token.")
        found = _found(token.decode())
        return found or super().authenticate_credentials(token)


def _found(token: str) -> tuple[Person, AuthToken] | None:
    try:
        found = rows((FIND, {"digest": hash_token(token)}))
    except (TypeError, ValueError, NotHexadecimal):
        return None
    if not found:
        return None
    good, person = TOKEN.read(found[0]), PERSON.read(found[0][len(TOKEN.names) :])
    good.user = person
    return person, good


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """Named in the OpenAPI document as its parent is."""

    target_class = "webapp.api.authentication.TokenAuthentication"
