from django.db import models

from annotation.models.project import Project


class Tree(models.Model):
    """A message tree as it was imported, so that it can leave as it came: JSON as text, nothing of it interpreted."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="trees", db_index=False)
    external_id = models.CharField(max_length=200)  # its message_tree_id, which is its prompts' family
    body = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "external_id"], name="tree_once")]

    def __str__(self) -> str:
        return self.external_id
