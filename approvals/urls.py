from django.urls import include, path
from rest_framework.routers import SimpleRouter

from approvals.api import ApprovalViewSet
from approvals.incident_api import IncidentActsView

router = SimpleRouter()
router.register("approvals", ApprovalViewSet, basename="approval")

urlpatterns = [
    path("", include(router.urls)),
    # A number that is none is for the view to answer, in JSON.
    path("incidents/<str:pk>/acts/", IncidentActsView.as_view(), name="incident-acts"),
]
