"""Which code host this installation uses: GitHub when it has credentials, else the local git host."""

from functools import cache

from django.conf import settings

from integrations.codehost import CodeHost
from integrations.github.host import GitHubHost
from integrations.localgit.configured import local_git_host


@cache
def code_host() -> CodeHost:
    """Return the configured host; one instance for each process."""
    env = settings.ENV
    if env.github_token or env.github_app_id:
        return GitHubHost.from_env(env)
    return local_git_host()
