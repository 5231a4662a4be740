from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0028_uploads")]

    operations = [
        migrations.CreateModel(
            name="DataSource",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="Of the recipe: a public data set's, or a saved one's.", max_length=120
                    ),
                ),
                ("title", models.CharField(max_length=1000)),
                (
                    "licence",
                    models.CharField(blank=True, help_text="Empty = not known.", max_length=1000),
                ),
                ("citation", models.CharField(blank=True, max_length=1000)),
                ("non_commercial", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("title", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "title", "licence", "citation", "non_commercial"),
                        name="data_source_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("title", ""), _negated=True), name="data_source_has_a_title"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseSource",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=models.deletion.CASCADE,
                        primary_key=True,
                        related_name="came_from",
                        serialize=False,
                        to="annotation.case",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=models.deletion.PROTECT,
                        related_name="case_rows",
                        to="annotation.datasource",
                    ),
                ),
            ],
        ),
    ]
