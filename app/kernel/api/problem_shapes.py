"""The shape of a problem document, for the OpenAPI documents. `problems` fills it."""

from pydantic import BaseModel


class FieldProblem(BaseModel):
    """A fault of one field."""

    field: str
    code: str
    detail: str


class Problem(BaseModel):
    """Why something was not done (RFC 9457). `code` is stable; `detail` is a sentence for a person."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] | None = None
