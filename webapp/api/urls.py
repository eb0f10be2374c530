"""The HTTP surface, version 1: these paths are a contract."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from webapp.api import (
    chats,
    docs,
    generations,
    intake,
    jobs,
    problems,
    projects,
    quality,
    reward_models,
    snapshots,
    tasks,
    webhooks,
    work,
)

app_name = "api"
urlpatterns = [
    path("projects/", projects.project_list, name="projects"),
    path("projects/<slug:slug>/", projects.project_detail, name="project"),
    path("projects/<slug:slug>/members/<str:username>/", projects.member, name="member"),
    path("projects/<slug:slug>/prompts/", intake.prompts, name="prompts"),
    path("projects/<slug:slug>/samples/", intake.samples, name="samples"),
    path("projects/<slug:slug>/comparisons/", intake.comparisons, name="comparisons"),
    path("projects/<slug:slug>/quality/", quality.quality, name="quality"),
    path("projects/<slug:slug>/generations/", generations.generations, name="generations"),
    path("projects/<slug:slug>/reward-models/", reward_models.reward_models, name="reward_models"),
    path("projects/<slug:slug>/snapshots/", snapshots.snapshots, name="snapshots"),
    path("projects/<slug:slug>/tasks/", tasks.tasks, name="tasks"),
    path("projects/<slug:slug>/chats/", chats.chats, name="chats"),
    path("projects/<slug:slug>/next/", work.next_task, name="next"),
    path("assignments/<uuid:uuid>/judgement/", work.judgement, name="judgement"),
    path("assignments/<uuid:uuid>/skip/", work.skip, name="skip"),
    path("assignments/<uuid:uuid>/chat/", chats.chat, name="chat"),
    path("assignments/<uuid:uuid>/chat/turns/", chats.turns, name="chat_turns"),
    path("assignments/<uuid:uuid>/chat/turns/<int:number>/", chats.turn, name="chat_turn"),
    path("assignments/<uuid:uuid>/chat/turns/<int:number>/judgement/", chats.turn_judgement, name="chat_judgement"),
    path("assignments/<uuid:uuid>/chat/turns/<int:number>/again/", chats.turn_again, name="chat_again"),
    path("assignments/<uuid:uuid>/chat/turns/<int:number>/cancel/", chats.turn_cancel, name="chat_cancel"),
    path("jobs/<uuid:job_id>/", jobs.job_detail, name="job"),
    path("jobs/<uuid:job_id>/cancel/", jobs.job_cancel, name="job_cancel"),
    path("reward-models/<int:pk>/", reward_models.reward_model, name="reward_model"),
    path("reward-models/<int:pk>/score/", reward_models.score, name="score"),
    path("snapshots/<int:pk>/", snapshots.snapshot, name="snapshot"),
    path("projects/<slug:slug>/webhooks/", webhooks.project_webhooks, name="webhooks"),
    path("webhooks/<int:pk>/", webhooks.webhook, name="webhook"),
    path("webhooks/<int:pk>/ping/", webhooks.ping, name="webhook_ping"),
    path("webhooks/<int:pk>/deliveries/", webhooks.deliveries, name="webhook_deliveries"),
    path("webhooks/<int:pk>/deliveries/<uuid:delivery_id>/resend/", webhooks.resend, name="webhook_resend"),
    path("snapshots/<int:pk>/<slug:form>/<slug:split>.<path:extension>", snapshots.snapshot_file, name="snapshot_file"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs.browse, name="docs"),
    re_path(r"", problems.not_found),
]
