"""The calls that the platform makes to SNS itself."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.errors import Unavailable

# Together with everything else well inside the 15 s after which SNS gives a delivery up.
_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})


def confirm_subscription(*, topic_arn: str, token: str, endpoint_url: str | None = None) -> str:
    """Confirm a subscription so that only its owner can end it; return its ARN. Raises Unavailable.

    Nothing is fetched from a URL in a message: the call goes to the topic's region through the SDK.
    """
    region = topic_arn.split(":")[3]
    try:
        client = boto3.client("sns", region_name=region, endpoint_url=endpoint_url, config=_CONFIG)
        answer = client.confirm_subscription(TopicArn=topic_arn, Token=token, AuthenticateOnUnsubscribe="true")
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(
            "sns",
            f"The subscription to {topic_arn} could not be confirmed ({error}). "
            "Check the AWS credentials and that they allow sns:ConfirmSubscription.",
        ) from error
    return answer["SubscriptionArn"]


def publish(*, topic_arn: str, subject: str, message: str, endpoint_url: str | None = None) -> str:
    """Publish a message to the topic, as CloudWatch does, and return its id. Raises Unavailable."""
    region = topic_arn.split(":")[3]
    try:
        client = boto3.client("sns", region_name=region, endpoint_url=endpoint_url, config=_CONFIG)
        answer = client.publish(TopicArn=topic_arn, Subject=subject[:100], Message=message)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(
            "sns",
            f"Nothing could be published to {topic_arn} ({error}). "
            "Check the AWS credentials and that they allow sns:Publish.",
        ) from error
    return answer["MessageId"]
