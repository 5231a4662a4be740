from django.db import migrations, models
from django.db.models.lookups import Exact


class Migration(migrations.Migration):
    dependencies = [("annotation", "0024_diversity")]

    operations = [
        migrations.AddField(
            model_name="volume",
            name="header",
            field=models.JSONField(
                blank=True, default=dict, help_text="What is kept of a DICOM header, by a list; names nobody."
            ),
        ),
        migrations.AddField(
            model_name="volume",
            name="marks",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="What was noticed or done when it came in: {outcome, cause, message}, in this order.",
            ),
        ),
        migrations.AddConstraint(
            model_name="volume",
            constraint=models.CheckConstraint(
                condition=Exact(
                    models.Func(
                        models.F("header"), function="jsonb_typeof", output_field=models.TextField()
                    ),
                    models.Value("object"),
                ),
                name="volume_header_is_object",
            ),
        ),
        migrations.AddConstraint(
            model_name="volume",
            constraint=models.CheckConstraint(
                condition=Exact(
                    models.Func(
                        models.F("marks"), function="jsonb_typeof", output_field=models.TextField()
                    ),
                    models.Value("array"),
                ),
                name="volume_marks_are_list",
            ),
        ),
    ]
