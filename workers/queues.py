from enum import StrEnum


class Queue(StrEnum):
    """The queues of the broker. A worker names those that it serves: `celery worker -Q generate,score,train`."""

    DEFAULT = "default"
    GENERATE = "generate"
    SCORE = "score"
    TRAIN = "train"
    EXPORT = "export"
