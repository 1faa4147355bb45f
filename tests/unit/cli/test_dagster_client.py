"""Where commands look for Dagster."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cli.dagster_client import DagsterClient
from credit_risk.errors import UnavailableError
from resources.settings import load_settings

# Dagster's client asks gql in an older way.
pytestmark = pytest.mark.filterwarnings("ignore:Using variable_values and operation_name:DeprecationWarning")


@pytest.fixture
def webserver():
    """A server that has no GraphQL, and remembers what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            self.send_response(200)
            body = b'{"data": {"runsOrError": {"results": []}}}'
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["", "/", "/dagster"])
def test_a_dagster_elsewhere_is_asked_at_its_address_and_path(webserver, path):
    port, asked = webserver
    settings = load_settings({"CREDIT_DAGSTER_API_URL": f"http://127.0.0.1:{port}{path}"})
    assert DagsterClient(settings).runs() == []
    assert asked == [f"{path.rstrip('/')}/graphql"]


def test_an_address_at_which_no_dagster_answers_is_named():
    settings = load_settings({"CREDIT_DAGSTER_API_URL": "http://127.0.0.1:9/dagster"})
    with pytest.raises(
        UnavailableError, match=r"no Dagster at http://127\.0\.0\.1:9/dagster; expected the running platform"
    ):
        DagsterClient(settings).runs()
