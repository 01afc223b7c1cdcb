"""Settings from `COURSEHOUSE_*` environment variables; `.env.example` lists them all."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.errors import UserError

PROJECT_DIR = Path(__file__).resolve().parent.parent
EMBEDDED_PORT = 54329


class Settings(BaseSettings):
    """What a user may set. Relative paths are relative to the project directory."""

    model_config = SettingsConfigDict(env_prefix="COURSEHOUSE_", env_ignore_empty=True)

    home: Path = Path(".coursehouse")
    pg_bin: Path | None = Field(default=None, description="bin/ of a Postgres >= 15 to embed")
    pg_host: str | None = Field(default=None, description="set: your own server, nothing embedded")
    pg_port: int | None = Field(default=None, ge=1, le=65535)
    pg_user: str = "coursehouse"
    pg_password: SecretStr = SecretStr("")
    pg_dbname: str = "coursehouse"
    moodle_dsn: SecretStr | None = None
    moodle_prefix: str = "mdl_"

    @property
    def home_dir(self) -> Path:
        """Where the embedded services keep their state."""
        return self.home if self.home.is_absolute() else PROJECT_DIR / self.home

    @property
    def is_embedded(self) -> bool:
        """True when Coursehouse runs its own Postgres."""
        return self.pg_host is None


def load_settings() -> Settings:
    """Read the environment; a bad value is a `UserError` that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"COURSEHOUSE_{str(first['loc'][0]).upper()}"
        raise UserError(f"{name} is not usable: {first['msg']}") from None
