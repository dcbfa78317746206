import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    # Workers write to both tables while a deployment migrates; built in one go, an index would lock them out.
    atomic = False

    dependencies = [
        ('incidents', '0005_alarm_policy_and_decisions'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='fix',
            index=django.contrib.postgres.indexes.GinIndex(fields=['files'], name='fix_files'),
        ),
        AddIndexConcurrently(
            model_name='pullrequest',
            index=models.Index(fields=['repository', 'state', '-opened_at'], name='pull_request_newest'),
        ),
    ]
