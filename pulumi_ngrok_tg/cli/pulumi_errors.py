"""Shortens an error of the Pulumi CLI to one line."""

import json


def summarize_error(output: str) -> str:
    """Return the errors in the output of a command as one line; the whole output if there are none."""
    texts = _find_diagnostics(output) or [output]
    return " ".join(filter(None, map(_shorten, texts))) or "The Pulumi CLI failed and did not say why."


def _find_diagnostics(output: str) -> list[str]:
    """Return the errors in the output of ``pulumi preview --json``; none for any other output."""
    try:
        printed, _ = json.JSONDecoder().raw_decode(output, output.index("{"))
        return [one["message"] for one in printed["diagnostics"] if one["severity"] == "error"]
    except (ValueError, KeyError, TypeError):
        return []


def _shorten(text: str) -> str:
    """Return the end of a traceback, else what follows "error:", else the whole text, as one line."""
    if "Traceback (most recent call last):" in text:
        frames = text.rpartition("\n  ")[2]  # the last line of code; what comes after it is the error
        return " ".join(frames.split("\n", 1)[-1].split())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    return " ".join(errors or lines)
