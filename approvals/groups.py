"""Who may do what: the groups, made the same everywhere."""

from django.contrib.auth.models import Group, Permission

# Permission code names by group; `admin` people are superusers.
GROUPS = {
    "viewer": [
        *("view_incident", "view_event", "view_service", "view_approval", "view_fix", "view_pullrequest"),
        *("view_alarmproposal", "view_evalrun", "view_evalresult"),
    ],
    "responder": ["change_incident", "change_event", "view_pause", "add_pause"],
    "approver": ["decide_approval", "view_preferencepair", "change_localpullrequest"],
    # Programs that read; whoever is in it decides nothing, whatever else they are.
    "service-account": [],
}
INCLUDES = {"responder": ["viewer"], "approver": ["viewer", "responder"], "service-account": ["viewer"]}
SERVICE_ACCOUNTS = "service-account"
# Members of these work in the console.
STAFF_GROUPS = frozenset({"viewer", "responder", "approver"})


def groups_ensure() -> None:
    """Create the groups, or bring their permissions back to the list above. Safe to call again."""
    for name in GROUPS:
        codenames = {code for group in [name, *INCLUDES.get(name, [])] for code in GROUPS[group]}
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(codename__in=codenames))
