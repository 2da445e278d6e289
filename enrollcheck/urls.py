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
handler429 = "signoffs.views.errors.too_many_requests"  # django-allauth's limits
handler500 = "signoffs.views.errors.server_error"
