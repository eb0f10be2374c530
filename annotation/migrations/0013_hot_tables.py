from django.db import migrations, models

# Rows of these change as often as people work. Room in each page keeps a row's versions where they are (HOT), and dead
# ones go early, from the indexes too: a search of the queue passes over what is left of tasks that are done.
STORAGE = """
ALTER TABLE annotation_task SET (
    fillfactor = 85, vacuum_index_cleanup = on,
    autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE annotation_assignment SET (
    fillfactor = 85, vacuum_index_cleanup = on,
    autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE annotation_queueposition SET (
    fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE annotation_workday SET (
    fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05);
"""
DEFAULTS = """
ALTER TABLE annotation_task RESET (
    fillfactor, vacuum_index_cleanup, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor,
    autovacuum_analyze_threshold, autovacuum_analyze_scale_factor);
ALTER TABLE annotation_assignment RESET (
    fillfactor, vacuum_index_cleanup, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor,
    autovacuum_analyze_threshold, autovacuum_analyze_scale_factor);
ALTER TABLE annotation_queueposition RESET (
    fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
ALTER TABLE annotation_workday RESET (
    fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
"""


class Migration(migrations.Migration):

    dependencies = [
        ("annotation", "0012_trees_and_licence"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="assignment",
            name="assignment_overdue",
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["expires_at"], name="assignment_overdue"
            ),
        ),
        migrations.RunSQL(STORAGE, DEFAULTS),
    ]
