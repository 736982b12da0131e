"""`desk key` and `desk token`: keys of the API, and a bearer to try the depositions API with."""

from typing import TYPE_CHECKING

import click

from app.accounts.roles import DESKS, Product
from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import Conflict, NotFound

if TYPE_CHECKING:
    from app.accounts.models import ApiKey
    from app.kernel.db.engine import Db


@click.group()
def main() -> None:
    pass


@main.group(help="API keys.")
def key() -> None:
    pass


@command(key, "create")
@click.option("--organization", "slug", required=True, metavar="SLUG")
@click.option("--product", type=click.Choice(DESKS), required=True)
@click.option("--scope", "scopes", multiple=True, help="May be repeated; none means all.")
@click.option("--label", default="", help="A name for people.")
def key_create(output: Output, slug: str, product: str, scopes: tuple[str, ...], label: str) -> None:
    """Create a key and print it, this one time. Each call creates another key."""
    from app.accounts.actions import keys
    from app.accounts.queries import organization_named

    with opened_database().write() as db:
        found = organization_named(db, slug)
        made, secret = keys.create(db, found, product, scopes=scopes, label=label, by=BY, now=clock.now())
        facts = {"organization": slug, "product": product, "key": secret, "scopes": made.scopes, "label": made.label}
    output.done(facts, f"A {product} key for {slug}. It is not shown again.", secret)


@command(key, "list")
@click.option("--organization", "slug", metavar="SLUG", help="Of this organization alone.")
@click.option("--revoked", is_flag=True, help="Revoked ones, too.")
def key_list(output: Output, slug: str | None, revoked: bool) -> None:
    """List keys by the characters that stay visible, with their last use."""
    from app.accounts import queries

    with opened_database().read() as db:
        wanted = queries.organization_named(db, slug).id if slug else None
        found = queries.keys(db, None, organization_id=wanted)
        more = len(found) == queries.LISTED
        facts = [_facts(each) for each in found if revoked or each.revoked_at is None]
    lines = [_line(each) for each in facts] or ["There are no keys."]
    if more:
        lines.append(f"These are of the first {queries.LISTED}: name an organization.")
    output.done({"keys": facts, "more": more}, "\n".join(lines))


@command(key, "revoke")
@click.argument("key", metavar="KEY")
@click.option("--yes", is_flag=True, help="Revoke it; without it the command only says which key that is.")
def key_revoke(output: Output, key: str, yes: bool) -> None:
    """Revoke a key at once and for good. KEY is what `desk key list` shows of it, or the key itself."""
    from app.accounts.actions import keys

    with opened_database().write() as db:
        found = _find(db, key)
        facts, before = _facts(found), found.revoked_at
        if yes and before is None:
            keys.revoke(db, found, by=BY, now=clock.now())
    ends = " Bearers signed with it end, too." if found.product == Product.DEPOSITIONS else ""
    if before is not None:
        words = "It was revoked already."
    elif yes:
        words = f"It is revoked.{ends}"
    else:
        words = (
            f"Requests with it are refused once it is revoked, which is for good.{ends} Nothing was changed: add --yes."
        )
    output.done({**facts, "changed": yes and before is None}, f"{_line(facts)}\n{words}")


def _find(db: "Db", typed: str) -> "ApiKey":
    from app.accounts import queries

    found = queries.keys_called(db, typed)
    if not found:
        raise NotFound("There is no such key. `desk key list --revoked` has all.")
    if len(found) > 1:
        raise Conflict(f"{len(found)} keys begin so. Give the key itself.", code="key.several")
    return found[0]


def _facts(found: "ApiKey") -> dict[str, object]:
    return {
        "key": found.prefix,
        "organization": found.organization.slug,
        "product": found.product,
        "label": found.label,
        "scopes": found.scopes,
        "created_at": clock.iso(found.created_at),
        "last_used_at": clock.iso(found.last_used_at),
        "revoked_at": clock.iso(found.revoked_at),
        "organization_closed_at": clock.iso(found.organization.closed_at),
    }


def _line(facts: dict[str, object]) -> str:
    label = f" \u201c{facts['label']}\u201d" if facts["label"] else ""
    used = f"last used {facts['last_used_at']}" if facts["last_used_at"] else "never used"
    ended = f", revoked {facts['revoked_at']}" if facts["revoked_at"] else ""
    ended += ", of a closed organization" if facts["organization_closed_at"] else ""
    return f"{facts['key']}\u2026  {facts['organization']}, {facts['product']}{label}, {used}{ended}"


@command(main, "token")
@click.option("--organization", "slug", required=True, metavar="SLUG")
def token(output: Output, slug: str) -> None:
    """Print a bearer token for the depositions API. It is valid for an hour."""
    from app.accounts.actions import keys
    from app.accounts.queries import organization_named

    with opened_database().write() as db:
        bearer, ends = keys.print_bearer(db, organization_named(db, slug), by=BY, now=clock.now())
    facts = {"organization": slug, "token": bearer, "expires_at": clock.iso(ends)}
    output.done(facts, f"A bearer token for {slug}, until {clock.iso(ends)}.", bearer)
