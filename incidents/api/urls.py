from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import DefaultRouter

from incidents.api.views import EventViewSet, IncidentViewSet, MeView, ServiceViewSet, SummaryView

router = DefaultRouter()
router.include_root_view = False
router.register("incidents", IncidentViewSet, basename="incident")
router.register("events", EventViewSet, basename="event")
router.register("services", ServiceViewSet, basename="service")

urlpatterns = [
    path("", include(router.urls)),
    path("me/", MeView.as_view(), name="me"),
    path("summary/", SummaryView.as_view(), name="summary"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
]
