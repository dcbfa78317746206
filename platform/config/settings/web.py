from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from config import embedded, env
from config.env import BASE_DIR

_env = env.load()

DEBUG = _env.debug
SECRET_KEY = (
    _env.secret_key.get_secret_value() if _env.secret_key else embedded.secret(_env, "SECRET_KEY", "secret_key")
)
_is_https = _env.address.startswith("https://")
_own_host = urlsplit(_env.address).hostname or ""
ALLOWED_HOSTS = _env.allowed_hosts or (
    ["127.0.0.1", "localhost", "[::1]"] if _env.is_embedded else [_own_host] * bool(_env.public_url)
)
CSRF_TRUSTED_ORIGINS = [_env.address]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
MIDDLEWARE = [
    # First: they measure and answer whatever the host or the scheme is, and say who really asks.
    "config.metrics.requests.RequestMetricsMiddleware",
    "config.health.HealthMiddleware",
    "config.client_address.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.content_policy.ContentPolicyMiddleware",
    "config.sign_in_rate.SignInRateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    # Last: it answers for a sign-in that is locked.
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the console's own: what of it needs a nonce.
        "DIRS": [BASE_DIR / "platform" / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# The dashboard is built by Vite with base /static/dashboard/ and served from here.
DASHBOARD_DIR = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [("dashboard", DASHBOARD_DIR)] if DASHBOARD_DIR.is_dir() else []
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _is_https
# Behind a proxy that ends TLS every request looks like http; only its own header says otherwise.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _env.trust_forwarded_proto else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _is_https
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# A page adds what it alone needs: `csp.decorators.csp_update`.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

UNFOLD = {
    "SITE_TITLE": "agent-platform",
    "SITE_HEADER": "agent-platform",
    "SITE_SUBHEADER": "Console",
    "SITE_SYMBOL": "rule",
    "SITE_DROPDOWN": [
        {"icon": "monitoring", "title": "Dashboard", "link": "/"},
        {"icon": "electrical_services", "title": "Circuit breakers", "link": "/admin/breakers/"},
    ],
}

REST_FRAMEWORK = {
    # The first one's challenge makes the answer to nobody a 401, so that a client knows 403 for what it is.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["incidents.api.throttling.PerUser"],
    # The client's address is in REMOTE_ADDR by then; what X-Forwarded-For claims counts for nothing.
    "NUM_PROXIES": 0,
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "agent-platform",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "incidents.api.problems.document_problems",
        "incidents.api.feed_schema.document_feed",
    ],
    # Two choices that share a field name, or values, get a name of their own in the schema.
    "ENUM_NAME_OVERRIDES": {
        "IncidentStatusEnum": "incidents.choices.Status",
        "StageEnum": "incidents.choices.Stage",
        "StageStatusEnum": "incidents.choices.StageStatus",
        "RiskEnum": "incidents.choices.Risk",
        "PullRequestStateEnum": "incidents.choices.PullRequestState",
        "EvalRunStateEnum": "evals.models.RunState",
        "AlarmProposalStateEnum": "incidents.choices.AlarmProposalState",
    },
}

SNS_TOPIC_ARNS = frozenset(_env.sns_topic_arns or (embedded.SNS_TOPIC_ARNS if _env.is_embedded else ()))
# Certificates trusted by their URL without a fetch: the embedded mode's own; outside it none, unless one is named.
SNS_LOCAL_CERTIFICATES = embedded.sns_certificates(_env)
GITHUB_WEBHOOK_SECRET = (
    _env.github_webhook_secret.get_secret_value()
    if _env.github_webhook_secret
    else embedded.secret(_env, "GITHUB_WEBHOOK_SECRET", "webhook_secret")
)
