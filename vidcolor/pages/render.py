"""From a template and records to a page that needs nothing but itself."""

from __future__ import annotations

import base64
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_TEMPLATES = Environment(
    loader=PackageLoader("vidcolor.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: Any) -> Markup:
    """A template of this room with values; what is not markup already is escaped.

    Args:
        template: its file's name in `templates/`.
        values: by the names that the template knows.
    """
    return Markup(_TEMPLATES.get_template(template).render(values))


def page(template: str, **values: Any) -> str:
    """A whole page as HTML text: no script, nothing loaded from elsewhere; arguments as above."""
    return f"{render(template, **values)}\n"


def inline(jpeg: bytes) -> str:
    """A JPEG as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
