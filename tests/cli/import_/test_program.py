"""The files of a program: what is read is written back as it was."""

from pathlib import Path

import pytest

from pulumi_ngrok_tg.cli.import_.program import ProgramError, find_program, read_source


@pytest.mark.parametrize(
    "content",
    [
        b"x = 1\n",
        b"x = 1\r\ny = 2\r\n",
        b"\xef\xbb\xbfx = 'a'\n",
        "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
        b"",
    ],
)
def test_a_file_is_written_in_its_own_encoding_and_line_ends(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "__main__.py"
    path.write_bytes(content)
    path.chmod(0o640)
    source = read_source(path)
    source.write(source.text)
    assert path.read_bytes() == content
    source.write(source.text + "z = 3\n")
    assert path.read_bytes() == content + (b"z = 3\r\n" if b"\r\n" in content else b"z = 3\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["__main__.py"]


def test_a_link_is_followed_and_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("x = 1\n")
    link = tmp_path / "__main__.py"
    link.symlink_to("real.py")
    read_source(link).write("y = 2\n")
    assert link.is_symlink()
    assert (tmp_path / "real.py").read_text() == "y = 2\n"


def test_a_link_to_nothing_is_an_error(tmp_path: Path) -> None:
    link = tmp_path / "tunnel_group_backends.py"
    link.symlink_to("gone.py")
    with pytest.raises(ProgramError, match="cannot be read: No such file or directory"):
        read_source(link)


@pytest.mark.parametrize("content", [b"x = (\n", b"\xff\xfe\x00", b"x = '\xff'\n", b"# coding: nonsense\n", b"\x00"])
def test_invalid_python_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "__main__.py"
    path.write_bytes(content)
    with pytest.raises(ProgramError, match=r"__main__\.py is not valid Python"):
        _ = read_source(path).tree
    assert path.read_bytes() == content


def test_a_character_outside_a_files_encoding_leaves_the_file_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "__main__.py"
    path.write_bytes(b"# coding: ascii\n")
    with pytest.raises(ProgramError, match=r"its encoding is ascii. The file is unchanged"):
        read_source(path).write("x = 'é'\n")
    assert path.read_bytes() == b"# coding: ascii\n"


@pytest.mark.parametrize(
    ("project", "entry"),
    [
        ("name: shop\nruntime: python\n", "__main__.py"),
        ("name: shop\nruntime:\n  name: python\n  options: {virtualenv: .venv}\nmain: infra\n", "infra/__main__.py"),
    ],
)
def test_the_project_file_says_when_the_program_is(tmp_path: Path, project: str, entry: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(project)
    (tmp_path / "infra").mkdir()
    assert find_program(tmp_path / "infra").entry == tmp_path / entry


@pytest.mark.parametrize(
    ("project", "told"),
    [
        ("name: shop\nruntime: nodejs\n", "says that the runtime is nodejs; an import writes Python"),
        ("name: shop\nruntime: yaml\n", "says that the runtime is yaml"),
        ("name: shop\n", "cannot be read"),
        ("[", "cannot be read"),
        ("name: shop\nruntime: python\nmain: app.py\n", "Pulumi could not load the module from there"),
        (None, "There is no Pulumi project here or above"),
    ],
)
def test_a_project_that_is_not_in_python_is_one_line(tmp_path: Path, project: str | None, told: str) -> None:
    if project is not None:
        (tmp_path / "Pulumi.yaml").write_text(project)
    with pytest.raises(ProgramError, match=told):
        find_program(tmp_path)


def test_environments_and_hidden_folders_are_not_part_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    for folder in (".venv", "env", "infra", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.py").write_text("x = 1\n")
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert [file.path for file in find_program(tmp_path).files()] == [tmp_path / "infra" / "x.py"]
