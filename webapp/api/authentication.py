from binascii import Error as NotHexadecimal
from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed

from annotation.models import Person
from annotation.statements import Columns, rows
from webapp.models import Right, TokenGrant

TOKEN, PERSON, GRANT = Columns(AuthToken, "token"), Columns(Person, "person"), Columns(TokenGrant, "granted")
FIND = f"""
SELECT {TOKEN.sql}, {PERSON.sql}, granted.last_used_at > now() - interval '1 minute', {GRANT.sql}
  FROM knox_authtoken token JOIN annotation_person person ON person.id = token.user_id
  LEFT JOIN webapp_tokengrant granted ON granted.token_id = token.digest
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
        if good := _found(token.decode()):
            return good.user, good
        super().authenticate_credentials(token)  # says what is wrong with it
        raise AuthenticationFailed("Invalid token.")  # good a moment later: its person was let in again just now


def _found(token: str) -> AuthToken | None:
    """The token with its person as `user` and its grant, if it has one, as `granted`."""
    try:
        found = rows((FIND, {"digest": hash_token(token)}))
    except (TypeError, ValueError, NotHexadecimal):
        return None
    if not found:
        return None
    columns, person_at = found[0], len(TOKEN.names)
    used_at = person_at + len(PERSON.names)
    good: AuthToken = TOKEN.read(columns[:person_at])
    good.user = PERSON.read(columns[person_at:used_at])
    good.granted = GRANT.read(columns[used_at + 1 :]) if columns[used_at + 1] else None
    if good.granted:
        good.user.confined_to = good.granted.project_id
    if not columns[used_at]:
        _note_use(good)
    return good


# Once a minute at most, so that a busy token does not cost a write a call.
USED = """
INSERT INTO webapp_tokengrant (token_id, name, rights, last_used_at)
VALUES (%(digest)s::text, '', %(rights)s::text[], now())
ON CONFLICT (token_id) DO UPDATE SET last_used_at = excluded.last_used_at
RETURNING 1
"""


def _note_use(token: AuthToken) -> None:
    rows((USED, {"digest": token.digest, "rights": Right.values}))


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """Named in the OpenAPI document as its parent is."""

    target_class = "webapp.api.authentication.TokenAuthentication"
