"""The command `crdb serve`."""

import asyncio
import gc
import signal
import ssl
from pathlib import Path
from typing import Annotated

import typer

from sim.arguments import Out, ScenarioName, Sets
from sim.scenario import changed, load
from sim.serve.certificates import context, development
from sim.serve.recorder import BYTES_MAX
from sim.serve.server import LOOPBACK, Server

GARBAGE_AFTER = 20_000
"""New objects before Python looks for circles among them: a region makes many, and few circles."""

Port = Annotated[
    int, typer.Option(min=1, max=65_000, help="The first region's; the others follow.")
]
Address = Annotated[str, typer.Option(metavar="IP", help="Another than loopback needs a password.")]
Speed = Annotated[float, typer.Option(metavar="N", help="Simulated seconds in a real one.")]
VariantName = Annotated[
    str, typer.Option(metavar="NAME", help="Let its faults happen; by default none do.")
]
Passwords = Annotated[
    list[str] | None,
    typer.Option(
        "--password",
        metavar="KEY",
        envvar="CRDB_PASSWORD",
        help="Asked of clients; given twice, either key will do.",
    ),
]
Tls = Annotated[
    bool, typer.Option("--tls", help="TLS only; by default with a certificate made now.")
]
Certificate = Annotated[
    Path | None, typer.Option(metavar="FILE", help="For --tls, in PEM, with its chain.")
]
Key = Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's.")]
Metrics = Annotated[
    int | None, typer.Option(metavar="PORT", help="Answer Prometheus there, on /metrics.")
]
Record = Annotated[bool, typer.Option(help="Keep what comes in, up to 64 MB, for CRDB.SAVE.")]


def serve_(
    scenario: ScenarioName,
    port: Port = 10_000,
    address: Address = LOOPBACK,
    speed: Speed = 1.0,
    variant: VariantName = "",
    seed: Annotated[int, typer.Option(min=0, help="Of all dice.")] = 0,
    settings: Sets = None,
    passwords: Passwords = None,
    tls: Tls = False,
    certificate: Certificate = None,
    key: Key = None,
    metrics: Metrics = None,
    out: Out = Path("runs"),
    record: Record = True,
) -> None:
    """Serve the regions of a scenario on real sockets, in real time, until interrupted."""
    trusted, tls_context = _tls(certificate, key, out, address) if tls else (None, None)
    if not tls and (certificate or key):
        raise typer.BadParameter("--certificate and --key: expected --tls with them")
    try:
        server = Server(
            changed(load(scenario), settings or ()),
            port=port,
            address=address,
            speed=speed,
            seed=seed,
            variant=variant,
            passwords=passwords or (),
            tls=tls_context,
            metrics_port=metrics,
            folder=str(out),
            record_bytes_max=BYTES_MAX * record,
            log=lambda line: typer.echo(f"crdb: {line}", err=True),
        )
        asyncio.run(_serve(server, trusted))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise typer.BadParameter(f"--port {port}: {reason}; choose another") from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _tls(
    certificate: Path | None, key: Path | None, out: Path, address: str
) -> tuple[Path, ssl.SSLContext]:
    """The file that clients have to trust, and how to speak."""
    if (certificate is None) != (key is None):
        raise typer.BadParameter("--certificate and --key: expected both of them, or neither")
    try:
        if certificate is None or key is None:
            certificate, key = development(out / "tls", address)
        return certificate, context(certificate, key)
    except ModuleNotFoundError:
        cure = "pip install '.[serve]', or give --certificate and --key"
        raise typer.BadParameter(f"--tls: the package cryptography is missing; {cure}") from None
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"--tls: {error}; expected PEM files that can be read") from None


async def _serve(server: Server, trusted: Path | None) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, over.set)
    more = f" --tls --cacert {trusted}" if trusted else ""
    async with server:
        gc.freeze()  # What is here stays: it need not be looked through again and again.
        gc.set_threshold(GARBAGE_AFTER)
        for region, port in server.ports.items():
            typer.echo(f"{region:<24} redis-cli -h {server.address} -p {port}{more}")
        await over.wait()
