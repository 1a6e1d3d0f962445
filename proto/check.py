#!/usr/bin/env python3
"""Checks the contract: `buf lint`, and `buf breaking` against the last release. `mvn verify` runs it.

    python3 proto/check.py              # check
    python3 proto/check.py --release    # make today's contract the baseline, when a release is made
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = os.path.join("baseline", "parley.binpb")
# What partners rely on, and what the processes of one deployment say to each other and write to its log: two releases run
# side by side while one replaces the other, and the log outlives all of them.
OURS = os.path.join("src", "parley")


def buf():
    fetch = os.path.join(HERE, os.pardir, "parts", "fetch.py")
    fetched = subprocess.run([sys.executable, fetch, "buf"], stdout=subprocess.PIPE, universal_newlines=True)
    if fetched.returncode != 0:
        sys.exit(1)
    return fetched.stdout.strip().split("=", 1)[1]


def main():
    program = buf()
    if sys.argv[1:] == ["--release"]:
        steps = [["build", "--path", OURS, "--exclude-source-info", "-o", BASELINE]]
    elif not sys.argv[1:]:
        steps = [["lint"], ["breaking", "--exclude-imports", "--against", BASELINE]]
    else:
        sys.exit(__doc__)
    for step in steps:
        if subprocess.run([program] + step, cwd=HERE).returncode != 0:
            sys.exit("the contract fails `buf %s`" % step[0])


if __name__ == "__main__":
    main()
