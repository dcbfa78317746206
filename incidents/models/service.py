from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from incidents.choices import AlarmPolicy, MergePolicy, Mode, Risk
from incidents.risk_patterns import BadPattern, service_patterns


class Service(models.Model):
    """Something that runs in production: where its alarms come from, its code lives and its fixes go."""

    name = models.SlugField(unique=True)
    repository = models.CharField(max_length=200, help_text="owner/name at the code host")
    default_branch = models.CharField(max_length=200, default="main")
    deployed_ref = models.CharField(
        max_length=200, blank=True, help_text="commit, tag or branch in production; empty: the default branch"
    )
    alarm_patterns = ArrayField(
        models.CharField(max_length=255),
        help_text="shell-style patterns of alarm names, for example orders-*; case matters",
    )
    log_groups = ArrayField(
        models.CharField(max_length=512),
        default=list,
        blank=True,
        help_text="CloudWatch log groups to read when no metric filter leads to one",
    )
    test_command = models.CharField(max_length=500, blank=True, help_text="empty: detected from the files")
    sandbox_image = models.CharField(max_length=300, blank=True, help_text="empty: the ecosystem's own image")
    approval_threshold = models.CharField(
        max_length=10,
        choices=Risk,
        default=Risk.HIGH,
        help_text="a fix of this risk or above waits for a person",
    )
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.PROPOSE)
    merge_policy = models.CharField(max_length=12, choices=MergePolicy, default=MergePolicy.PEOPLE)
    alarm_policy = models.CharField(
        max_length=10,
        choices=AlarmPolicy,
        default=AlarmPolicy.CREATE,
        db_default=AlarmPolicy.CREATE.value,  # so that the release before this field can still insert
        help_text="what happens after a merge to alarms that were missing and passed their dry run",
    )
    allowed_paths = ArrayField(
        models.CharField(max_length=300),
        default=list,
        blank=True,
        help_text="shell-style patterns of the paths that a fix may touch; empty: all that are not protected",
    )
    risk_patterns = models.JSONField(
        default=list,
        blank=True,
        help_text='paths that raise the risk here: [{"pattern": "src/ledger/*", "risk": "HIGH", "why": "money"}]',
    )
    incidents_per_hour = models.PositiveSmallIntegerField(
        default=20, help_text="so many may enter the pipeline in an hour; others wait and are taken up later"
    )
    owners = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    budget_usd_per_incident = models.DecimalField(
        max_digits=8, decimal_places=2, default=Decimal(10), validators=[MinValueValidator(0)]
    )
    budget_usd_per_day = models.DecimalField(
        max_digits=8, decimal_places=2, default=Decimal(100), validators=[MinValueValidator(0)]
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise a ValidationError that names each risk pattern that cannot be read."""
        super().clean()
        try:
            service_patterns(self.risk_patterns)
        except BadPattern as error:
            raise ValidationError({"risk_patterns": error.problems}) from error
