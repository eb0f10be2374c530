from django.urls import path

from webapp.workbench import ahead, chat, day, drafts, helping, history, projects, qualify, reporting, work

urlpatterns = [
    path("", projects.home, name="home"),
    path("p/<slug:slug>/", projects.project, name="project"),
    path("p/<slug:slug>/guideline/", projects.guideline, name="guideline"),
    path("p/<slug:slug>/guideline/read/", projects.guideline_read, name="guideline_read"),
    path("p/<slug:slug>/qualify/", qualify.qualify, name="qualify"),
    path("p/<slug:slug>/qualify/begin/", qualify.begin, name="qualify_begin"),
    path("p/<slug:slug>/qualify/<uuid:uuid>/", qualify.explained, name="explained"),
    path("p/<slug:slug>/mine/", history.mine, name="mine"),
    path("p/<slug:slug>/mine/last/", history.last, name="last"),
    path("p/<slug:slug>/work/", work.work, name="work"),
    path("p/<slug:slug>/day/", day.day, name="day"),
    path("p/<slug:slug>/pause/", day.pause, name="pause"),
    path("p/<slug:slug>/work/ahead/", ahead.ahead, name="ahead"),
    path("p/<slug:slug>/work/leave/", ahead.leave, name="leave"),
    path("p/<slug:slug>/work/<uuid:uuid>/", work.task, name="task"),
    path("p/<slug:slug>/work/<uuid:uuid>/submit/", work.submit, name="submit"),
    path("p/<slug:slug>/work/<uuid:uuid>/skip/", work.skip, name="skip"),
    path("p/<slug:slug>/work/<uuid:uuid>/report/", reporting.report, name="report"),
    path("p/<slug:slug>/work/<uuid:uuid>/draft/", drafts.draft, name="draft"),
    path("p/<slug:slug>/work/<uuid:uuid>/near/", helping.near, name="near_copies"),
    path("p/<slug:slug>/work/<uuid:uuid>/start/", helping.start, name="start_from_best"),
    path("p/<slug:slug>/work/<uuid:uuid>/chat/send/", chat.send, name="chat_send"),
    path("p/<slug:slug>/work/<uuid:uuid>/chat/draft/", chat.draft, name="chat_draft"),
    path("p/<slug:slug>/work/<uuid:uuid>/chat/<int:number>/hear/", chat.hear, name="chat_hear"),
    path("p/<slug:slug>/work/<uuid:uuid>/chat/<int:number>/choose/", chat.choose, name="chat_choose"),
    path("p/<slug:slug>/work/<uuid:uuid>/chat/<int:number>/go-on/", chat.go_on, name="chat_go_on"),
    path("p/<slug:slug>/work/<uuid:uuid>/chat/<int:number>/again/", chat.again, name="chat_again"),
    path("p/<slug:slug>/work/<uuid:uuid>/chat/<int:number>/take-back/", chat.take_back, name="chat_take_back"),
]
