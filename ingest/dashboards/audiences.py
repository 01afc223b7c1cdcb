"""Who looks at dashboards, and as whom each of them reads the warehouse.

A dashboard reads as the least of its audience: with a query of one's own making a viewer reads all
that the connection may, so it may read nothing that one of its viewers may not.
"""

from typing import Literal, get_args

Audience = Literal["teacher", "school admin", "finance", "analyst", "admin"]
# from the one who may read the least; the first two see rows by their roles in Moodle
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
# read every mart but the restricted ones, also what no dashboard shows
READERS_OF_MARTS: tuple[Audience, ...] = ("analyst", "admin")
SECURED: tuple[Audience, ...] = ("teacher", "school admin")
SECURE_SCHEMA = "secure"
# names no course and no person
OPEN_DATASETS = ("bi_data_as_of",)


def connection(audience: Audience) -> str:
    """Name of the connection made for an audience."""
    return audience.replace(" ", "_")


CONNECTIONS = tuple(connection(audience) for audience in AUDIENCES)
SECURED_CONNECTIONS = tuple(connection(audience) for audience in SECURED)


def least(audiences: list[Audience]) -> Audience:
    """The one of them who may read the least."""
    return min(audiences, key=AUDIENCES.index)


def login(name: str) -> str:
    """The login of Postgres that a connection uses."""
    return f"superset_{name}"


def group(name: str) -> str:
    """The role of Postgres that holds what a connection may read."""
    return f"coursehouse_bi_{name}"


def superset_role(audience: Audience) -> str:
    """The role of Superset whose members are the audience."""
    return f"Coursehouse {audience}"
