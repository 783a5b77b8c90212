"""Files that an import writes: whole, or as they were."""

from pathlib import Path

import pytest

from pulumi_ngrok_tg.cli import files


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    files.write(module, "old", private=False)
    with pytest.raises(UnicodeEncodeError):
        files.write(module, "new \ud800", private=False)
    assert module.read_text() == "old"
    assert list(tmp_path.iterdir()) == [module]


def test_a_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    module, link = tmp_path / "module.py", tmp_path / "link.py"
    module.write_text("old")
    module.chmod(0o664)
    link.symlink_to(module)
    files.write(link, "new", private=False)
    assert link.is_symlink()
    assert module.read_text() == "new"
    assert module.stat().st_mode & 0o777 == 0o664
    (tmp_path / ".module.py.new").write_text("mine")
    files.write(module, "secret", private=True)
    assert (tmp_path / ".module.py.new").read_text() == "mine"
    assert module.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("nowhere", ["file/module.py", "link/module.py"])
def test_a_module_that_cannot_be_made_is_one_line(tmp_path: Path, nowhere: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file" / "x")
    with pytest.raises(files.FileError, match=r"module\.py cannot be written: \w+"), files.loadable(tmp_path / nowhere):
        pytest.fail("it was made")
