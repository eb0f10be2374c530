from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0014_chat_reports"),
    ]

    operations = [
        migrations.AddField(
            model_name="queueposition",
            name="empty_to",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="queueposition",
            name="noted",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="queueposition",
            name="noted_before",
            field=models.BigIntegerField(db_default=0),
        ),
    ]
