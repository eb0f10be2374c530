"""A snapshot's folder to a dataset repository of a Hugging Face hub, where the server has a token for one.

The hub keeps what it has: large files that are there already are not sent again, so that a push that was interrupted
goes on where it was when it is started anew.
"""

import re
from typing import Any

import httpx2
from django.conf import settings

from annotation.models import Person
from annotation.models.audit import record
from exports import shelf
from exports.models import Snapshot
from exports.packing import FOLDER
from exports.reading import facts_of
from workers import jobs
from workers.models import Job

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def start(*, snapshot: Snapshot, by: Person | None, repository: str, private: bool = True) -> Job:
    """Queue a push to the dataset repository `OWNER/NAME`, which is made if need be. Raises `jobs.Refused`."""
    if not settings.HF_TOKEN:
        raise jobs.Refused("This server has no token for a hub: whoever runs it sets HF_TOKEN (or HF_TOKEN_FILE).")
    if not REPOSITORY.fullmatch(repository) or ".." in repository or "--" in repository:
        raise jobs.Refused("A repository is named OWNER/NAME: letters, digits and . _ - .")
    if snapshot.withdrawn_at:
        raise jobs.Refused("This snapshot was withdrawn: there is nothing to push.")
    arguments = {"snapshot": snapshot.pk, "repository": repository, "private": private}
    return jobs.enqueue(Job.Kind.PUSH, project=snapshot.project, by=by, arguments=arguments)


@jobs.handler(Job.Kind.PUSH)
def run(job: jobs.RunningJob) -> dict[str, Any]:
    """Push; answers `{pushed, repository, commit}`, where `commit` is the address of what came of it."""
    snapshot = Snapshot.objects.open().filter(pk=job.arguments["snapshot"], project=job.project).first()
    if snapshot is None:
        raise jobs.Refused("The snapshot is no longer there.")
    names = [*snapshot.manifest["files"], "README.md", "manifest.json"]
    for done, name in enumerate(names):
        job.progress(done, len(names), "fetching")
        shelf.local(snapshot, name)
    facts_of(snapshot, names[0])
    job.progress(len(names), len(names), "pushing")
    commit = _push(snapshot, job.arguments["repository"], private=bool(job.arguments["private"]))
    job.log("Pushed to %(place)s.", place=commit)
    record("snapshot.push", actor=job.created_by, project=job.project, subject=snapshot.pk, to=commit)
    return {"pushed": snapshot.pk, "repository": job.arguments["repository"], "commit": commit}


def _push(snapshot: Snapshot, repository: str, *, private: bool) -> str:
    from huggingface_hub import HfApi  # heavy, and needed by this job alone
    from huggingface_hub.errors import HfHubHTTPError

    hub = HfApi(token=settings.HF_TOKEN)  # where HF_ENDPOINT says
    try:
        hub.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        made = hub.upload_folder(
            repo_id=repository,
            repo_type="dataset",
            folder_path=snapshot.folder,
            ignore_patterns=[f"{FOLDER}/*"],
            delete_patterns=["*"],  # of an earlier snapshot
            commit_message=f"Snapshot {snapshot.sha256[:12]}",
        )
    except (HfHubHTTPError, httpx2.TransportError) as error:
        raise jobs.Refused("The hub did not take it: %(why)s", why=_told(error)) from error
    return str(made.commit_url)


def _told(error: Exception) -> str:
    """The hub's words, without the token that a request's headers hold."""
    return str(getattr(error, "server_message", None) or type(error).__name__)[:300]
