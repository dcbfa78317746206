"""GitHub Code Search over HTTP, as PyGithub asks it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from pydantic import SecretStr

from integrations.codehost import CodeHostError
from integrations.localgit.host import LocalGitHost
from pipeline import code_sources


class Answer(BaseHTTPRequestHandler):
    """One page of results, or the status that the test sets."""

    status = 200
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(parse_qs(urlsplit(self.path).query)["q"][0])
        items = [{"path": "src/next.js", "name": "next.js"}]
        body = json.dumps({"total_count": 1, "incomplete_results": False, "items": items}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answer]]:
    monkeypatch.setattr(Answer, "asked", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    there = {"github_token": SecretStr("t"), "github_api_url": f"http://127.0.0.1:{server.server_port}"}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=there))
    yield Answer
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_host_is_asked_for_the_exact_word_in_the_one_repository(github: type[Answer]) -> None:
    assert code_sources._github_paths("demo/orders", "showOrder") == ["src/next.js"]
    assert github.asked == ['"showOrder" repo:demo/orders']


def test_a_refusal_is_an_error_that_the_search_turns_into_a_note(
    github: type[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "status", 422)

    with pytest.raises(CodeHostError, match="searching demo/orders"):
        code_sources._github_paths("demo/orders", "showOrder")


@pytest.mark.django_db
def test_without_github_only_the_index_is_asked(host: LocalGitHost) -> None:
    checkout = host.checkout("demo/orders", host.resolve("demo/orders", "main"))
    code_sources._hosted.cache_clear()

    sources = code_sources.code_sources(checkout)

    assert sources.hosted is None
    assert any(place.startswith("src/total.js:1-3 total") for place in sources.suggest("order lines total price"))
