#!/usr/bin/env python3
"""Checks the chart on the rig's API server. Runs inside the rig's network namespace: rig enter checks.py cluster|mesh.

Each check is a line "ok" or "FAILED" with its time; the exit status is 1 when one has failed. kwok plays the nodes: it
makes pods ready without running anything, so nothing here says that a container starts.
"""

import base64
import glob
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.path.dirname(os.path.dirname(HERE))
CHART = os.path.join(HOME, "helm", "parley")
RIG = os.environ.get("RIG", os.path.expanduser("~/.cache/cluster-rig"))
STATE = os.path.join(RIG, "state")
os.environ["KUBECONFIG"] = os.path.join(STATE, "kubeconfig")

failures = []


def run(*command, input=None, check=True, env=None):
    """What a command says on both outputs."""
    done = subprocess.run(
        command, input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ, **(env or {})))
    if check and done.returncode != 0:
        raise AssertionError("%s: %s" % (" ".join(command[:6]), done.stdout.strip()[-1500:]))
    return done.stdout


def refused(*command, input=None):
    """What a command says that must fail."""
    done = subprocess.run(command, input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode != 0, "%s should have been refused: %s" % (" ".join(command[:6]), done.stdout[-500:])
    return done.stdout


def kubectl(*args, **more):
    return run("kubectl", *args, **more)


def get(namespace, *what):
    return json.loads(kubectl("-n", namespace, "get", *what, "-o", "json"))


def apply(document, namespace="default"):
    return kubectl("-n", namespace, "apply", "-f", "-", input=json.dumps(document))


def helm(*args, **more):
    return run("helm", *args, **more)


def rendered(*args):
    """What helm makes of the chart, without what it says beside: it tells of each link that it followed."""
    done = subprocess.run(["helm", "template", "chat", CHART, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr[-1500:]
    return done.stdout


def values(*names):
    """Arguments of helm for files of values: of this folder, or profiles of the chart."""
    args = []
    for name in names:
        profile = os.path.join(CHART, "profiles", name + ".yaml")
        args += ["-f", profile if os.path.exists(profile) else os.path.join(HERE, "values", name + ".yaml")]
    return args


def contains(text, *parts):
    for part in parts:
        assert part in text, "%r is not in: %s" % (part, text.strip()[-1500:])


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("not within %d s: %s" % (seconds, condition.__doc__ or condition.__name__))


def check(what):
    """Runs the function at once and tells how it went."""

    def decorator(function):
        started = time.monotonic()
        try:
            function()
            print("ok     %5.1f s  %s" % (time.monotonic() - started, what), flush=True)
        except Exception as failure:
            failures.append(what)
            print("FAILED %5.1f s  %s\n    %s" % (time.monotonic() - started, what, (str(failure) or repr(failure)).replace("\n", "\n    ")), flush=True)
        return function

    return decorator


def secret(namespace, name, **data):
    apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}, namespace)


def certificate(directory):
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=localhost",
        "-keyout", directory + "/tls.key", "-out", directory + "/tls.crt")


def namespace(name, jwks='{"keys":[]}', standard="restricted"):
    """A namespace that takes no pod which could do more than it must, with all Secrets."""
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": name, "labels": {"pod-security.kubernetes.io/enforce": standard}}})
    until(lambda: "default" in kubectl("-n", name, "get", "serviceaccount", check=False))
    secret(name, "parley-link", secret="a-link-secret")
    secret(name, "parley-nats", router="12345", dispatcher="67890", operator="24680")
    secret(name, "parley-redis", password="redis-1")
    secret(name, "parley-jwks", **{"jwks.json": jwks})
    secret(name, "push", **{"service-account.json": "{}", "key.p8": "x", "vapid.jwk": "{}"})
    with tempfile.TemporaryDirectory() as directory:
        certificate(directory)
        kubectl("-n", name, "create", "secret", "tls", "parley-tls", "--cert", directory + "/tls.crt", "--key", directory + "/tls.key")


