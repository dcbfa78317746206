"""What helps diagnosis to find places in the code: our own search, and the code host's where it has one."""

from functools import cache

from django.conf import settings
from redis import Redis

from agents.code_search.indexing import commit_index
from agents.code_search.search import candidates
from agents.diagnosis.agent import CodeSources
from agents.tools.hosted_search import BudgetedSearch
from integrations.codehost import Checkout
from integrations.github.connection import connect
from integrations.github.errors import github_errors

# GitHub's limit for a search, qualifiers included, is 256 characters.
LONGEST_NAME = 100


def code_sources(checkout: Checkout) -> CodeSources:
    """Index what is new in the commit, and return the search over it with the host's beside it."""
    blobs = commit_index(checkout)

    def suggest(words: str) -> list[str]:
        found = candidates(words, repository=checkout.repository, blobs=blobs)
        return [f"{each.path}:{each.line_start}-{each.line_end} {each.symbol}".strip() for each in found]

    return CodeSources(suggest=suggest, hosted=_hosted())


@cache
def _hosted() -> BudgetedSearch | None:
    """Return GitHub Code Search where GitHub is the code host; one for each process."""
    env = settings.ENV
    if not (env.github_token or env.github_app_id):
        return None
    redis = Redis.from_url(settings.REDIS_URL)
    return BudgetedSearch(_github_paths, redis, source="GitHub Code Search")


def _github_paths(repository: str, name: str) -> list[str]:
    """Return paths of the default branch that hold the name. Raises CodeHostError and Unavailable."""
    with github_errors(f"searching {repository} for {name[:LONGEST_NAME]!r}"):
        found = connect(settings.ENV).search_code(f'"{name[:LONGEST_NAME]}" repo:{repository}')
        return [file.path for file in found.get_page(0)]
