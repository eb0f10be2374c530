from annotation.models.assignment import Assignment
from annotation.models.audit import AuditEvent
from annotation.models.conversation import Candidate, Conversation, Turn
from annotation.models.judgement import Judgement, Ranking, WorkDay
from annotation.models.person import Person
from annotation.models.project import Guideline, Invitation, Membership, Project, Role
from annotation.models.prompt import Prompt
from annotation.models.qualification import QualificationRound
from annotation.models.quality import Quality
from annotation.models.report import Report
from annotation.models.review import Gold, Review
from annotation.models.sample import Generator, Sample
from annotation.models.task import Lane, QueuePosition, Task
from annotation.models.tree import Tree

__all__ = [
    "Assignment",
    "AuditEvent",
    "Candidate",
    "Conversation",
    "Generator",
    "Gold",
    "Guideline",
    "Invitation",
    "Judgement",
    "Lane",
    "Membership",
    "Person",
    "Project",
    "Prompt",
    "QualificationRound",
    "Quality",
    "QueuePosition",
    "Ranking",
    "Report",
    "Review",
    "Role",
    "Sample",
    "Task",
    "Tree",
    "Turn",
    "WorkDay",
]
