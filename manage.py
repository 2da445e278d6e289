#!/usr/bin/env python3
"""Django's command line, for enrollcheck."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from enrollcheck.demo.environment import prepare_environment


def main() -> None:
    """Run the command named on the command line.

    `demo` gets keys and a database of its own before the settings are read, so that it can run
    without any configuration and can't touch a database that somebody uses.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enrollcheck.settings")
    if sys.argv[1:2] == ["demo"]:
        prepare_environment(sys.argv[2:])
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # a setting that is missing or wrong: its sentence says which
        sys.exit(f"{sys.argv[0]}: {error}")


if __name__ == "__main__":
    main()
