"""What the Pulumi CLI has to say about a failure, in one line."""

import json


def summarize_error(said: str) -> str:
    """Return the errors in the output of a command, or all of it, as one line."""
    texts = _diagnostics(said) or [said]
    return " ".join(filter(None, map(_last_word, texts))) or "The Pulumi CLI failed and did not say why."


def _diagnostics(said: str) -> list[str]:
    """Return what the output of a command tells as errors, where it is that of ``pulumi preview --json``."""
    try:
        printed, _ = json.JSONDecoder().raw_decode(said, said.index("{"))
        return [told["message"] for told in printed["diagnostics"] if told["severity"] == "error"]
    except (ValueError, KeyError, TypeError):
        return []


def _last_word(text: str) -> str:
    """Return what an error comes down to: the end of a traceback, else what follows "error:"."""
    if "Traceback (most recent call last):" in text:
        frames = text.rpartition("\n  ")[2]  # the last line of code; what comes after it is the error
        return " ".join(frames.split("\n", 1)[-1].split())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    return " ".join(errors or lines)
