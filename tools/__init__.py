"""What `./dev` runs, one module a tool, and what else development needs. The application never imports it.

What `./dev` runs starts the app as a process: importing it takes the standard library alone.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
