from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found
from django.views.defaults import server_error as html_server_error

from webapp.api import problems


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problems.not_found(request, exception)
    return page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problems.server_error(request)
    return html_server_error(request)


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/v1/", include("webapp.api.urls")),
    path("accounts/", include("webapp.accounts.entrance")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("webapp.accounts.urls")),
    path("", include("webapp.console.urls")),
    path("", include("webapp.workbench.urls")),
]
