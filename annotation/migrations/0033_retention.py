import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0032_composition'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StoredSum',
            fields=[
                ('key', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('bytes', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='Quota',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='quota', serialize=False, to='annotation.project')),
                ('bytes', models.PositiveBigIntegerField()),
                ('set_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.AddField(
            model_name='quota',
            name='set_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='PatientDeletion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('consent', 'consent was withdrawn'), ('request', 'the patient asked for it'), ('period', 'the time for which it may be kept is over'), ('mistake', 'it came in by mistake'), ('study_ended', 'the study has ended')], max_length=11)),
                ('cases', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), help_text='Their numbers; they are not given again.', size=None)),
                ('counts', models.JSONField(default=dict, help_text='How much of what kind went.')),
                ('left', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, help_text='Keys of the store that have still to be removed.', size=None)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.AddField(
            model_name='patientdeletion',
            name='by',
            field=models.ForeignKey(blank=True, help_text='Null = the operator, at the command line.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='patientdeletion',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deletions', to='annotation.project'),
        ),
        migrations.AddConstraint(
            model_name='patientdeletion',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['consent', 'request', 'period', 'mistake', 'study_ended'])), name='deletion_reason_known'),
        ),
        migrations.AddConstraint(
            model_name='patientdeletion',
            constraint=models.CheckConstraint(condition=models.Q(('cases__len__gte', 1)), name='deletion_names_cases'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='patientdeletion',
            trigger=pgtrigger.compiler.Trigger(name='deletion_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."by_id" IS DISTINCT FROM (NEW."by_id") OR OLD."cases" IS DISTINCT FROM (NEW."cases") OR OLD."counts" IS DISTINCT FROM (NEW."counts") OR OLD."project_id" IS DISTINCT FROM (NEW."project_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='8bbe7934a938885a131b08bf97bbbde85e138cac', operation='UPDATE', pgid='pgtrigger_deletion_append_only_a643a', table='annotation_patientdeletion', when='BEFORE')),
        ),
        migrations.CreateModel(
            name='DeletedItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case_id_then', models.PositiveBigIntegerField()),
                ('revision_sha256', models.CharField(max_length=64)),
                ('use', models.CharField(choices=[('train', 'train'), ('validation', 'validation'), ('test', 'test')], max_length=10)),
                ('region', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), blank=True, help_text='As it stood in the case.', null=True, size=6)),
            ],
        ),
        migrations.AddField(
            model_name='deleteditem',
            name='snapshot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deleted_items', to='annotation.datasetsnapshot'),
        ),
        migrations.AddField(
            model_name='deleteditem',
            name='deletion',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='annotation.patientdeletion'),
        ),
        migrations.AddConstraint(
            model_name='deleteditem',
            constraint=models.UniqueConstraint(fields=('snapshot', 'case_id_then'), name='deleted_once_per_snapshot'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='deleteditem',
            trigger=pgtrigger.compiler.Trigger(name='tombstone_frozen', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='faac72c18d3ee79b3f4bcbd8cef41160fac37f1e', operation='UPDATE', pgid='pgtrigger_tombstone_frozen_0f22d', table='annotation_deleteditem', when='BEFORE')),
        ),
    ]
