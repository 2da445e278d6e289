"""The map of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("signoffs.urls")),
]

handler400 = "signoffs.views.failures.bad_request"
handler403 = "signoffs.views.failures.forbidden"
handler404 = "signoffs.views.failures.not_found"
handler429 = "signoffs.views.failures.too_many_requests"  # django-allauth's limits
handler500 = "signoffs.views.failures.server_error"
