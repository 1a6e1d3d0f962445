#!/usr/bin/env python3
"""Makes the Python client: the code that buf generates from the contract, and the session beside it.

    python3 sdk/generate.py [--home DIR] [--out DIR]

Fetches the pinned buf and the pinned Python packages when they are missing. The result, complete in one directory, is
sdk/python/target unless --out says otherwise; what was there before is replaced. Two lines for PYTHONPATH go to
stdout: client=DIR, and packages=DIR (what the client needs, for those who do not install requirements.txt).

Exit status: 0, or 1 with a line on stderr that says what to do.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SESSION = os.path.join(HERE, "python", "parley")


def fetch(home):
    """The paths of the parts, by name."""
    command = [sys.executable, os.path.join(ROOT, "parts", "fetch.py"), "--home", home, "buf", "python"]
    fetched = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True)
    if fetched.returncode != 0:
        sys.exit(1)
    return dict(line.split("=", 1) for line in fetched.stdout.splitlines())


def generate(parts, out):
    """Fills the empty directory `out`."""
    # The plugins are started as `python3`: that must be the interpreter for which the packages were fetched.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    environment = dict(os.environ, PATH=path, PYTHONPATH=parts["python"])
    done = subprocess.run([parts["buf"], "generate", "--output", out], cwd=HERE, env=environment)
    if done.returncode != 0:
        sys.exit("`buf generate` failed")
    shutil.copytree(SESSION, os.path.join(out, "python", "parley"), dirs_exist_ok=True)


def replace(directory, by):
    """Puts `by` where `directory` is; never leaves a half of it."""
    old = by + ".old"
    if os.path.exists(directory):
        os.rename(directory, old)
    os.rename(by, directory)
    shutil.rmtree(old, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", default=ROOT, help="where .parley with the fetched parts lies")
    parser.add_argument("--out", default=os.path.join(HERE, "python", "target"), help="the directory to make")
    arguments = parser.parse_args()
    if sys.version_info < (3, 10):
        sys.exit("The Python client needs Python 3.10 or newer, this is %d.%d" % sys.version_info[:2])
    parts = fetch(arguments.home)
    out = os.path.abspath(arguments.out)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".generate-", dir=os.path.dirname(out)) as scratch:
        generate(parts, scratch)
        replace(out, os.path.join(scratch, "python"))
    print("client=" + out)
    print("packages=" + parts["python"])


if __name__ == "__main__":
    main()
