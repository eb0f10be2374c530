"""A database that was restarted costs nobody an error page."""

import psycopg
import pytest
from django.db import connection


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_replaced_unseen() -> None:
    connection.ensure_connection()
    first = connection.connection.info.backend_pid
    where = connection.connection.info.get_parameters()
    connection.close()  # back into the pool, as at the end of a request
    with psycopg.connect(**{**where, "dbname": "postgres"}, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != first


@pytest.mark.django_db(transaction=True)
def test_a_healthy_one_is_used_again() -> None:
    connection.ensure_connection()
    before = connection.pool.get_stats()["connections_num"]
    for _ in range(20):
        connection.close()
        connection.ensure_connection()
    assert connection.pool.get_stats()["connections_num"] - before < 5
