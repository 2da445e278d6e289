"""The product's `serve`, for a site without the product's apps."""

from enrollcheck.management.commands.serve import Command

__all__ = ["Command"]
