"""How a member of staff gets in, on the sign-in's page itself."""


def sign_in(page, site: str, username: str, password: str = "") -> None:
    """Type user name and password at the site of that address; without one, that of tests/factories.py."""
    page.goto(f"{site}/sign-in/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password or username * 2)
    page.click("main form button[type=submit]")
    page.wait_for_load_state()
