from django.db import migrations, models


class Migration(migrations.Migration):
    """Why an answer failed, for readers of any language."""

    dependencies = [("annotation", "0015_looks")]

    operations = [
        migrations.AddField("candidate", "error_words", models.JSONField(blank=True, null=True)),
    ]
