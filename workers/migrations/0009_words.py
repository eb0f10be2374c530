from django.db import migrations, models


class Migration(migrations.Migration):
    """What workers say, for readers of any language: beside the English text, the sentence and its facts."""

    dependencies = [("workers", "0008_wide_split_seed")]

    operations = [
        migrations.AddField("job", "error_words", models.JSONField(blank=True, null=True)),
        migrations.AddField("job", "log_words", models.TextField(blank=True, db_default="", default="")),
        migrations.AddField("webhookdelivery", "error_words", models.JSONField(blank=True, null=True)),
    ]
