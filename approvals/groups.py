"""Who may do what: four groups, made the same everywhere."""

from django.contrib.auth.models import Group, Permission

# Permission code names by group; `admin` people are superusers.
GROUPS = {
    "viewer": ["view_incident", "view_event", "view_service", "view_approval", "view_fix", "view_pullrequest"],
    "responder": ["change_incident", "change_event", "view_pause", "add_pause"],
    "approver": ["decide_approval", "view_preferencepair", "change_localpullrequest"],
}
INCLUDES = {"responder": ["viewer"], "approver": ["viewer", "responder"]}


def groups_ensure() -> None:
    """Create the groups, or bring their permissions back to the list above. Safe to call again."""
    for name in GROUPS:
        codenames = {code for group in [name, *INCLUDES.get(name, [])] for code in GROUPS[group]}
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(codename__in=codenames))
