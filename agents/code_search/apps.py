from django.apps import AppConfig


class CodeSearchConfig(AppConfig):
    name = "agents.code_search"
    label = "code_search"
    verbose_name = "Code search"
