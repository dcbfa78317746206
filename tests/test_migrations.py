"""A deployment migrates first, replaces processes afterwards: meanwhile the old code runs on the new schema."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

pytestmark = pytest.mark.django_db

OURS = ("incidents", "approvals", "evals", "code_search", "spending")


def _columns(table: str) -> dict[str, bool]:
    """Return the columns of a table as it is now, and whether an insert may leave each one out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, is_nullable = 'YES' OR column_default IS NOT NULL OR is_identity = 'YES' "
            "FROM information_schema.columns WHERE table_name = %s",
            [table],
        )
        return dict(cursor.fetchall())


def _release_before(label: str) -> list[tuple[str, set[str]]]:
    """Return table and columns of each model as the code before the app's newest migration knows them."""
    loader = MigrationLoader(connection)
    [newest] = loader.graph.leaf_nodes(label)
    before = [parent for parent in loader.graph.node_map[newest].parents if parent.key[0] == label]
    if not before:
        return []
    state = loader.project_state([before[0].key])
    return [
        (model._meta.db_table, {str(field.column) for field in model._meta.local_concrete_fields})
        for model in state.apps.get_app_config(label).get_models()
    ]


@pytest.mark.parametrize("label", OURS)
def test_the_release_before_can_read_and_write_on_the_new_schema(label: str) -> None:
    assert apps.is_installed(apps.get_app_config(label).name)
    for table, known in _release_before(label):
        now = _columns(table)
        assert known <= set(now), f"{table} lost {sorted(known - set(now))}; drop a column one release later"
        new = {column for column, is_optional in now.items() if column not in known and not is_optional}
        assert not new, f"{table}: {sorted(new)} must be nullable or have a default in the database (db_default)"
