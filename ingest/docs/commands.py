"""The command `docs`."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ingest.errors import UserError


def docs_command(
    serve: Annotated[
        bool, typer.Option("--serve", help="Show them on 127.0.0.1 until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to serve; 0: any.")] = 8580,
    dictionary: Annotated[
        bool,
        typer.Option(
            "--dictionary",
            help="Only bring docs/data_dictionary.md up to date: takes no warehouse.",
        ),
    ] = False,
) -> None:
    """Write dbt's docs, the lineage of columns and the data dictionary of the built warehouse."""
    # dbt takes seconds to import: only those who write docs pay for it
    from ingest.build import Dbt
    from ingest.docs.site import write_dictionary, write_site

    dbt = Dbt()
    write_dictionary(dbt.parse())
    if dictionary:
        return
    index = write_site(dbt.docs())
    typer.echo(f"docs: {index}")
    if serve:
        _serve(index.parent, port)


def _serve(site: Path, port: int) -> None:
    from ingest.docs.site import site_server

    try:
        server = site_server(site, port)
    except OSError:
        raise UserError(f"port {port} is taken: choose another with --port") from None
    with server, suppress(KeyboardInterrupt):
        typer.echo(f"http://127.0.0.1:{server.server_port}/ until Ctrl-C")
        server.serve_forever()
