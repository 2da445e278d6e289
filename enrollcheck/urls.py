"""The map of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("signoffs.urls")),
]

handler400 = "signoffs.views.errors.bad_request"
handler403 = "signoffs.views.errors.forbidden"
handler404 = "signoffs.views.errors.not_found"
handler500 = "signoffs.views.errors.server_error"
