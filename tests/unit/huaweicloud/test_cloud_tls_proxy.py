"""TLS checks and proxies, with a certificate made for the test."""

import datetime as dt
import ipaddress
import ssl

import pytest
from ansible.module_utils.huaweicloud.client import CloudClient
from ansible.module_utils.huaweicloud.credentials import AccessKey, StaticKey
from ansible.module_utils.huaweicloud.endpoints import Endpoints
from ansible.module_utils.huaweicloud.errors import HuaweiCloudError
from ansible.module_utils.huaweicloud.retry import Limits, RetryPolicy
from ansible.module_utils.huaweicloud.transport import HttpOptions, Transport
from fake_cloud import KEY, SECRET, FakeCloud


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Path of a self-signed certificate for 127.0.0.1, its key in the same file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test cloud")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "cloud.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def secure_url(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FakeCloud(context) as fake:
        yield fake.url.replace("http:", "https:")


def servers(url, **options):
    client = CloudClient(
        StaticKey(AccessKey(KEY, SECRET)),
        Endpoints({"ecs": url}),
        Transport(HttpOptions(timeout=5, **options)),
        Limits(RetryPolicy(0), 10),
    )
    return client.list_servers("test-1", "project-test-1").servers


def test_an_unknown_authority_is_refused(secure_url):
    with pytest.raises(HuaweiCloudError, match=r"TLS certificate of .* was not accepted"):
        servers(secure_url)


def test_the_right_authority_is_accepted(secure_url, certificate):
    assert servers(secure_url, ca_path=str(certificate)) == []


@pytest.mark.filterwarnings("error")
def test_checks_can_be_left_out(secure_url, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle")
    assert servers(secure_url, validate_certs=False) == []


def test_the_option_goes_before_the_environment(secure_url, certificate, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    assert servers(secure_url, ca_path=str(certificate)) == []


def test_a_proxy_is_used(cloud):
    """The fake cloud answers absolute URLs as well, as a proxy gets them."""
    assert servers("http://ecs.test-1.invalid", proxy=cloud.url) == []
    assert cloud.seen[0].headers["host"] == "ecs.test-1.invalid"


def test_a_proxy_that_is_not_there_is_named_without_its_password(cloud):
    with FakeCloud() as gone:
        proxy = gone.url.replace("http://", "http://user:proxy-secret@")
    with pytest.raises(HuaweiCloudError, match="The proxy on the way to http") as caught:
        servers("http://ecs.test-1.invalid", proxy=proxy)
    assert "proxy-secret" not in str(caught.value)
