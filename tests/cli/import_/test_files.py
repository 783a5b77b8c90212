"""The files of a program: all bytes of them stay, and what is new comes last."""

import ast
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ngrok_tg.cli.import_.files import (
    ProgramError,
    append_line,
    find_program,
    names_module,
    read_file,
)
from pulumi_ngrok_tg.cli.import_.module import build_import
from pulumi_ngrok_tg.cli.import_.report import explain_loading


def test_a_file_keeps_its_mode_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "__main__.py"
    path.write_bytes(b"x = 1\n")
    path.chmod(0o640)
    read_file(path).write(b"y = 2\n")
    assert path.read_bytes() == b"y = 2\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["__main__.py"]


def test_a_file_that_has_changed_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "__main__.py"
    for before in (None, b"x = 1\n"):
        file = read_file(path)
        assert file.content == before
        path.write_bytes(b"x = 1\n" if before is None else b"theirs\n")
        with pytest.raises(ProgramError, match=r"has changed in the meantime\. Run the import again"):
            file.write(b"ours\n")
    assert path.read_bytes() == b"theirs\n"
    assert [file.name for file in tmp_path.iterdir()] == ["__main__.py"]


def test_a_link_is_followed_and_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("x = 1\n")
    link = tmp_path / "__main__.py"
    link.symlink_to("real.py")
    read_file(link).write(b"y = 2\n")
    assert link.is_symlink()
    assert (tmp_path / "real.py").read_text() == "y = 2\n"


@pytest.mark.parametrize("kind", ["a link to nothing", "a folder"])
def test_what_is_no_file_is_an_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "tunnel_group_backends.py"
    path.mkdir() if kind == "a folder" else path.symlink_to("gone.py")
    with pytest.raises(ProgramError, match=r"tunnel_group_backends\.py is no file\. Nothing was written"):
        read_file(path)


@pytest.mark.parametrize(
    ("project", "folder", "runs"),
    [
        ("name: shop\nruntime: python\n", ".", True),
        ("name: shop\nruntime:\n  name: python\n  options: {virtualenv: .venv}\nmain: infra\n", "infra", True),
        ("name: shop\nruntime: python\nmain: empty\n", "empty", False),
        ("name: shop\nruntime: python\nmain: app.py\n", ".", False),
    ],
)
def test_the_project_file_says_where_the_program_is(tmp_path: Path, project: str, folder: str, runs: bool) -> None:
    (tmp_path / "Pulumi.yaml").write_text(project)
    for one in ("infra", "empty"):
        (tmp_path / one).mkdir()
    for one in ("__main__.py", "infra/__main__.py", "app.py"):
        (tmp_path / one).touch()
    program = find_program(tmp_path / "infra")
    assert program.folder == tmp_path / folder
    assert (program.entry is not None) == runs


@pytest.mark.parametrize(
    ("project", "told"),
    [
        ("name: shop\nruntime: nodejs\n", "says that the runtime is nodejs; an import writes Python"),
        ("name: shop\nruntime: yaml\n", "says that the runtime is yaml"),
        ("name: shop\n", "cannot be read"),
        ("[", "cannot be read"),
        (None, "There is no Pulumi project here or above"),
    ],
)
def test_a_project_that_is_not_in_python_is_one_line(tmp_path: Path, project: str | None, told: str) -> None:
    if project is not None:
        (tmp_path / "Pulumi.yaml").write_text(project)
    with pytest.raises(ProgramError, match=told):
        find_program(tmp_path)


LINES = st.sampled_from(
    [b"x = 1", b"# coding: latin-1", b"\xe9", b"import pulumi", b"if x:", b"    y = 2", b"", b"\x0c"]
)


@given(st.lists(LINES), st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.booleans())
def test_code_is_appended_to_the_same_bytes(lines: list[bytes], newline: bytes, is_open: bool, is_only: bool) -> None:
    content = newline.join(lines) + (b"" if is_open or not lines else newline)
    code = build_import("tunnel_group_backends", "shop/dev", is_only)
    appended = append_line(content, code)
    assert appended.startswith(content)
    added = appended[len(content) :]
    assert added.strip().replace(b"\r\n", b"\n") == code.encode()
    ends = (b"\n", b"\r")
    assert appended.endswith(ends) == (content == b"" or content.endswith(ends)), "no newline at the end stays so"
    if b"\r\n" in content:
        assert b"\n" not in added.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "program",
    [
        "",
        '"""Doc."""\nx = 1\n',
        "import pulumi\nx = 1",
        "from a import (\n    b,\n)\n\nb()\n",
        "from a import b, \\\n    c\n",
        'import os; y = """\na\r"""',
        "if x:\n    import tunnel\n",
        "x = 1  # \\",
        "#!/usr/bin/env python\n# coding: latin-1\nx = 'é'\n",
    ],
)
@pytest.mark.parametrize("is_only", [True, False])
def test_the_code_is_the_last_statement_of_any_program(program: str, is_only: bool) -> None:
    code = build_import("tunnel_group_backends", "shop/dev", is_only)
    tree = ast.parse(append_line(program.encode("latin-1" if "latin-1" in program else "utf-8"), code))
    last = tree.body[-1]
    assert isinstance(last, ast.Import if is_only else ast.If)
    assert last.col_offset == 0


@pytest.mark.parametrize(
    ("program", "name", "named"),
    [
        ("import tunnel_group_backends\n", "tunnel_group_backends", True),
        ("if x:\n    import tunnel_group_backends  # here\n", "tunnel_group_backends", True),
        ("import prod_tunnel_group_backends\n", "tunnel_group_backends", False),
        ("import tunnel_group_backends_2\n", "tunnel_group_backends", False),
        ("import a.tunnel_group_backends\n", "tunnel_group_backends", False),
        ("import a.web\n", "a.web", True),
        ("web = 1\n", "a.web", False),
        ("", "tunnel_group_backends", False),
    ],
)
def test_a_program_names_a_module_only_as_a_whole_word(program: str, name: str, named: bool) -> None:
    assert names_module(program.encode(), name) is named


def test_a_write_protected_file_stays(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write to everything")
    path = tmp_path / "a.py"
    path.write_bytes(b"x")
    path.chmod(0o444)
    with pytest.raises(ProgramError, match="is write-protected"):
        read_file(path).write(b"y")
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize("is_only", [True, False])
def test_what_is_printed_for_another_entry_file_is_python(tmp_path: Path, is_only: bool) -> None:
    lines = explain_loading(tmp_path, build_import("tunnel_group_backends", "shop/dev", is_only))
    code = "\n".join(lines[lines.index("import os, sys") :])
    assert any("tunnel_group_backends" in ast.unparse(one) for one in ast.parse(code).body)
