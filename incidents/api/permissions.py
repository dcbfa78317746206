"""Who may read what: a person or program needs the model's own view permission."""

from rest_framework.permissions import DjangoModelPermissions


class MayView(DjangoModelPermissions):
    """Lets in whoever may view the model of the view's `queryset`; every write is a 405."""

    perms_map = {method: ["%(app_label)s.view_%(model_name)s"] for method in ("GET", "HEAD", "OPTIONS")}
