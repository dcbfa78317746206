"""Who may read and change what: a person or program needs the model's own permission."""

from rest_framework.permissions import DjangoModelPermissions


class MayView(DjangoModelPermissions):
    """Lets in whoever may view the model of the view's `queryset`; every write is a 405."""

    perms_map = {method: ["%(app_label)s.view_%(model_name)s"] for method in ("GET", "HEAD", "OPTIONS")}


class MayViewOrChange(DjangoModelPermissions):
    """Lets in as MayView does; a PATCH needs the model's change permission, every other write is a 405."""

    perms_map = {**MayView.perms_map, "PATCH": ["%(app_label)s.change_%(model_name)s"]}