def volumes(count):
    """Nothing makes volumes here: some are made beforehand, which any claim of the default class gets."""
    apply({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {
        "name": "rig", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer"})
    for i in range(count):
        apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "rig-%d" % i}, "spec": {
            "capacity": {"storage": "100Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "rig",
            "hostPath": {"path": "/nowhere/%d" % i}}})


def pods(ns, component):
    return get(ns, "pods", "-l", "app.kubernetes.io/component=" + component)["items"]


def is_ready(pod):
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def zones(ns, component):
    zone_of = {node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in get(ns, "nodes")["items"]}
    return sorted(zone_of[pod["spec"]["nodeName"]] for pod in pods(ns, component))


class Watch:
    """Notes each state of the pods of a namespace, in order."""

    def __init__(self, ns):
        self.lines = []
        self.process = subprocess.Popen(
            ["kubectl", "-n", ns, "get", "pods", "--watch", "--output-watch-events", "-o", "json"], stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        decoder, text = json.JSONDecoder(), ""
        for line in self.process.stdout:
            text += line
            # An event ends where a line begins with its brace, or is a line.
            if line[0] == "}" or (line[0] == "{" and line.rstrip()[-1] == "}"):
                self.lines.append(decoder.decode(text.strip()))
                text = ""

    def stop(self):
        self.process.terminate()
        self.thread.join()
        return self.lines


def component(pod):
    return pod["metadata"]["labels"].get("app.kubernetes.io/component")


def image_of(pod):
    return pod["spec"]["containers"][0]["image"]


ISSUER = "https://issuer.example.org"
HOST = "chat.example.org"
GATEWAY = "http://%s:8444" % HOST


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Issues tokens, with a key made by openssl."""

    def __init__(self, directory):
        self.key = os.path.join(directory, "issuer.pem")
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        public = subprocess.run(["openssl", "ec", "-in", self.key, "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout
        # The point is at the end: 32 bytes each.
        self.jwks = json.dumps({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "rig",
            "x": base64url(public[-64:-32]), "y": base64url(public[-32:])}]})

    def token(self, user):
        head = base64url(json.dumps({"alg": "ES256", "kid": "rig", "typ": "JWT"}).encode())
        body = base64url(json.dumps({"iss": ISSUER, "aud": "parley", "sub": user, "exp": int(time.time()) + 3600}).encode())
        signed = (head + "." + body).encode()
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed, capture_output=True, check=True).stdout
        return "%s.%s" % (signed.decode(), base64url(raw_signature(der)))


def raw_signature(der):
    """Two numbers of 32 bytes out of the ASN.1 that has them."""
    numbers, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        numbers += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return numbers


class Processes:
    """Runs pods of the chart as processes of this machine: with their environment, and their names for other pods."""

    def __init__(self, ns, directory, files, addresses=None):
        """addresses: of pods that shall have one of their own."""
        self.ns, self.directory, self.files, self.running = ns, directory, files, []
        self.hosts = os.path.join(directory, "hosts")
        lines, names = [], ["localhost", HOST]
        for service in get(ns, "services")["items"]:
            name = service["metadata"]["name"]
            names.append("%s.%s.svc.cluster.local" % (name, ns))
            if name.endswith("-pods"):
                for pod in ("%s-%d" % (name[:-len("-pods")], i) for i in range(5)):
                    host = "%s.%s.%s.svc.cluster.local" % (pod, name, ns)
                    lines.append("%s %s" % ((addresses or {}).get(pod, "127.0.0.1"), host))
        with open(self.hosts, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines + ["127.0.0.1 " + name for name in names])

    def environment(self, pod, admin_port):
        found = {}
        for entry in pod["spec"]["containers"][0]["env"]:
            source = entry.get("valueFrom", {})
            if "fieldRef" in source:
                value = pod["metadata"]["name"]
            elif "secretKeyRef" in source:
                key = source["secretKeyRef"]
                value = base64.b64decode(get(self.ns, "secret", key["name"])["data"][key["key"]]).decode()
            else:
                value = entry.get("value", "")
                for name, known in found.items():
                    value = value.replace("$(%s)" % name, known)
            found[entry["name"]] = value
        # All of them have one address here.
        return {name: value.replace("0.0.0.0:9464", "127.0.0.1:%d" % admin_port).replace("/etc/parley/jwks", self.files)
                for name, value in found.items()}

    def start(self, name, environment, *command):
        log = open(os.path.join(self.directory, name + ".log"), "w")
        keep = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        process = subprocess.Popen(
            self.with_names(command),
            stdout=log, stderr=subprocess.STDOUT, env=dict(keep, **environment), cwd=self.directory)
        self.running.append((name, process))
        return process

    def with_names(self, command):
        """The command, for which the names of pods are those of this machine."""
        return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', self.hosts, *command]

    def log(self, name):
        with open(os.path.join(self.directory, name + ".log"), encoding="utf-8") as file:
            return file.read()

    def stop(self):
        for _, process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
        for _, process in self.running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def jdk():
    """A JDK 25, as the launcher looks for it."""
    named = [os.environ.get(name, "") for name in ("PARLEY_JAVA_HOME", "JAVA_HOME")]
    for home in named + sorted(glob.glob("/usr/lib/jvm/*") + glob.glob("/opt/java/*") + glob.glob(os.path.expanduser("~/.sdkman/candidates/java/*"))):
        release = os.path.join(home, "release")
        if os.path.isfile(release) and 'JAVA_VERSION="25' in open(release, encoding="utf-8").read():
            return home
    raise AssertionError("JDK 25 is missing: set PARLEY_JAVA_HOME")


def java(main):
    cli = os.path.join(HOME, "cli", "target")
    jar = next(name for name in os.listdir(cli) if name.startswith("parley-cli-") and name.endswith(".jar"))
    return [os.path.join(jdk(), "bin", "java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx192m",
            "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
            "-cp", os.path.join(cli, "lib", "*") + ":" + os.path.join(cli, jar), main]


def curl(*args):
    return run("curl", "-s", "-m", "5", "--resolve", HOST + ":8444:127.0.0.1", *args, check=False)


def grpc(path, *args, base=GATEWAY):
    """Status and headers of a call without a message, and what came, as hexadecimal digits."""
    with tempfile.TemporaryDirectory() as directory:
        frame, body = os.path.join(directory, "frame"), os.path.join(directory, "body")
        with open(frame, "wb") as file:
            file.write(bytes(5))
        said = curl("--http2-prior-knowledge", "-D", "-", "-o", body, "--data-binary", "@" + frame,
                    "-H", "content-type: application/grpc", "-H", "te: trailers", *args, base + path)
        came = open(body, "rb").read().hex() if os.path.exists(body) else ""
        return said.lower(), came


# ---------------------------------------------------------------------------------------------------------------------

def parts(*names):
    """The pinned programs of the project, by name."""
    said = run("python3", os.path.join(HOME, "parts", "fetch.py"), "--home", HOME, *names)
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def cluster():
    volumes(8)
    base = values("small", "base")

    @check("without its Secrets an installation fails with a line for each, which says how to make it")
    def _():
        said = refused("helm", "install", "chat", CHART, "-n", "default")
        contains(said, "secrets.link.name is missing", "kubectl -n default create secret generic parley-link",
                 "secrets.nats.name is missing", "secrets.redis.name is missing", "secrets.tls.name is missing", "auth.jwks is missing")
        said = refused("helm", "install", "chat", CHART, "-n", "default", *base)
        contains(said, 'there is no Secret "parley-link" in the namespace default', 'there is no Secret "parley-tls"')

    @check("a Secret without its key, or with keys that are none, is named")
    def _():
        namespace("wrong", jwks="oops")
        secret("wrong", "parley-link", other="x")
        kubectl("-n", "wrong", "patch", "secret", "parley-link", "--type=json", "-p", '[{"op":"remove","path":"/data/secret"}]')
        said = refused("helm", "install", "chat", CHART, "-n", "wrong", *base)
        contains(said, 'the Secret "parley-link" has no key "secret"', '"jwks.json" in the Secret "parley-jwks" is no JWK set')

    @check("values that are none are refused: unknown ones, wrong types, what contradicts itself")
    def _():
        for flags, words in {
            "router.repplicas=3": ["/router", "repplicas"],
            "router.replicas=none": ["/router/replicas"],
            "log.replicas=2": ["/log/replicas"],
            "mesh.istio.mode=on": ["/mesh/istio/mode"],
            "log.shardBytes=1Gi": ["/log/shardBytes"],
            "router.settings.link\\.secret=x": ['the chart sets "link.secret" itself'],
            "nats.storage.size=2Gi": ["nats.storage.size 2Gi is too small", "Name at least 10Gi"],
            "nats.enabled=false": ["nats.existing.servers is empty"],
            "log.replicas=3": ["log.replicas is 3 but nats.replicas is 1"],
            "router.autoscaling.kind=keda": ["keda.prometheus is missing"],
        }.items():
            contains(refused("helm", "install", "chat", CHART, "-n", "default", *base, "--set", "checkSecrets=false", "--set", flags), *words)

    namespace("small")

    @check("small: installs, and every pod gets ready under the restricted security standard")
    def _():
        helm("install", "chat", CHART, "-n", "small", *base, "--wait", "--timeout", "90s")
        found = get("small", "pods")["items"]
        assert len(found) == 8, "8 pods, not %d" % len(found)
        assert all(is_ready(pod) for pod in found)
        warnings = [e["message"] for e in get("small", "events")["items"] if e["reason"] in ("FailedCreate", "Forbidden")]
        assert not warnings, warnings

    @check("each Service finds the pods that it means, by port")
    def _():
        for service, count in {"router": 2, "router-pods": 2, "presence-pods": 1, "dispatcher": 1, "gateway": 1, "edge": 1, "nats": 1, "redis": 1}.items():
            slices = get("small", "endpointslices", "-l", "kubernetes.io/service-name=chat-parley-" + service)["items"]
            found = sum(len(each["endpoints"] or []) for each in slices)
            assert found == count, "%s: %d endpoints, not %d" % (service, found, count)
            assert all(port["port"] for each in slices for port in each["ports"]), service

    @check("a claim that nothing fulfils is the reason that kubectl describe shows")
    def _():
        namespace("full")
        helm("install", "chat", CHART, "-n", "full", *base, "--set", "nats.storage.className=none-such")
        until(lambda: "unbound" in kubectl("-n", "full", "describe", "pod", "chat-parley-nats-0")
              or "none-such" in kubectl("-n", "full", "describe", "pod", "chat-parley-nats-0"), 30)
        contains(kubectl("-n", "full", "describe", "pvc", "data-chat-parley-nats-0"), "none-such")
        helm("uninstall", "chat", "-n", "full", "--wait")

    @check("uninstalling leaves nothing but the Secrets and the log")
    def _():
        helm("uninstall", "chat", "-n", "small", "--wait")
        until(lambda: not get("small", "pods")["items"], 60)
        left = kubectl("-n", "small", "get", "all,networkpolicy,pdb,configmap,serviceaccount,hpa", "-o", "name").split()
        assert set(left) <= {"configmap/kube-root-ca.crt", "serviceaccount/default"}, left
        assert len(get("small", "pvc")["items"]) == 1

    @check("Helm 3 installs, upgrades and uninstalls it too")
    def _():
        run("helm3", "install", "chat", CHART, "-n", "small", *base, "--wait", "--timeout", "90s")
        run("helm3", "upgrade", "chat", CHART, "-n", "small", *base, "--set", "logging.level=DEBUG", "--wait", "--timeout", "90s")
        assert all(is_ready(pod) for pod in get("small", "pods")["items"] if "deletionTimestamp" not in pod["metadata"])
        run("helm3", "uninstall", "chat", "-n", "small", "--wait")

    namespace("standard")
    standard = values("standard", "base")
    quick = ["--set", "router.minReadySeconds=2,nats.minReadySeconds=1,presence.minReadySeconds=1"]

    @check("standard: installs, each zone with a server of the broker and a router")
    def _():
        helm("install", "chat", CHART, "-n", "standard", *standard, *quick, "--set", "image.tag=1.0.0", "--wait", "--timeout", "120s")
        for name in ("nats", "router", "edge"):
            assert zones("standard", name) == ["zone-1", "zone-2", "zone-3"], (name, zones("standard", name))
        assert all(claim["status"]["phase"] == "Bound" for claim in get("standard", "pvc")["items"])

    @check("three real servers of the broker and a real router start with what the chart gives them, and keep three copies")
    def _():
        work = tempfile.mkdtemp(prefix="parley-standard-")
        with open(os.path.join(work, "jwks.json"), "w", encoding="utf-8") as file:
            file.write(Issuer(work).jwks)
        addresses = {"chat-parley-nats-%d" % i: "127.0.1.%d" % (i + 1) for i in range(3)}
        processes = Processes("standard", work, work, addresses)
        text = get("standard", "configmap", "chat-parley-nats")["data"]["nats.conf"]
        program = parts("nats-server")["nats-server"]
        try:
            for pod in pods("standard", "nats"):
                name = pod["metadata"]["name"]
                with open(os.path.join(work, name + ".conf"), "w", encoding="utf-8") as file:
                    file.write(text.replace("0.0.0.0", addresses[name]).replace("/data", os.path.join(work, name)))
                processes.start(name, processes.environment(pod, 9464), program, "--config", os.path.join(work, name + ".conf"))
            until(lambda: all("ok" in curl("http://%s:8222/healthz" % address) for address in addresses.values()), 60)
            router = pods("standard", "router")[0]
            environment = processes.environment(router, 9464)
            processes.start("router", dict(environment, PARLEY_ROUTER_NATS_MONITORING="http://127.0.1.1:8222"), *java("dev.parley.router.RouterMain"))
            try:
                until(lambda: grpc("/grpc.health.v1.Health/Check", base="http://127.0.0.1:8700")[1].endswith("0801"), 120)
            except AssertionError:
                raise AssertionError(processes.log("router")[-1500:])
            streams = [json.loads(curl("http://%s:8222/jsz" % address))["streams"] for address in addresses.values()]
            assert min(streams) == max(streams) >= 64, streams
        finally:
            processes.stop()

    @check("one router at a time may be evicted: the next is refused while the first is not back")
    def _():
        eviction = '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"%s","namespace":"standard"}}'
        path = "/api/v1/namespaces/standard/pods/%s/eviction"
        kubectl("cordon", "node-1", "node-2", "node-3")
        try:
            for name in ("chat-parley-router", "chat-parley-nats"):
                kubectl("create", "--raw", path % (name + "-0"), "-f", "-", input=eviction % (name + "-0"))
                until(lambda: not any(is_ready(pod) for pod in pods("standard", name.split("-")[-1]) if pod["metadata"]["name"] == name + "-0"), 30)
                until(lambda: get("standard", "pdb", name)["status"]["disruptionsAllowed"] == 0, 30)
                contains(refused("kubectl", "create", "--raw", path % (name + "-1"), "-f", "-", input=eviction % (name + "-1")),
                         "disruption budget")
        finally:
            kubectl("uncordon", "node-1", "node-2", "node-3")
        kubectl("-n", "standard", "rollout", "status", "statefulset/chat-parley-router", "--timeout=60s")
        kubectl("-n", "standard", "rollout", "status", "statefulset/chat-parley-nats", "--timeout=60s")

    order = ["presence", "router", "dispatcher", "gateway", "edge"]

    @check("helm/roll updates one component after the other, and routers one by one, from the last to the first")
    def _():
        watch = Watch("standard")
        try:
            run(os.path.join(HOME, "helm", "roll"), "chat", "standard", "2.0.0", "--timeout", "120s")
        finally:
            events = watch.stop()
        seen, routers, down = [], [], set()
        for event in events:
            pod = event["object"]
            name, what = pod["metadata"]["name"], component(pod)
            if what not in order:
                continue
            if image_of(pod).endswith(":2.0.0") and what not in seen:
                seen.append(what)
            if what == "router":
                if image_of(pod).endswith(":2.0.0") and name not in routers:
                    routers.append(name)
                if event["type"] == "DELETED" or not is_ready(pod):
                    down.add(name)
                    assert len(down) == 1, "at once: %s" % down
                else:
                    down.discard(name)
        assert seen == order, seen
        assert routers == ["chat-parley-router-%d" % i for i in (2, 1, 0)], routers
        for what in order:
            assert all(image_of(pod).endswith(":2.0.0") for pod in pods("standard", what)), what

    @check("a roll-back brings the versions from before, and the log stays where it is")
    def _():
        claims = {claim["metadata"]["uid"] for claim in get("standard", "pvc")["items"]}
        helm("rollback", "chat", "1", "-n", "standard", "--wait", "--timeout", "120s")
        for what in order:
            until(lambda: all(image_of(pod).endswith(":1.0.0") and is_ready(pod) for pod in pods("standard", what)), 60)
        assert claims == {claim["metadata"]["uid"] for claim in get("standard", "pvc")["items"]}

    @check("an upgrade of the chart's version alone starts no pod anew")
    def _():
        before = {pod["metadata"]["uid"] for pod in get("standard", "pods")["items"]}
        with tempfile.TemporaryDirectory() as directory:
            helm("package", CHART, "--version", "9.9.9", "-d", directory)
            helm("upgrade", "chat", directory + "/parley-9.9.9.tgz", "-n", "standard", "--reset-then-reuse-values", "--wait", "--timeout", "60s")
        assert before == {pod["metadata"]["uid"] for pod in get("standard", "pods")["items"]}

    @check("with an autoscaler the number of pods is its own: an upgrade does not reset it")
    def _():
        scaled = ["--reset-then-reuse-values", "--set", "router.autoscaling.kind=hpa", "--wait", "--timeout", "90s"]
        helm("upgrade", "chat", CHART, "-n", "standard", *scaled)
        kubectl("-n", "standard", "scale", "statefulset/chat-parley-router", "--replicas=4")
        kubectl("-n", "standard", "rollout", "status", "statefulset/chat-parley-router", "--timeout=60s")
        helm("upgrade", "chat", CHART, "-n", "standard", *scaled, "--set", "logging.level=DEBUG")
        replicas = get("standard", "statefulset", "chat-parley-router")["spec"]["replicas"]
        assert replicas == 4, replicas
        behavior = get("standard", "hpa", "chat-parley-router")["spec"]["behavior"]["scaleDown"]
        assert behavior["stabilizationWindowSeconds"] == 1800 and behavior["policies"][0]["periodSeconds"] == 600, behavior

    @check("admission takes every object of both profiles in each mesh mode, and all switches on")
    def _():
        namespace("dry")
        for profile in ("small", "standard"):
            for mode in ("off", "sidecar", "ambient"):
                for extra in (["everything"], ["existing"], [] if mode == "off" else ["mesh-gateway"]):
                    manifests = rendered("-n", "dry", *values(profile, "base", *extra), "--set", "mesh.istio.mode=" + mode)
                    kubectl("-n", "dry", "apply", "--dry-run=server", "-f", "-", input=manifests)

    @check("admission refuses what is invalid, and what could do more than it must")
    def _():
        manifests = rendered("-n", "dry", *values("small", "base", "mesh-gateway"), "--set", "mesh.istio.mode=sidecar")
        documents = list(yaml.safe_load_all(manifests))

        def broken(kind, change, *words):
            document = json.loads(json.dumps(next(d for d in documents if d and d["kind"] == kind)))
            change(document)
            contains(refused("kubectl", "-n", "dry", "apply", "--dry-run=server", "-f", "-", input=json.dumps(document)), *words)

        broken("NetworkPolicy", lambda d: d["spec"].update(policyTypes=["Sideways"]), "Sideways")
        broken("PodDisruptionBudget", lambda d: d["spec"].update(minAvailable=1), "minAvailable")
        broken("StatefulSet", lambda d: d["spec"]["template"]["spec"].update(containers=[]), "containers")
        broken("GRPCRoute", lambda d: d["spec"]["rules"][0]["matches"].append({"method": {}}), "method")
        broken("HTTPRoute", lambda d: d["spec"]["rules"][0].update(timeouts={"request": "1s", "backendRequest": "2s"}), "backendRequest")
        broken("AuthorizationPolicy", lambda d: d["spec"].update(action="PERHAPS"), "PERHAPS")
        broken("DestinationRule", lambda d: d["spec"]["trafficPolicy"].update(loadBalancer={"simple": "BEST"}), "BEST")
        pod = next(d for d in documents if d and d["kind"] == "Deployment")["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bold"}, "spec": dict(pod["spec"], serviceAccountName="default")}
        pod["spec"]["hostNetwork"] = True
        contains(refused("kubectl", "-n", "dry", "apply", "--dry-run=server", "-f", "-", input=json.dumps(pod)), "violates PodSecurity", "hostNetwork")


# ---------------------------------------------------------------------------------------------------------------------

def redis_says(*commands):
    """What a Redis on this machine answers, in its own protocol; nothing while it cannot be reached."""
    try:
        with socket.create_connection(("127.0.0.1", 6379), 2) as connection:
            connection.settimeout(2)
            connection.sendall("".join(command + "\r\n" for command in commands + ("QUIT",)).encode())
            said = b""
            while chunk := connection.recv(4096):
                said += chunk
            return "\n".join(said.decode().split("\r\n")[:-2])
    except OSError:
        return "nothing"


def mesh():
    work = tempfile.mkdtemp(prefix="parley-mesh-")
    issuer = Issuer(work)
    with open(os.path.join(work, "jwks.json"), "w", encoding="utf-8") as file:
        file.write(issuer.jwks)
    volumes(2)
    # Istio's own pods say nothing of seccomp, so the restricted standard would refuse them.
    namespace("mesh", jwks=issuer.jwks, standard="baseline")
    with open(os.path.join(work, "keys.yaml"), "w", encoding="utf-8") as file:
        yaml.safe_dump({"mesh": {"istio": {"mode": "sidecar", "gateway": {"jwks": issuer.jwks}}}}, file)
    processes = None
    envoys = []

    def start_envoy(role, pod, admin_port):
        """An Envoy that istiod takes for the proxy of this pod."""
        with open(os.path.join(HERE, "mesh", "envoy.yaml"), encoding="utf-8") as template:
            bootstrap = template.read()
        for name, value in {"ROLE": role, "IP": pod["status"]["podIP"], "POD": pod["metadata"]["name"], "ADMIN": str(admin_port),
                            "ACCOUNT": pod["spec"]["serviceAccountName"], "LABELS": json.dumps(pod["metadata"]["labels"])}.items():
            bootstrap = bootstrap.replace("@%s@" % name, value)
        file = os.path.join(work, "envoy-%s.yaml" % role)
        with open(file, "w", encoding="utf-8") as out:
            out.write(bootstrap)
        log = open(os.path.join(work, "envoy-%s.log" % role), "w")
        envoys.append(subprocess.Popen(
            [parts("envoy")["envoy"], "-c", file, "--disable-hot-restart", "--concurrency", "1", "-l", "warning"], stdout=log, stderr=log))

    def send(text, token=None):
        command = java("dev.parley.cli.Main") + ["send", "bob", text, "--address", HOST + ":8444", "--direct", "--token", token or issuer.token("alice")]
        done = subprocess.run(processes.with_names(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.returncode, done.stdout

    def config(what):
        return json.loads(run("curl", "-s", "http://127.0.0.1:19901/config_dump?" + what))

    try:
        @check("the chart installs with Istio's gateway instead of the edge")
        def _():
            helm("install", "chat", CHART, "-n", "mesh", *values("small", "base", "mesh-gateway"), "-f", os.path.join(work, "keys.yaml"), "--wait", "--timeout", "90s")
            assert all(pod["metadata"]["labels"].get("sidecar.istio.io/inject") == "true" for pod in get("mesh", "pods")["items"])

        @check("istiod takes the Gateway and its routes, and makes their workload")
        def _():
            run(os.path.join(HERE, "rig"), "istiod")
            until(lambda: "chat-parley-istio" in kubectl("-n", "mesh", "get", "deployments", "-o", "name"), 60)
            kubectl("-n", "mesh", "wait", "--for=condition=Available", "deployment/chat-parley-istio", "--timeout=60s")
            for kind, name in (("grpcroute", "chat-parley-grpc"), ("httproute", "chat-parley-web")):
                until(lambda: any(each["type"] == "Accepted" and each["status"] == "True"
                                  for parent in get("mesh", kind, name).get("status", {}).get("parents", []) for each in parent["conditions"]), 30)
            listeners = until(lambda: get("mesh", "gateway", "chat-parley")["status"].get("listeners"), 30)
            assert sorted(each["attachedRoutes"] for each in listeners) == [1, 1], listeners

        @check("a real Envoy takes what istiod makes of it")
        def _():
            pod = get("mesh", "pods", "-l", "gateway.networking.k8s.io/gateway-name=chat-parley")["items"][0]
            start_envoy("router", pod, 19901)
            until(lambda: "0.0.0.0_8444" in curl("http://127.0.0.1:19901/listeners"), 30)
            stats = curl("http://127.0.0.1:19901/stats?filter=update_rejected")
            assert all(line.endswith(": 0") for line in stats.splitlines() if line), stats

        def ends_with(words, name, **change):
            """Starts a router that cannot start: its last lines are what kubectl describe shows."""
            environment = processes.environment(pods("mesh", "router")[0], 9469)
            ended = processes.start(name, dict(environment, **change), *java("dev.parley.router.RouterMain")).wait(60)
            assert ended in (1, 2), ended
            contains("\n".join(processes.log(name).strip().splitlines()[-3:]), *words)

        @check("a router that cannot reach the broker ends and says so in its last lines")
        def _():
            nonlocal processes
            processes = Processes("mesh", work, work)
            ends_with(["parley router: the broker: "], "no-broker")

        @check("broker and router start with nothing but the environment and the configuration of the chart")
        def _():
            nats = pods("mesh", "nats")[0]
            text = get("mesh", "configmap", "chat-parley-nats")["data"]["nats.conf"].replace("/data", work + "/data")
            with open(os.path.join(work, "nats.conf"), "w", encoding="utf-8") as file:
                file.write(text)
            processes.start("nats", processes.environment(nats, 9464), parts("nats-server")["nats-server"], "--config", work + "/nats.conf")
            until(lambda: "ok" in curl("http://127.0.0.1:8222/healthz"), 30)
            router = pods("mesh", "router")[0]
            processes.start("router", processes.environment(router, 9464), *java("dev.parley.router.RouterMain"))
            try:
                until(lambda: grpc("/grpc.health.v1.Health/Check")[1].endswith("0801"), 60)
            except AssertionError:
                raise AssertionError(processes.log("router")[-1500:])

        @check("so does one with a wrong password, without keys, or with a setting that is none")
        def _():
            ends_with(["parley router: the broker: ", "uthoriz"], "wrong-password", PARLEY_ROUTER_NATS_PASSWORD="other")
            ends_with(["parley router: ", "none.json"], "no-keys", PARLEY_ROUTER_AUTH_JWKS=work + "/none.json")
            ends_with(["the nearest known one is PARLEY_ROUTER_SESSION_SESSIONS"], "wrong-setting", PARLEY_ROUTER_SESION_SESSIONS="1")

        @check("Redis and presence start likewise, and the router tells presence that it is there")
        def _():
            redis = pods("mesh", "redis")[0]
            environment = processes.environment(redis, 9464)
            program, *args = redis["spec"]["containers"][0]["args"]
            args = [arg.replace("$(REDIS_PASSWORD)", environment["REDIS_PASSWORD"]) for arg in args]
            processes.start("redis", environment, parts(program)[program], *args)
            presence = pods("mesh", "presence")[0]
            processes.start("presence", processes.environment(presence, 9466), *java("dev.parley.presence.PresenceMain"))
            until(lambda: "NOAUTH" in redis_says("DBSIZE"), 20)
            try:
                until(lambda: any(line[:1] == ":" and line != ":0"
                                  for line in redis_says("AUTH " + environment["REDIS_PASSWORD"], "DBSIZE").splitlines()), 30)
            except AssertionError:
                raise AssertionError(processes.log("presence")[-800:] + processes.log("redis")[-400:])

        @check("a message goes through the mesh's gateway to the router, and is stored")
        def _():
            status, said = send("through the mesh")
            assert status == 0 and said.strip().endswith("synced"), said

        def refusal(*args):
            """The headers of the answer to a call without a body: a proxy that refuses reads none."""
            return curl("--http2-prior-knowledge", "-i", "-X", "POST", "-H", "content-type: application/grpc", *args, GATEWAY + "/parley.v1.ChatService/GetUsers").lower()

        @check("without a token nothing but health is answered; a token that is none is refused")
        def _():
            contains(grpc("/grpc.health.v1.Health/Check")[0], "grpc-status: 0")
            contains(refusal(), "grpc-status: 7")
            contains(refusal("-H", "authorization: Bearer a.b.c"), "grpc-status: 16")
            other = Issuer(tempfile.mkdtemp(dir=work))
            contains(refusal("-H", "authorization: Bearer " + other.token("alice")), "grpc-status: 16")

        @check("a policy that denies is obeyed within seconds, and so is its removal")
        def _():
            policy = {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "closed"}, "spec": {
                "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "chat-parley"}],
                "action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/grpc.health.v1.Health/*"]}}]}]}}
            apply(policy, "mesh")
            until(lambda: "grpc-status: 7" in grpc("/grpc.health.v1.Health/Check")[0], 20)
            kubectl("-n", "mesh", "delete", "authorizationpolicy", "closed")
            until(lambda: "grpc-status: 0" in grpc("/grpc.health.v1.Health/Check")[0], 20)

        @check("in Envoy: no outlier detection, limits far above the defaults, new streams where fewer are")
        def _():
            clusters = {each["cluster"]["name"]: each["cluster"] for each in config("resource=dynamic_active_clusters")["configs"]}
            router = clusters["outbound|8700||chat-parley-router.mesh.svc.cluster.local"]
            assert "outlier_detection" not in router, router
            assert router["lb_policy"] == "LEAST_REQUEST", router["lb_policy"]
            limits = router["circuit_breakers"]["thresholds"][0]
            assert limits["max_requests"] == 1000000 and limits["max_connections"] == 10000, limits
            http = router["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
            assert http["explicit_http_config"]["http2_protocol_options"]["max_concurrent_streams"] == 10000, http

        @check("in Envoy: a stream has no time-out")
        def _():
            routes = [route for each in config("resource=dynamic_route_configs")["configs"]
                      for host in each["route_config"]["virtual_hosts"] for route in host.get("routes", [])]
            connect = [route for route in routes if "ChatService" in json.dumps(route.get("match", {}))]
            assert connect, json.dumps(routes)[:800]
            for route in connect:
                assert route["route"]["timeout"] == "0s" and "max_stream_duration" not in route["route"], route

        @check("for the proxy beside a router: only the mesh's certificates, and links from routers alone")
        def _():
            start_envoy("sidecar", pods("mesh", "router")[0], 19902)

            def inbound():
                said = curl("http://127.0.0.1:15080/debug/config_dump?proxyID=chat-parley-router-0.mesh")
                return said if "virtualInbound" in said else None

            dump = json.loads(until(inbound, 30))
            listener = next(each for section in dump["configs"] for each in section.get("dynamicListeners", []) if each["name"] == "virtualInbound")
            chains = {}
            for chain in listener["activeState"]["listener"]["filterChains"]:
                port = chain.get("filterChainMatch", {}).get("destinationPort")
                if port in (8700, 8710):
                    chains.setdefault(port, []).append(chain)
            assert set(chains) == {8700, 8710}, sorted(chains)
            for port, found in chains.items():
                for chain in found:
                    tls = chain["transportSocket"]["typedConfig"]
                    assert tls["requireClientCertificate"] is True, (port, tls)
            rules = json.dumps([each for found in chains.values() for each in found])
            contains(rules, "spiffe://cluster.local/ns/mesh/sa/chat-parley-router", "spiffe://cluster.local/ns/mesh/sa/chat-parley-gateway")
            assert "sa/chat-parley-presence" not in rules and "sa/chat-parley-dispatcher" not in rules

        @check("routers that come and go are followed")
        def _():
            def endpoints():
                return [line for line in curl("http://127.0.0.1:19901/clusters").splitlines()
                        if line.startswith("outbound|8700||chat-parley-router.mesh") and line.endswith("health_flags::healthy")]

            until(lambda: len(endpoints()) == 2, 20)
            kubectl("-n", "mesh", "scale", "statefulset/chat-parley-router", "--replicas=3")
            until(lambda: len(endpoints()) == 3, 30)
            kubectl("-n", "mesh", "scale", "statefulset/chat-parley-router", "--replicas=2")
            until(lambda: len(endpoints()) == 2, 30)

        @check("browsers reach the page and the socket by the other host, and no gRPC route")
        def _():
            gateway = pods("mesh", "gateway")[0]
            processes.start("gateway", processes.environment(gateway, 9465), *java("dev.parley.gateway.GatewayMain"))
            web = ["-H", "Host: web.example.org"]
            until(lambda: curl("-o", "/dev/null", "-w", "%{http_code}", *web, GATEWAY + "/") == "200", 30)
            said = curl("-i", "-N", "--max-time", "2", *web, "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Protocol: parley.v1.json",
                        "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", GATEWAY + "/ws")
            contains(said, "101 Switching Protocols")
            assert curl("-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: other.example.org", GATEWAY + "/") == "404"

        @check("a router that is ended drains within the grace period that the chart gives it")
        def _():
            router = next(process for name, process in processes.running if name == "router")
            grace = pods("mesh", "router")[0]["spec"]["terminationGracePeriodSeconds"]
            router.send_signal(signal.SIGTERM)
            try:
                assert router.wait(grace) == 0, processes.log("router")[-800:]
            except subprocess.TimeoutExpired:
                raise AssertionError("still there after %d s: %s" % (grace, processes.log("router")[-800:]))
    finally:
        if processes:
            processes.stop()
        for envoy in envoys:
            envoy.kill()
    if failures:
        print("logs are in " + work)


def main(part):
    {"cluster": cluster, "mesh": mesh}[part]()
    print("%s: %s" % (part, "all is well" if not failures else "%d failed" % len(failures)))
    sys.exit(1 if failures else 0)


main(*sys.argv[1:])
