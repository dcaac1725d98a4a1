"""The files of `deploy/` fit the code: settings, commands, paths, limits."""

import re
import shlex
from pathlib import Path

import pytest

from certgraph.api.http.protocol import MAX_HEAD
from certgraph.certificates.sheets.files import MAX_FILE_BYTES
from certgraph.cli.main import _parser
from certgraph.settings import OTHER_VARIABLES, PREFIX, Settings

TOP = Path(__file__).parents[2]
DEPLOY = TOP / "deploy"
FILES = sorted(path.name for path in DEPLOY.iterdir())
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


def commands(text):
    """Yield the arguments of each command of ours in a file."""
    for line in text.splitlines():
        if found := re.search(r"(?:command|args): \[(.*?)\]", line):
            yield [part.strip().strip('"') for part in found[1].split(",")]
        elif found := re.search(r"ExecStart=\S+/certgraph (.*)|run --rm certgraph (.*)", line):
            yield shlex.split(found[1] or found[2])


def test_there_is_a_file_for_each_way_to_run_it():
    assert FILES == [
        "certgraph-recheck.service",
        "certgraph-recheck.timer",
        "certgraph.env.example",
        "certgraph.service",
        "compose.yaml",
        "kubernetes.yaml",
        "nginx.conf",
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_setting_that_is_named_is_one(name):
    text = (DEPLOY / name).read_text(encoding="utf-8")
    named = set(re.findall(r"CERTGRAPH_[A-Z_]+", text)) - OTHER_VARIABLES
    assert {one.removeprefix(PREFIX).lower() for one in named} <= set(Settings.model_fields)


def test_every_command_is_one_with_these_options():
    found = [
        arguments
        for name in FILES
        for arguments in commands((DEPLOY / name).read_text(encoding="utf-8"))
    ]
    assert [one[0] for one in found] == [
        *("recheck", "serve", "token", "migrate", "serve", "migrate", "serve"),
    ]
    for arguments in found:
        _parser(arguments[0], "en").parse_args(arguments)


def test_the_servers_user_is_the_images():
    (user,) = re.findall(r"^USER (\d+)$", (TOP / "Dockerfile").read_text(), re.MULTILINE)
    users = re.findall(r"runAsUser: (\d+)", (DEPLOY / "kubernetes.yaml").read_text())
    owners = re.findall(r"chown (\d+)", (DEPLOY / "compose.yaml").read_text())
    assert set(users + owners) == {user}


def test_the_proxy_lets_in_what_the_server_takes_and_waits_as_long():
    (size,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(size) * 1024**2 > MAX_FILE_BYTES
    (head,) = re.findall(r"large_client_header_buffers \d+ (\d+)k;", NGINX)
    assert int(head) * 1024 >= MAX_HEAD
