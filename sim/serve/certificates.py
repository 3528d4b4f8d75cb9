"""Certificates: TLS for a server, with a certificate that is given or made for development.

One that is made here is signed by itself, for localhost and 127.0.0.1, and good for a month;
clients have to be told to trust its file. A client that does not speak TLS is refused, and the log
says so.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

LASTS = timedelta(days=30)


def context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later. Raises OSError for files that cannot be read or are none."""
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.minimum_version = ssl.TLSVersion.TLSv1_2
    found.load_cert_chain(certificate, key)
    return found


def telling(log: Callable[[str], object]) -> type[ssl.SSLObject]:
    """One end of a TLS connection that tells the log when it comes to nothing. asyncio does not."""

    class Telling(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                log(f"a client was refused: no TLS that is understood here ({error.reason})")
                raise

    return Telling


def development(folder: Path, address: str) -> tuple[Path, Path]:
    """Make a certificate and its key for development; returns their files.

    Raises ModuleNotFoundError without the package cryptography, and OSError.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder.mkdir(parents=True, exist_ok=True)
    certificate_file, key_file = folder / "development.crt", folder / "development.key"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "crdb serve, for development")])
    places = [x509.IPAddress(ip_address(each)) for each in sorted({"127.0.0.1", address})]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *places]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, open_ = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.touch(mode=0o600)
    key_file.write_bytes(key.private_bytes(pem, form, open_))
    certificate_file.write_bytes(certificate.public_bytes(pem))
    return certificate_file, key_file
