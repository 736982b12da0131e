"""What `./dev` runs once the environment is there: one module a tool, named as the tool is.

The tools start the app as processes and never import it; importing them takes the standard library alone.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
