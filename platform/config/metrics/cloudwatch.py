"""Publish to CloudWatch how much waits in each queue, where that is what the number of workers follows."""

import boto3
from celery import shared_task
from django.conf import settings

from core.shared_store import shared_store


@shared_task(name="config.publish_queues", ignore_result=True)
def publish_queues() -> None:
    """Send the depth of every queue as `QueueMessages`; without METRICS_CLOUDWATCH_NAMESPACE do nothing."""
    namespace = settings.ENV.metrics_cloudwatch_namespace
    if not namespace:
        return
    client = boto3.client(
        "cloudwatch", region_name=settings.ENV.aws_region, endpoint_url=settings.ENV.aws_endpoint_url
    )
    client.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": "QueueMessages",
                "Dimensions": [{"Name": "Queue", "Value": queue.name}],
                "Value": shared_store().llen(queue.name),
                "Unit": "Count",
            }
            for queue in settings.CELERY_TASK_QUEUES
        ],
    )
