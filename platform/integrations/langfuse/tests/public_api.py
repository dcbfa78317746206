"""Langfuse's public API as far as evaluations use it; requests and answers are checked by the SDK's types."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from langfuse.api import Dataset, DatasetItem
from langfuse.api.core.pydantic_utilities import parse_obj_as
from langfuse.api.dataset_items import CreateDatasetItemRequest, PaginatedDatasetItems
from langfuse.api.datasets import CreateDatasetRequest
from langfuse.api.projects import Projects
from langfuse.api.scores import CreateScoreBatchResults, CreateScoreRequest

PROJECT = "project-1"
NOW = datetime(2026, 6, 1, tzinfo=UTC).isoformat()


class NoSuchThing(Exception):
    """Answered with 404, as the API does."""


@dataclass
class PublicApi:
    """Datasets, items and scores that were written; `writes` counts the requests that wrote items."""

    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    scores: list[dict[str, Any]] = field(default_factory=list)
    item_writes: int = 0
    keys: set[str] = field(default_factory=set)

    def answer(self, method: str, target: str, authorization: str, body: Any) -> tuple[int, Any]:
        """Return status and document for one request. Raises NoSuchThing."""
        self.keys.add(base64.b64decode(authorization.removeprefix("Basic ")).decode())
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/api/public")
        match method, path.strip("/").split("/"):
            case "GET", ["projects"]:
                return 200, self._projects()
            case "POST", ["v2", "datasets"]:
                return 200, self._dataset_written(body)
            case "GET", ["v2", "datasets", name]:
                return 200, self._dataset(unquote(name))
            case "POST", ["dataset-items"]:
                return 200, self._item_written(body)
            case "GET", ["dataset-items"]:
                return 200, self._items_of(query)
            case "POST", ["scores"]:
                return 207, self._scored(body)
        raise NoSuchThing(f"{method} {target}")

    def _projects(self) -> Any:
        found = {"id": PROJECT, "name": "evals", "organization": {"id": "o-1", "name": "us"}, "metadata": {}}
        return _checked(Projects, {"data": [found]})

    def _dataset_written(self, body: Any) -> Any:
        wanted = parse_obj_as(CreateDatasetRequest, body)
        self.datasets.setdefault(
            wanted.name,
            {
                "id": f"dataset-{len(self.datasets) + 1}",
                "name": wanted.name,
                "description": wanted.description,
                "metadata": wanted.metadata,
                "projectId": PROJECT,
                "createdAt": NOW,
                "updatedAt": NOW,
            },
        )
        return self._dataset(wanted.name)

    def _dataset(self, name: str) -> Any:
        if name not in self.datasets:
            raise NoSuchThing(name)
        return _checked(Dataset, self.datasets[name])

    def _item_written(self, body: Any) -> Any:
        wanted = parse_obj_as(CreateDatasetItemRequest, body)
        self.item_writes += 1
        dataset = self.datasets[wanted.dataset_name]
        assert wanted.id is not None
        held = self.items.get(wanted.id)
        # "Id needs to be unique (project-level), cannot be reused across datasets".
        assert held is None or held["datasetId"] == dataset["id"], wanted.id
        self.items[wanted.id] = {
            "id": wanted.id,
            "status": "ACTIVE",
            "input": wanted.input,
            "expectedOutput": wanted.expected_output,
            "metadata": wanted.metadata,
            "datasetId": dataset["id"],
            "datasetName": dataset["name"],
            "createdAt": NOW,
            "updatedAt": NOW,
            "mediaReferences": [],
        }
        return _checked(DatasetItem, self.items[wanted.id])

    def _items_of(self, query: dict[str, str]) -> Any:
        own = [item for item in self.items.values() if item["datasetName"] == query["datasetName"]]
        page, limit = int(query.get("page", 1)), int(query.get("limit", 50))
        pages = -(-len(own) // limit)
        meta = {"page": page, "limit": limit, "totalItems": len(own), "totalPages": pages}
        return _checked(PaginatedDatasetItems, {"data": own[(page - 1) * limit : page * limit], "meta": meta})

    def _scored(self, body: Any) -> Any:
        scores = [body] if isinstance(body, dict) else body
        for score in scores:
            parse_obj_as(CreateScoreRequest, score)
            self.scores.append(score)
        return _checked(CreateScoreBatchResults, {"accepted": len(scores), "rejected": 0, "errors": []})


def _checked(kind: Any, document: Any) -> Any:
    """Return `document` if it is what the SDK would read, else raise pydantic's error."""
    parse_obj_as(kind, document)
    return document
