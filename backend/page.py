"""The front end's one HTML page; its router knows the routes."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found, server_error

FOR_PROGRAMS = ("/api/", "/_allauth/")
WHERE = "All addresses are listed at /api/docs/; they end with a slash."
NOT_FOR_YOU = "Your account may not open this. Go back, or sign in with one that may."
FAULT = "The server has a problem. Try again in a moment; its log says more."
NONCE = "{{ csp_nonce }}"  # as the front end's build writes it
NOT_BUILT = "The front end is not built yet. Run `make build`, then reload this page."


@require_safe
@never_cache
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Serve the built page; without one, say how to build it."""
    index = settings.FRONTEND_DIST / "index.html"
    if not index.is_file():
        return HttpResponse(NOT_BUILT, content_type="text/plain; charset=utf-8", status=503)
    html = index.read_text(encoding="utf-8").replace(NONCE, str(request.csp_nonce))  # type: ignore[attr-defined]  # set by the middleware
    return HttpResponse(html, content_type="text/html; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that nobody knows: a sentence for programs, Django's page for people."""
    if not request.path.startswith(FOR_PROGRAMS):
        return page_not_found(request, exception)
    return JsonResponse({"detail": f"There is no address {request.path}. {WHERE}"}, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page for others: the admin's, or a form that came from elsewhere."""
    if request.path.startswith(FOR_PROGRAMS):
        return JsonResponse({"detail": NOT_FOR_YOU}, status=403)
    return HttpResponse(NOT_FOR_YOU, content_type="text/plain; charset=utf-8", status=403)


def failed(request: HttpRequest) -> HttpResponse:
    """A fault of ours."""
    if not request.path.startswith(FOR_PROGRAMS):
        return server_error(request)
    return JsonResponse({"detail": FAULT}, status=500)
