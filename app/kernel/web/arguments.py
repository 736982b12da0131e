"""Types of what Flask takes by keyword beside keywords of its own, which have other types: hence `Any`."""

from typing import Any

Arguments = dict[str, Any]
"""Arguments of an address, for `url_for`."""
Variables = dict[str, Any]
"""Variables of a template, for `respond`."""
