"""Breaks the code on purpose, a place at a time, and tells which of it no test noticed: ``make mutants``.

At least 95 % have to be noticed; the others are printed. What follows the command goes to mutmut:
``python tools/mutants.py --max-children 2 'pulumi_ngrok_tg.api.rate_limits*'``.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WANTED = 0.95
MUTMUT = str(Path(sys.executable).parent / "mutmut")


def main() -> int:
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutants"}
    subprocess.run([MUTMUT, "run", *sys.argv[1:]], cwd=ROOT, env=environment, check=False)
    said = subprocess.run([MUTMUT, "results", "--all", "true"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    fates = dict(re.findall(r"^\s+(\S+): (.+)$", said.stdout, re.MULTILINE))
    judged = {mutant: fate for mutant, fate in fates.items() if fate != "not checked"}
    survivors = [mutant for mutant, fate in judged.items() if fate in ("survived", "no tests")]
    rate = 1 - len(survivors) / max(len(judged), 1)
    print(f"{len(judged)} of {len(fates)} mutants judged, {rate:.1%} killed")
    for mutant in survivors:
        was, becomes = change(mutant)
        print(f"{mutant}\n  - {was}\n  + {becomes}")
    return 0 if judged and rate >= WANTED else 1


def change(mutant: str) -> tuple[str, str]:
    """What a mutant replaces, and by what, each in one line."""
    shown = subprocess.run([MUTMUT, "show", mutant], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    sides = [re.findall(rf"^\{sign} (.*)$", shown, re.MULTILINE) for sign in "-+"]
    was, becomes = (" ".join(" ".join(lines).split()) for lines in sides)
    return was, becomes


if __name__ == "__main__":
    sys.exit(main())
