"""A run over labelled cases as Langfuse's experiment: a dataset, an output with scores for each item, and totals.

An item is written only where it is new or has changed: its metadata holds the digest of what it was made of.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any

import httpx
from langfuse import Evaluation, Langfuse
from langfuse.api import DatasetItem
from langfuse.api.core import ApiError

from core.errors import Unavailable
from integrations.langfuse.masking import masked
from integrations.langfuse.results import Item, Output, Total

SYSTEM = "langfuse"
# For everything about one run. A Langfuse that does not answer at all costs one timeout of the client.
DEADLINE_SECONDS = 120.0
DIGEST = "sha256"


class Experiments:
    """Writes experiments through the SDK's own client."""

    def __init__(self, client: Langfuse) -> None:
        self._client = client

    def record(
        self,
        *,
        dataset: str,
        run: str,
        items: Sequence[Item],
        outputs: Sequence[Output],
        totals: Sequence[Total],
        about: Mapping[str, str],
    ) -> str:
        """Write the run and return the address of its page, empty where it is not known.

        Raises Unavailable as soon as one request fails, and when it all takes longer than DEADLINE_SECONDS.
        """
        found: list[str] = []
        faults: list[Exception] = []

        def work() -> None:
            try:
                known = self._items(dataset, items)
                found.append(self._run(dataset, run, known, outputs, totals, about))
            except (httpx.HTTPError, ApiError) as error:
                faults.append(error)

        # The SDK's retries and queues have no common deadline; a thread that is left behind ends with the process.
        thread = Thread(target=work, name="langfuse-experiment", daemon=True)
        thread.start()
        thread.join(DEADLINE_SECONDS)
        if faults:
            raise Unavailable(SYSTEM, f"Langfuse did not take the run ({type(faults[0]).__name__}).") from faults[
                0
            ]
        if not found:
            raise Unavailable(SYSTEM, f"Langfuse did not take the run within {DEADLINE_SECONDS:.0f} s.")
        return found[0]

    def _items(self, dataset: str, items: Sequence[Item]) -> list[DatasetItem]:
        """Return the dataset's items for `items`, written where they are new or were others."""
        self._client.create_dataset(name=dataset, description="Labelled cases of agent-platform's evaluations.")
        there = {item.id: item for item in self._client.get_dataset(dataset).items}
        return [self._item(dataset, item, there.get(item.id)) for item in items]

    def _item(self, dataset: str, item: Item, there: DatasetItem | None) -> DatasetItem:
        if there is not None and (there.metadata or {}).get(DIGEST) == item.digest:
            return there
        return self._client.create_dataset_item(
            dataset_name=dataset,
            id=item.id,
            input=masked(item.shown),
            expected_output=masked(item.expected),
            metadata={DIGEST: item.digest},
        )

    def _run(
        self,
        dataset: str,
        run: str,
        items: Sequence[DatasetItem],
        outputs: Sequence[Output],
        totals: Sequence[Total],
        about: Mapping[str, str],
    ) -> str:
        by_id = {item.id: item for item in items}
        left: dict[str, deque[Output]] = defaultdict(deque)
        for output in outputs:
            left[output.item_id].append(output)

        def answer(*, item: Any, **_: Any) -> dict[str, Any]:
            given = left[item.id].popleft()
            return {"output": dict(given.output), "scores": dict(given.scores)}

        def scored(*, output: Any, **_: Any) -> list[Evaluation]:
            return [
                Evaluation(name=name, value=value, data_type="BOOLEAN" if isinstance(value, bool) else "NUMERIC")
                for name, value in output["scores"].items()
            ]

        def summed(**_: Any) -> list[Evaluation]:
            return [
                Evaluation(name=total.name, value=total.value, comment=total.comment, data_type="NUMERIC")
                for total in totals
            ]

        result = self._client.run_experiment(
            name=dataset,
            run_name=run,
            data=[by_id[output.item_id] for output in outputs],
            task=answer,
            evaluators=[scored],
            run_evaluators=[summed],
            max_concurrency=8,
            metadata=dict(about),
        )
        return result.experiment_url or ""
