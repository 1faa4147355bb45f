"""The scripts around a deployment, run: health of an image, health of a service, health of every container."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"

WITHOUT_MODEL = b'{"status":"unavailable","model_loaded":false,"database":"up"}'
WITHOUT_DATABASE = b'{"status":"unavailable","model_loaded":false,"database":"down"}'


@pytest.fixture
def answering():
    """`answering(status, body)`: the address of a server that answers so."""
    servers = []

    def serve(status, body=b"{}"):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                """Nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def run(*command, **environment):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env=environment or None
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("status", "accepted", "code"), [(200, (), 0), (503, (), 1), (503, ("503",), 0), (500, ("503",), 1)]
)
def test_an_image_is_healthy_when_it_answers_as_it_may(answering, status, accepted, code):
    assert run(sys.executable, DEPLOY / "docker" / "answers.py", answering(status), *accepted)[0] == code


def test_an_image_that_does_not_answer_is_not_healthy():
    code, said = run(sys.executable, DEPLOY / "docker" / "answers.py", "http://127.0.0.1:9/health")
    assert (code, "refused" in said) == (1, True)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b'{"status":"healthy"}', 0),
        (503, WITHOUT_MODEL, 0),
        (503, WITHOUT_DATABASE, 1),
        (500, b"{}", 1),
        (404, b"{}", 1),
    ],
)
def test_a_service_is_well_with_a_model_or_for_want_of_its_first(answering, status, body, code):
    assert run(DEPLOY / "smoke.sh", answering(status, body), 0)[0] == code


def test_what_a_service_answers_instead_is_said():
    code, said = run(DEPLOY / "smoke.sh", "http://127.0.0.1:9", 0)
    assert code == 1
    assert "expected 200, or 503 for want of a model" in said


@pytest.mark.parametrize(
    ("containers", "named"),
    [
        (["database running healthy 0", "migration exited  0", "postgres-exporter running  0"], None),
        (["service running starting 0", "database running healthy 0"], "service"),
        (["service running unhealthy 0"], "service"),
        (["migration exited  1", "database running healthy 0"], "migration"),
    ],
)
def test_containers_that_are_not_well_are_named(tmp_path, containers, named):
    # In the place of Docker, in the form that `docker compose ps --format` was asked for.
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(containers) + "\nEND\n")
    docker.chmod(0o755)
    code, said = run(DEPLOY / "wait.sh", 0, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert code == (0 if named is None else 1)
    assert named is None or f"\n{named} " in said


@pytest.fixture
def render(tmp_path):
    """`render(**environment)`: upgrade.sh on stand-ins for Docker and curl; code, output, and what these were told."""
    told = tmp_path / "told"
    told.touch()
    for name in ("docker", "curl"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $CREDIT_LAKE $*" >>{told}\n')
        (tmp_path / name).chmod(0o755)

    def upgrade(**environment):
        base = {
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "TAG": "abc",
            "OWNER": "Me",
            "RENDER_DEPLOY_HOOK": "https://hook?key=k",
        }
        return *run(DEPLOY / "upgrade.sh", "render", **base, **environment), told.read_text()

    return upgrade


def test_an_upgrade_prepares_the_tables_with_the_services_lake_before_it_deploys(render):
    code, said, told = render(DATABASE_URL="postgresql://db/credit", CREDIT_LAKE="s3://bucket/lake")
    assert code == 0, said
    prepared, deployed = told.splitlines()
    assert prepared.startswith("docker s3://bucket/lake run")
    assert "--env CREDIT_LAKE --env" in prepared
    assert "ghcr.io/me/credit-dagster:abc credit db prepare" in prepared
    assert deployed.endswith("https://hook?key=k&imgURL=ghcr.io/me/credit-service%3Aabc")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"CREDIT_LAKE": "s3://bucket/lake"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://db/credit"}, "CREDIT_LAKE"),
        (
            {"DATABASE_URL": "postgresql://db/credit", "CREDIT_LAKE": "/lake"},
            "CREDIT_LAKE=/lake; expected s3://",
        ),
    ],
    ids=["no database", "no lake", "a lake of one container"],
)
def test_an_upgrade_that_would_prepare_something_else_is_refused_before_anything_is_done(render, given, missing):
    code, said, told = render(**given)
    assert (code, told) == (1, "")
    assert missing in said
