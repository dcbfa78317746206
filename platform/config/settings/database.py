from config import embedded, env
from config.database_url import parse

_url = env.load().database_url or embedded.database_url(env.load().data_dir)

DATABASES = {"default": parse(_url)}
