from pathlib import Path

import pytest

from agents.tests.repositories import ORDERS, checkout_of
from integrations.codehost import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A small Node service with two commits; the second changes how totals are shown."""
    changed = {"src/routes/orders.js": ORDERS["src/routes/orders.js"].replace("order.id", "String(order.id)")}
    return checkout_of(tmp_path, ORDERS, changed)
