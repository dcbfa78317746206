from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    # The webhook writes to the table while a deployment migrates; built in one go, an index would lock it out.
    atomic = False

    dependencies = [
        ('incidents', '0008_closed_unmerged_index'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(
                condition=models.Q(('disposition', 'unrouted')),
                fields=['drained_at'],
                name='event_unrouted',
            ),
        ),
    ]
