"""What the path of a request tells before anything else is known of it."""


def is_api(path: str) -> bool:
    """Whether answers at this path are JSON, also where nothing exists."""
    return path.startswith(("/api/", "/v1/")) or path in ("/api", "/v1")
