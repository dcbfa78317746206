from django.urls import include, path
from rest_framework.routers import SimpleRouter

from approvals.api import ApprovalViewSet

router = SimpleRouter()
router.register("approvals", ApprovalViewSet, basename="approval")

urlpatterns = [path("", include(router.urls))]
