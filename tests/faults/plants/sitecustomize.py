"""Read by every Python that starts with this folder in PYTHONPATH: plants the bug that PLANTED names."""

import os

if os.environ.get("PLANTED"):
    from tests.faults import bugs

    bugs.plant(os.environ["PLANTED"])
