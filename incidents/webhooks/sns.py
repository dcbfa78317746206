"""POST /webhooks/sns/: 200 only after commit; 503 asks SNS to deliver again; no other fault of ours is a 4xx."""

from functools import cache

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.errors import Unavailable
from incidents.intake import event_store
from incidents.subscriptions import subscription_confirm, subscription_end_record
from incidents.webhooks.exchange import TooLarge, answer, body_of
from integrations.sns.certificates import Certificates
from integrations.sns.errors import Malformed, Refused
from integrations.sns.message import Message
from integrations.sns.verify import verified

logger = structlog.get_logger(__name__)

# A message has at most 256 KiB; JSON escapes and the envelope come on top.
LARGEST_BODY_BYTES = 512 * 1024


@cache
def certificates() -> Certificates:
    """Return this process's certificates, so that each is fetched once for all requests."""
    return Certificates(local=settings.SNS_LOCAL_CERTIFICATES)


@csrf_exempt
@require_POST
def sns(request: HttpRequest) -> JsonResponse:
    """Verify and store one delivery of SNS."""
    try:
        body = body_of(request, limit_bytes=LARGEST_BODY_BYTES)
        _check_not_raw(request)
        message = verified(
            body, topic_arns=settings.SNS_TOPIC_ARNS, certificates=certificates(), now=timezone.now()
        )
        return _taken(message, body.decode())
    except TooLarge as error:
        return _refused(413, error)
    except Malformed as error:
        return _refused(400, error)
    except Refused as error:
        return _refused(403, error)
    except Unavailable as error:
        logger.warning("sns.unavailable", reason=str(error))
        return answer(503, "unavailable", str(error))
    except (DatabaseError, InterfaceError) as error:
        logger.exception("sns.not_stored")
        return answer(503, "unavailable", f"The message could not be stored now ({type(error).__name__}).")


def _check_not_raw(request: HttpRequest) -> None:
    if request.headers.get("x-amz-sns-rawdelivery", "").lower() == "true":
        raise Malformed(
            "The subscription uses raw message delivery; turn it off: raw messages carry no signature."
        )


def _taken(message: Message, raw: str) -> JsonResponse:
    match message.type:
        case "Notification":
            is_new, status, reason = event_store(message=message, raw=raw) is not None, "stored", "Stored."
        case "SubscriptionConfirmation":
            is_new = subscription_confirm(message=message, raw=raw, endpoint_url=settings.ENV.aws_endpoint_url)
            status, reason = "confirmed", "The subscription is confirmed."
        case "UnsubscribeConfirmation":
            is_new = subscription_end_record(message=message, raw=raw)
            status, reason = "unsubscribed", "The end of the subscription is recorded."
    if not is_new:
        return answer(200, "repeated", "This message or state change was stored before; nothing was changed.")
    return answer(200, status, reason)


def _refused(code: int, error: Exception) -> JsonResponse:
    logger.warning("sns.refused", code=code, reason=str(error))
    return answer(code, "refused", str(error))
