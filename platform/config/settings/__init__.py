"""Django's settings, a small file for each concern; values come from `config.env`."""

from config.settings.apps import *
from config.settings.auth import *
from config.settings.database import *
from config.settings.logging import *
from config.settings.models import *
from config.settings.queues import *
from config.settings.web import *
