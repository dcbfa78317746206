from django.apps import AppConfig


class LocalGitConfig(AppConfig):
    name = "integrations.localgit"
    default_auto_field = "django.db.models.BigAutoField"
