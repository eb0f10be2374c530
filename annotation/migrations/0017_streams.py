from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0016_candidate_error_words"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="judgement",
            index=models.Index(
                condition=models.Q(("is_current", True)), fields=["project", "created_at"], name="judgement_by_time"
            ),
        ),
        migrations.AddIndex(
            model_name="prompt",
            index=models.Index(fields=["project", "language", "id"], name="prompt_by_language"),
        ),
        migrations.AddIndex(
            model_name="prompt",
            index=models.Index(
                condition=models.Q(("category", ""), _negated=True),
                fields=["project", "category", "id"],
                name="prompt_by_category",
            ),
        ),
        migrations.AddIndex(
            model_name="prompt",
            index=models.Index(fields=["project", "family"], name="prompt_by_family"),
        ),
    ]
