from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("annotation", "0021_score_tolerance"),
    ]

    operations = [
        migrations.AddField(
            model_name="networkcomparison",
            name="goes_on_after",
            field=models.PositiveBigIntegerField(
                default=0,
                help_text="Id of the last training when a lead went on; those without a model are repeated.",
            ),
        ),
        migrations.AddField(
            model_name="networkcomparison",
            name="seed",
            field=models.PositiveIntegerField(default=0, help_text="Of each training."),
        ),
        migrations.AddField(
            model_name="trainingrun",
            name="parameters",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="Of its networks; null = not kept.", null=True
            ),
        ),
        migrations.AddField(
            model_name="trainingrun",
            name="steps",
            field=models.PositiveIntegerField(
                blank=True, help_text="Of the optimiser; null = not kept.", null=True
            ),
        ),
        migrations.AddField(
            model_name="trainingrun",
            name="train_seconds",
            field=models.FloatField(
                blank=True, help_text="Of training alone; null = not kept.", null=True
            ),
        ),
    ]
