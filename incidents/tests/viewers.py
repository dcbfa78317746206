"""People for tests, with the groups that an installation gives them."""

from django.contrib.auth.models import Group, User

from approvals.groups import groups_ensure


def viewer(name: str = "ada") -> User:
    """Return a person who may read everything and change nothing."""
    groups_ensure()
    user = User.objects.create_user(name)
    user.groups.add(Group.objects.get(name="viewer"))
    return user
