"""Every address of the product: the API, sign-in, the admin, and one page for all routes of the front end."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path, re_path

from backend.page import page

urlpatterns = [
    # One sign-in for all, with one limit on attempts: the admin's own form would have none.
    path("admin/login/", secure_admin_login(admin.site.login)),
    path("admin/", admin.site.urls),
    path("_allauth/", include("allauth.headless.urls")),
    path("accounts/", include("allauth.urls")),  # where single sign-on comes back to
    path("", include("annotation.urls")),
    re_path(r"^(?!api/|static/|_allauth/|accounts/|admin/|healthz).*$", page, name="page"),
]

handler403 = "backend.page.forbidden"
handler404 = "backend.page.not_found"
handler500 = "backend.page.failed"
