"""The pages; the client of the benchmark finds them where the product has them."""

from django.contrib import admin
from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("c/<str:token>/", views.class_page, name="class"),
    path("class/identify/", views.identify, name="identify"),
    path("class/record/", views.record, name="record"),
    path("class/receipt/", views.receipt, name="receipt"),
    path("class/leave/", views.leave, name="leave"),
    path("admin/", admin.site.urls),
]
