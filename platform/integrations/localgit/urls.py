from django.urls import path

from integrations.localgit import views

app_name = "localgit"
urlpatterns = [
    path("<str:owner>/<str:name>/<int:number>/", views.pull_request, name="pull_request"),
    path("<str:owner>/<str:name>/<int:number>/merge/", views.merge, name="merge"),
    path("<str:owner>/<str:name>/<int:number>/close/", views.close, name="close"),
    path("<str:owner>/<str:name>/blob/<str:commit>/<path:path>", views.file_at_commit, name="file"),
]
