"""Apprise and the stand-in receiver agree on what a message is, and on what a failure is."""

import socket

import pytest

from core.redact import redact
from integrations.notify.client import NotifyFailed, notify, target_of
from integrations.notify.standin import Received, receiving


def test_a_message_arrives_once_with_its_title_and_text() -> None:
    with receiving() as receiver:
        notify(receiver.url("on-call"), title="HIGH fix waits", body="two\nlines")

    assert receiver.received == [Received("/on-call", "HIGH fix waits", "two\nlines")]


def test_a_refusal_is_a_temporary_fault_and_the_next_try_arrives() -> None:
    with receiving() as receiver:
        receiver.refusals = 1
        with pytest.raises(NotifyFailed, match="json did not accept the message"):
            notify(receiver.url(), title="a", body="b")
        notify(receiver.url(), title="a", body="b")

    assert len(receiver.received) == 1


def test_nobody_listening_is_a_temporary_fault() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NotifyFailed):
            notify(f"json://127.0.0.1:{closed.getsockname()[1]}/", title="a", body="b")


def test_what_is_not_an_apprise_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(NotifyFailed, match="scheme 'carrier-pigeon'") as refused:
        notify("carrier-pigeon://s3cret-loft", title="a", body="b")

    assert "s3cret-loft" not in str(refused.value)


def test_secrets_of_the_url_and_of_the_text_stay_out_of_errors_and_messages() -> None:
    with receiving() as receiver:
        url = receiver.url(token="t0p-s3cret-t0ken")
        receiver.refusals = 1
        with pytest.raises(NotifyFailed) as failed:
            notify(url, title="a", body="b")
        notify(url, title="password=hunter22", body="b")

    assert "t0p-s3cret-t0ken" not in str(failed.value)
    assert url not in redact(f"sending to {url}")
    assert receiver.received[0].title == "password=[redacted:credential]"


def test_two_urls_have_two_targets_that_do_not_hold_them() -> None:
    first, second = target_of("slack://a/b/c"), target_of("slack://a/b/d")

    assert first != second
    assert "slack" not in first
