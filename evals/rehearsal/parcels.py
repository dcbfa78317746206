"""The bundled service of canary, benches and crash matrix: its sources, their history, and the model's turns."""

from datetime import UTC, datetime
from pathlib import Path

from integrations.localgit.host import ImportedCommit, LocalGitHost

DIRECTORY = Path(__file__).resolve().parent
MODEL_SCRIPT = DIRECTORY / "model_script.yaml"
SOURCES = DIRECTORY / "parcels-service"
REPOSITORY = "rehearsal/parcels-service"
# Always the same, so that every machine makes the same commit of the same sources.
WRITTEN_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def history() -> list[ImportedCommit]:
    """Return the commits of the bundled sources."""
    paths = sorted(str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*") if path.is_file())
    return [ImportedCommit("Ada", "ada@parcels.invalid", WRITTEN_AT, "Weigh orders", paths)]


def repository_import(host: LocalGitHost) -> str:
    """Make the bundled sources a repository of the local code host and return its head."""
    return host.repository_import(SOURCES, REPOSITORY, commits=history())
