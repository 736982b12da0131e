"""The record as files that verify offline with stock tools (docs/inspections.md, "Verify it without us").

The layout has a version, which `format.txt` names. Bundles of the first one, which names none, are read for good.
"""

from app.inspections.bundle.layout import FORMAT
from app.inspections.bundle.reading import Contents, Shipped, read
from app.inspections.bundle.writing import bundle, write

__all__ = ["FORMAT", "Contents", "Shipped", "bundle", "read", "write"]
