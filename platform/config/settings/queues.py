import sys

from celery.schedules import crontab
from kombu import Queue

from config import embedded, env

_env = env.load()
_redis_url = _env.redis_url or embedded.redis_url(_env.data_dir)
REDIS_URL = _redis_url
_celery_redis_url = _redis_url.replace("unix://", "redis+socket://", 1)

# Outside systems with a circuit breaker each, by the name that their errors carry.
BREAKERS = ("anthropic", "github", "cloudwatch")

CELERY_BROKER_URL = _celery_redis_url
CELERY_RESULT_BACKEND = f"config.results:JoinBackend+{_redis_url.replace('unix://', 'socket://', 1)}"
CELERY_RESULT_EXPIRES = 3600
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TRACK_STARTED = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue(name) for name in ("default", "intake", "agents", "sandbox")]
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_ROUTES = {
    "incidents.*": {"queue": "intake"},
    **{f"pipeline.{name}": {"queue": "agents"} for name in ("triage", "diagnose", "propose", "review", "monitor")},
    **{f"pipeline.{name}": {"queue": "sandbox"} for name in ("prepare", "trial", "try_better_patch")},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Celery would end a thread's database connection around each task; config/celery.py checks those that are kept.
CELERY_DB_REUSE_MAX = sys.maxsize
# With the broker gone a publisher gives up at once: the row is stored and the sweeper will look.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "visibility_timeout": 3600,
    "retry_on_timeout": False,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"retry_policy": {"timeout": 5.0}}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "pipeline.sweep", "schedule": _env.pipeline_sweep_seconds},
    # Two calls for each open pull request: GitHub allows thousands an hour.
    "pull requests": {"task": "pipeline.ask_pull_requests", "schedule": 1800},
    "approvals": {"task": "approvals.upkeep", "schedule": 60},
    "pairs": {"task": "approvals.collect_pairs", "schedule": 600},
    "day spend": {"task": "incidents.recount_day_spend", "schedule": crontab(minute="*/10")},
    "retention": {"task": "incidents.delete_old", "schedule": crontab(hour="3", minute="17")},
    **({"queues": {"task": "config.publish_queues", "schedule": 60}} if _env.metrics_cloudwatch_namespace else {}),
}
if _env.canary_minutes:
    CELERY_BEAT_SCHEDULE["canary"] = {"task": "pipeline.canary", "schedule": 60 * _env.canary_minutes}
    CELERY_BEAT_SCHEDULE["canary watch"] = {"task": "pipeline.canary_watch", "schedule": 60}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [_redis_url]},
    }
}
