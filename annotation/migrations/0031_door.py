import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATES = [
    ('held', 'held until a lead has looked'),
    ('waiting', 'waiting for a pre-annotation'),
    ('ready', 'ready for a reader'),
    ('in_progress', 'being corrected'),
    ('in_review', 'waiting for review'),
    ('comparing', 'two reads are being compared'),
    ('adjudication', 'two reads differ'),
    ('returned', 'returned to the reader'),
    ('accepted', 'accepted'),
]
KNOWN = models.Q(('state__in', [state for state, _ in STATES]))


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0030_asked_by'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='case', name='case_state_known'),
        migrations.RemoveConstraint(model_name='part', name='part_state_known'),
        migrations.AddField(
            model_name='volume',
            name='acquired_on',
            field=models.DateField(blank=True, help_text="Shifted by the patient's own number of days.", null=True),
        ),
        migrations.AddField(
            model_name='volume',
            name='series_uid',
            field=models.CharField(blank=True, default='', help_text='Stands for the stack of a series: a keyed hash.', max_length=64),
        ),
        migrations.AddField(
            model_name='volume',
            name='spacing_known',
            field=models.BooleanField(default=True, help_text='False: the file does not say how large a voxel is; nothing is in mm.'),
        ),
        migrations.AddField(
            model_name='volume',
            name='study_uid',
            field=models.CharField(blank=True, db_index=True, default='', help_text='Stands for the study: a keyed hash.', max_length=64),
        ),
        migrations.AlterField(
            model_name='case',
            name='state',
            field=models.CharField(choices=STATES, default='waiting', help_text='Follows from its parts (worklist.settle), as `offer` does.', max_length=12),
        ),
        migrations.AlterField(
            model_name='part',
            name='state',
            field=models.CharField(choices=STATES, default='waiting', max_length=12),
        ),
        migrations.AddConstraint(
            model_name='case', constraint=models.CheckConstraint(condition=KNOWN, name='case_state_known')
        ),
        migrations.AddConstraint(
            model_name='part', constraint=models.CheckConstraint(condition=KNOWN, name='part_state_known')
        ),
        migrations.CreateModel(
            name='GivenSpacing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('spacing_mm', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3)),
                ('before_mm', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), help_text='What stood there: 1 mm where none was.', size=3)),
                ('given_at', models.DateTimeField(auto_now_add=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('volume', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='given_spacings', to='annotation.volume')),
            ],
            options={
                'ordering': ('pk',),
                'constraints': [models.CheckConstraint(condition=models.Q(('spacing_mm__0__gt', 0), ('spacing_mm__1__gt', 0), ('spacing_mm__2__gt', 0)), name='given_spacing_positive')],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='release', to='annotation.case')),
            ],
        ),
    ]
