from django.apps import AppConfig


class SpendingConfig(AppConfig):
    name = "agents.spending"
    label = "spending"
    verbose_name = "Spending"
