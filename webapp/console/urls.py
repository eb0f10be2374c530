from django.urls import include, path

from webapp.console import dashboard, jobs, people, projects, prompts, rewards, snapshots

in_project = [
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("settings/", projects.project_settings, name="project_settings"),
    path("settings/questions/", projects.questions_write, name="questions_write"),
    path("settings/guideline/", projects.guideline_write, name="guideline_write"),
    path("settings/guideline/preview/", projects.guideline_preview, name="guideline_preview"),
    path("settings/archive/", projects.project_archive, name="project_archive"),
    path("settings/restore/", projects.project_restore, name="project_restore"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/<int:invitation_id>/revoke/", people.invitation_revoke, name="invitation_revoke"),
    path("people/<int:member_id>/role/", people.member_role, name="member_role"),
    path("people/<int:member_id>/remove/", people.member_remove, name="member_remove"),
    path("prompts/", prompts.prompts, name="prompts"),
    path("prompts/add/", prompts.prompts_add, name="prompts_add"),
    path("prompts/<int:prompt_id>/", prompts.prompt, name="prompt"),
    path("generate/", jobs.generate, name="generate"),
    path("train/", jobs.train, name="train"),
    path("models/", rewards.reward_models, name="reward_models"),
    path("models/<int:version>/", rewards.reward_model, name="reward_model"),
    path("snapshots/", snapshots.snapshots, name="snapshots"),
    path("snapshots/freeze/", snapshots.snapshot_freeze, name="snapshot_freeze"),
    path("snapshots/<int:snapshot_id>/", snapshots.snapshot, name="snapshot"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.job_detail, name="job"),
    path("jobs/<uuid:job_id>/cancel/", jobs.job_cancel, name="job_cancel"),
]

urlpatterns = [
    path("projects/new/", projects.project_new, name="project_new"),
    path("p/<slug:slug>/", include(in_project)),
]
