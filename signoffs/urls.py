"""The pages of the process, by who opens them."""

urlpatterns: list = []
