from enum import StrEnum


class Queue(StrEnum):
    """The queues of the broker. A worker names those that it serves: `celery worker -Q generate,score,train`."""

    DEFAULT = "default"
    GENERATE = "generate"
    CHAT = "chat"
    SCORE = "score"
    TRAIN = "train"
    EXPORT = "export"


# Every task names its queue here; a job's own queue is named when it is woken (jobs.wake).
ROUTES = {
    "workers.run_job": Queue.DEFAULT,
    "workers.revive_lost": Queue.DEFAULT,
    "workers.expire_leases": Queue.DEFAULT,
    "workers.pull_triggers": Queue.DEFAULT,
    "workers.score_texts": Queue.SCORE,
    "workers.answer_turn": Queue.CHAT,
    "workers.warm_models": Queue.CHAT,
    "workers.revive_turns": Queue.DEFAULT,
    "workers.deliver_webhook": Queue.DEFAULT,
    "workers.deliver_due": Queue.DEFAULT,
    "workers.look_for_milestones": Queue.DEFAULT,
}
