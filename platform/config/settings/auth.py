from datetime import timedelta

from config import env

_env = env.load()

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

AUTHENTICATION_BACKENDS = [
    # First: it refuses who is locked before a password is looked at.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]

# Wrong passwords lock the pair of name and address, so that nobody can lock somebody else out from elsewhere.
AXES_FAILURE_LIMIT = _env.login_failures
AXES_COOLOFF_TIME = timedelta(minutes=_env.login_lock_minutes)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "config/locked.html"
AXES_DISABLE_ACCESS_LOG = True

# Accounts come from the identity provider or from an administrator, never from a form of our own.
ACCOUNT_ADAPTER = "config.sso.NoSignUp"
SOCIALACCOUNT_ADAPTER = "config.sso.GroupsFromClaims"
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_ONLY = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": _env.oidc_name,
                "client_id": _env.oidc_client_id,
                "secret": _env.oidc_client_secret.get_secret_value() if _env.oidc_client_secret else "",
                "settings": {"server_url": _env.oidc_server_url},
            }
        ]
        if _env.oidc_server_url
        else [],
    }
}
