"""What several files of these tests stand on."""

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connections


@pytest.fixture
async def close_connections() -> AsyncIterator[None]:
    """Let go of the database in the thread that the feed reads it from."""
    yield
    await sync_to_async(connections.close_all)()
