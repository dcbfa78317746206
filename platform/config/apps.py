import unfold.utils
from django.apps import AppConfig
from django.conf import settings
from pydantic import SecretStr

from config.console_json import plain_json
from core.redact import register_secret


class PlatformConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Keep every secret of this installation out of prompts, traces, logs and pages, by its value.

        And let the console show JSON as its pages' policy allows.
        """
        given = [value for _, value in settings.ENV if isinstance(value, SecretStr)]
        for value in (
            *(secret.get_secret_value() for secret in given),
            settings.SECRET_KEY,
            settings.GITHUB_WEBHOOK_SECRET,
            settings.DATABASES["default"]["PASSWORD"],
        ):
            register_secret(value)
        unfold.fields.prettify_json = plain_json
