"""What load balancers ask: whether the process answers, and whether what it stands on does."""

import pytest
from django.db import InterfaceError, connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from redis.exceptions import ConnectionError as RedisAway

from config import health

pytestmark = pytest.mark.django_db


def test_health_is_answered_to_anybody_without_the_database(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_balancer_that_knows_no_host_name_and_no_tls_is_answered(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["alarms.example.org"]
    settings.SECURE_SSL_REDIRECT = True

    assert Client(SERVER_NAME="10.0.3.17").get("/healthz").status_code == 200
    assert Client(SERVER_NAME="10.0.3.17").get("/readyz").status_code == 200


def test_readiness_names_each_check_with_its_state_and_a_sentence() -> None:
    answer = Client().get("/readyz")

    assert answer.status_code == 200
    checks = answer.json()["checks"]
    assert list(checks) == ["postgres", "redis", "migrations", "canary"]
    assert checks["postgres"] == {"state": "ok", "sentence": "PostgreSQL answers."}


def test_a_redis_that_is_away_fails_its_own_check_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def ping(self) -> None:
            raise RedisAway("redis://:hunter2@10.0.0.5 refused")

    monkeypatch.setattr(health, "shared_store", Away)

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    states = {name: check["state"] for name, check in answer.json()["checks"].items()}
    assert states == {"postgres": "ok", "redis": "failed", "migrations": "ok", "canary": "ok"}
    assert "hunter2" not in answer.content.decode()


def test_a_database_that_is_away_fails_without_an_error_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise InterfaceError("the connection is closed")

    monkeypatch.setattr(connection, "cursor", away)

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["postgres"]["sentence"] == "PostgreSQL does not answer (InterfaceError)."


def test_a_migration_that_is_not_applied_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'incidents' AND name LIKE '0001%'")

    sentence = Client().get("/readyz").json()["checks"]["migrations"]["sentence"]

    assert sentence == (
        "1 migrations are not applied, the first is incidents.0001_initial: run manage.py migrate."
    )


def test_a_database_that_is_ahead_of_the_code_is_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('incidents', '9999_next', now())"
        )

    assert Client().get("/readyz").status_code == 200
