"""How `make docs` builds the pages."""

from importlib.metadata import version as installed

project = "pulumi-ngrok-tg"
version = release = installed(project)
copyright = "the authors; Apache-2.0"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"{project} {version}"
html_show_sphinx = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["tables.css"]  # a wide table scrolls by itself
smartquotes = False  # a pasted option has to be what was written

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
highlight_language = "none"  # indented blocks are commands and what the terminal says

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!pulumi_ngrok_tg).*|.*\.IdSource")]  # other projects' and internal names

# `make links`: what answers to browsers only, or is the reader's own machine.
linkcheck_ignore = [r"http://127\.0\.0\.1", r"https://api\.ngrok\.com", r"https://dashboard\.ngrok\.com"]
linkcheck_anchors = False
