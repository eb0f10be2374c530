from django.db import migrations, models


class Migration(migrations.Migration):
    """Old versions' seeds go beyond four bytes; 0002 makes the column wide since, and this where it was made before."""

    dependencies = [("workers", "0007_forget")]

    operations = [
        migrations.AlterField("rewardmodel", "split_seed", models.PositiveBigIntegerField(default=0)),
    ]
