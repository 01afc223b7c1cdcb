"""Keys and passwords of Superset that nobody needs to know: made once, kept in one private file."""

import json
import secrets
from pathlib import Path

from ingest.errors import UserError
from ingest.postgres.files import make_dir, only_one, write_file
from ingest.settings import Settings

FILE = "superset.secrets"


def secret(settings: Settings, name: str) -> str:
    """The secret of this name, made at the first call; `UserError` if the file is not readable."""
    file = settings.home_dir / FILE
    # a warehouse elsewhere leaves nothing at home
    make_dir(settings.home_dir)
    with only_one(settings.home_dir / f"{FILE}.lock"):
        kept = _read(file)
        if name not in kept:
            kept[name] = secrets.token_urlsafe(32)
            write_file(file, json.dumps(kept, indent=2) + "\n")
        return kept[name]


def _read(file: Path) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise UserError(
            f"{file} is not readable for this OS user: use the one it belongs to"
        ) from None
    except ValueError:
        raise UserError(f"{file} is damaged: restore it, or delete it to start anew") from None
    return kept
