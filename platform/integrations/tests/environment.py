"""The GitHub part of an environment, as tests give it."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr


@dataclass(frozen=True)
class GitHubTestEnvironment:
    data_dir: Path
    github_api_url: str
    github_token: SecretStr | None = None
    github_app_id: int | None = None
    github_app_private_key: SecretStr | None = None
    github_app_installation_id: int | None = None
