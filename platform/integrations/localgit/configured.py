from django.conf import settings

from integrations.localgit.host import LocalGitHost


def local_git_host() -> LocalGitHost:
    """Return the local code host of this installation."""
    return LocalGitHost(settings.ENV.data_dir / "repositories", settings.ENV.address)
