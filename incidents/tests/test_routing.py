"""Which service an alarm belongs to, and what makes a fingerprint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.fingerprint import FingerprintParts
from incidents.models import Service
from incidents.routing import Route, route


def service(name: str, *patterns: str) -> Service:
    return Service(name=name, alarm_patterns=list(patterns))


def chosen(alarm: str, *services: Service) -> tuple[str, str] | None:
    found: Route | None = route(alarm, services)
    return (found.service.name, found.pattern) if found else None


def test_a_pattern_claims_an_alarm_and_case_matters() -> None:
    orders = service("orders", "orders-*", "Checkout?")

    assert chosen("orders-errors", orders) == ("orders", "orders-*")
    assert chosen("Checkout1", orders) == ("orders", "Checkout?")
    assert chosen("Orders-errors", orders) is None
    assert chosen("x-orders-errors", orders) is None


def test_an_alarm_that_no_pattern_matches_has_no_route() -> None:
    assert chosen("orders-errors") is None
    assert chosen("orders-errors", service("empty")) is None


def test_the_pattern_with_the_most_plain_characters_wins() -> None:
    everything, orders, errors = service("a", "*"), service("b", "orders-*"), service("c", "orders-*-errors")

    assert chosen("orders-db-errors", everything, orders, errors) == ("c", "orders-*-errors")
    assert chosen("orders-slow", everything, orders, errors) == ("b", "orders-*")
    assert chosen("payments", everything, orders, errors) == ("a", "*")


def test_of_equally_specific_patterns_the_first_service_by_name_wins() -> None:
    assert chosen("orders-x", service("z", "orders-*"), service("a", "*orders-*")) == ("a", "*orders-*")


PARTS = FingerprintParts(account="123456789012", region="us-east-1", alarm="orders-errors", service="orders")


def test_a_fingerprint_stays_what_it_was() -> None:
    """Open incidents in databases carry this value: change VERSION with the recipe, and this test with it."""
    assert PARTS.value == "3fe6e0cbfe72f3fec9bc75b7dcd046e412115f066b741cba50f2ca556c22d7d8"


@pytest.mark.parametrize("part", ["account", "region", "alarm", "service"])
def test_every_part_counts(part: str) -> None:
    other = FingerprintParts(**{**vars(PARTS), part: "other"})

    assert other.value != PARTS.value


@given(
    st.tuples(st.text(), st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text(), st.text())
)
def test_different_parts_never_run_into_one(
    first: tuple[str, str, str, str], second: tuple[str, str, str, str]
) -> None:
    assert (FingerprintParts(*first).value == FingerprintParts(*second).value) == (first == second)
