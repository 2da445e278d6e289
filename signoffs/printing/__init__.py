"""Paper: the registration form and the posters, as PDF."""

from .form import form_pdf
from .poster import poster_pdf

__all__ = ["form_pdf", "poster_pdf"]
