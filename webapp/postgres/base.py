"""Django's PostgreSQL, with a look at a pooled connection that costs no round trip."""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Error


class DatabaseWrapper(base.DatabaseWrapper):
    """A restarted database costs nobody an error page: connections that it has closed are thrown away when taken.

    Django would ask each connection `SELECT 1` before each request. A healthy one that lies idle has nothing to read;
    only where there is something (the server's goodbye, or the end of the stream) it is asked.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        while True:
            connection = super().get_new_connection(conn_params)
            if not self.pool or _is_well(connection):
                return connection
            self.pool.putconn(connection)  # which closes what is broken and opens another

    def _configure_connection(self, connection: Any) -> bool:
        """Once a connection: what is prepared (annotation/statements.py) is planned once, not five times or always."""
        super()._configure_connection(connection)  # type: ignore[misc]  # the stubs do not know it
        connection.execute("SET plan_cache_mode = force_generic_plan")
        return True


def _is_well(connection: Any) -> bool:
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return True
    try:
        connection.execute("")
    except Error:
        return False
    return True
