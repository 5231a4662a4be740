from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0037_agreement_scores'),
    ]

    operations = [
        migrations.AlterField(
            model_name='job',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0, help_text='That were begun since the work last got on.'),
        ),
        migrations.AddField(
            model_name='job',
            name='kept',
            field=models.JSONField(default=dict, help_text='How far what outlives a worker goes, by part: steps in a checkpoint.'),
        ),
        migrations.AlterField(
            model_name='learningpolicy',
            name='control_share',
            field=models.FloatField(default=0.15, help_text='Of the cases chosen, drawn by fg_random; some always are.'),
        ),
        migrations.AlterField(
            model_name='learningpolicyevent',
            name='control_share',
            field=models.FloatField(default=0.15, help_text='Of the cases chosen, drawn by fg_random; some always are.'),
        ),
        migrations.RemoveConstraint(
            model_name='learningpolicy',
            name='learning_policy_in_range',
        ),
        # A control that was switched off is switched on, and stays on if this is undone.
        migrations.RunSQL(
            "UPDATE annotation_learningpolicy SET control_share = 0.05 WHERE control_share < 0.05",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='learningpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('control_share__gte', 0.05), ('control_share__lte', 1), ('margin__gte', 0), ('margin__lte', 1), ('diversity__gte', 0), ('diversity__lte', 5), ('members__gte', 1), ('members__lte', 5), ('cube_mm__gt', 0), ('slab_mm__gt', 0), ('atlases__lte', 8), models.Q(('every_hours__isnull', True), ('every_hours__gte', 1), _connector='OR'), models.Q(('forecast_gain__isnull', True), models.Q(('forecast_gain__gt', 0), ('forecast_gain__lte', 1)), _connector='OR')), name='learning_policy_in_range'),
        ),
    ]
