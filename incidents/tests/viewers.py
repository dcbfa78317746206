"""People for tests, with the groups that an installation gives them."""

from django.contrib.auth.models import Group, User
from django.test import Client

from approvals.groups import groups_ensure


def viewer(name: str = "ada") -> User:
    """Return a person who may read everything and change nothing."""
    groups_ensure()
    user = User.objects.create_user(name)
    user.groups.add(Group.objects.get(name="viewer"))
    return user


def signed_in(group: str) -> Client:
    """Return the browser of somebody of this group at the console."""
    groups_ensure()
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
