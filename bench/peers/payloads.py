"""What is sent and answered, as pydantic models; for FastAPI and Flask."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bench.peers.contract import EMAIL, NAME_LENGTH, NOTES_LENGTH


class New(BaseModel):
    model_config = ConfigDict(extra="forbid")
    template: Literal["flat-1", "flat-2"]
    name: str = Field(min_length=1, max_length=NAME_LENGTH)
    email: str = Field(pattern=EMAIL, max_length=254)
    locale: str = Field("en", max_length=10)
    submission: dict[str, Any]


class Decision(BaseModel):
    model_config = ConfigDict(extra="forbid")
    status: Literal["approved", "denied"]
    notes: str | None = Field(None, max_length=NOTES_LENGTH)


class Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    uid: str
    organization_id: int
    status: str
    template: str
    name: str
    email: str
    locale: str
    submission: dict[str, Any]
    reviewer_id: int | None
    notes: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class Listed(BaseModel):
    data: list[Shown]
    next_cursor: str | None = None
    page: int | None = None
    total: int | None = None
