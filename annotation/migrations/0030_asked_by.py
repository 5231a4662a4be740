import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("import", "import"),
    ("train", "train"),
    ("predict", "predict"),
    ("propose", "predict one case that is being read"),
    ("atlas", "pre-annotate from labelled cases"),
    ("score", "score"),
    ("simulate", "compare strategies"),
    ("measure", "score a model on the test cases"),
    ("export", "export delineations"),
    ("look", "look at what an import would bring"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0029_sources"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="job", name="job_kind_known"),
        migrations.AlterField(
            model_name="job", name="kind", field=models.CharField(choices=KINDS, max_length=8)
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _ in KINDS])), name="job_kind_known"
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="asked_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Null = nobody: the product began it.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
