from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    # Workers write to the table while a deployment migrates; built in one go, an index would lock them out.
    atomic = False

    dependencies = [
        ('incidents', '0007_day_spend'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='transition',
            index=models.Index(
                condition=models.Q(('source', 'pr_open'), ('target', 'rejected')),
                fields=['incident'],
                name='transition_closed_unmerged',
            ),
        ),
    ]
