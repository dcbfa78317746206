from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import DefaultRouter

from incidents.api.overview import OverviewView, WorkView
from incidents.api.pause import PauseView
from incidents.api.route_test import RouteTestView
from incidents.api.services import ServiceViewSet
from incidents.api.views import EventViewSet, IncidentViewSet, MeView, SummaryView

router = DefaultRouter()
router.include_root_view = False
router.register("incidents", IncidentViewSet, basename="incident")
router.register("events", EventViewSet, basename="event")
router.register("services", ServiceViewSet, basename="service")

urlpatterns = [
    path("", include(router.urls)),
    path("me/", MeView.as_view(), name="me"),
    path("overview/", OverviewView.as_view(), name="overview"),
    path("pause/", PauseView.as_view(), name="pause"),
    path("route-test/", RouteTestView.as_view(), name="route-test"),
    path("work/", WorkView.as_view(), name="work"),
    path("summary/", SummaryView.as_view(), name="summary"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
]
