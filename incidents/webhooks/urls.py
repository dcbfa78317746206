from django.urls import path

from incidents.webhooks.github import github
from incidents.webhooks.sns import sns

urlpatterns = [
    path("sns/", sns, name="webhook-sns"),
    path("github/", github, name="webhook-github"),
]
