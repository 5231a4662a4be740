"""Every address of the product: the API, sign-in, the admin, and one page for all routes of the front end."""

from django.contrib import admin
from django.urls import include, path, re_path

from backend.page import page

urlpatterns = [
    path("admin/", admin.site.urls),
    path("_allauth/", include("allauth.headless.urls")),
    path("", include("annotation.urls")),
    re_path(r"^(?!api/|static/|_allauth/|admin/|healthz).*$", page, name="page"),
]
