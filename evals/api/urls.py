from django.urls import include, path
from rest_framework.routers import SimpleRouter

from evals.api.views import CaseView, CompareView, EvalResultsView, EvalRunViewSet

router = SimpleRouter()
router.register("runs", EvalRunViewSet, basename="eval-run")

urlpatterns = [
    path("", include(router.urls)),
    path("runs/<str:pk>/cases/", EvalResultsView.as_view(), name="eval-results"),
    path("compare/", CompareView.as_view(), name="eval-compare"),
    path("cases/<str:suite>/<str:case_id>/", CaseView.as_view(), name="eval-case"),
]
