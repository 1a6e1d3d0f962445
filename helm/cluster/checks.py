#!/usr/bin/env python3
"""Checks the chart on the rig's API server. Runs inside the rig's network namespace: rig enter checks.py cluster|mesh.

Each check is a line "ok" or "FAILED" with its time; the exit status is 1 when one has failed. kwok plays the nodes: it
makes pods ready without running anything, so nothing here says that a container starts.
"""

import base64
import json
import os
import signal
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
        except AssertionError as failure:
            failures.append(what)
            print("FAILED %5.1f s  %s\n    %s" % (time.monotonic() - started, what, str(failure).replace("\n", "\n    ")), flush=True)
        return function

    return decorator


def secret(namespace, name, **data):
    apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}, namespace)


def certificate(directory):
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=localhost",
        "-keyout", directory + "/tls.key", "-out", directory + "/tls.crt")


def namespace(name, jwks='{"keys":[]}'):
    """A namespace that takes no pod which could do more than it must, with all Secrets."""
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    until(lambda: "default" in kubectl("-n", name, "get", "serviceaccount", check=False))
    secret(name, "parley-link", secret="a-link-secret")
    secret(name, "parley-nats", user="parley", password="12345")
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
            if line.startswith("}"):
                event, _ = decoder.raw_decode(text)
                self.lines.append(event)
                text = ""

    def stop(self):
        self.process.terminate()
        self.thread.join()
        return self.lines


def component(pod):
    return pod["metadata"]["labels"].get("app.kubernetes.io/component")


def image_of(pod):
    return pod["spec"]["containers"][0]["image"]


# ---------------------------------------------------------------------------------------------------------------------

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
            contains(refused("helm", "install", "chat", CHART, "-n", "default", *base, "--set", flags), *words)

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

    namespace("standard")
    standard = values("standard", "base")
    quick = ["--set", "router.minReadySeconds=2,nats.minReadySeconds=1,presence.minReadySeconds=1"]

    @check("standard: installs, each zone with a server of the broker and a router")
    def _():
        helm("install", "chat", CHART, "-n", "standard", *standard, *quick, "--set", "image.tag=1.0.0", "--wait", "--timeout", "120s")
        for name in ("nats", "router", "edge"):
            assert zones("standard", name) == ["zone-1", "zone-2", "zone-3"], (name, zones("standard", name))
        assert all(claim["status"]["phase"] == "Bound" for claim in get("standard", "pvc")["items"])

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
                if event["type"] == "DELETED" or not is_ready(pod):
                    if name not in down:
                        down.add(name)
                        routers.append(name)
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
                    rendered = helm("template", "chat", CHART, "-n", "dry", *values(profile, "base", *extra), "--set", "mesh.istio.mode=" + mode)
                    kubectl("-n", "dry", "apply", "--dry-run=server", "-f", "-", input=rendered)

    @check("admission refuses what is invalid, and what could do more than it must")
    def _():
        rendered = list(yaml.safe_load_all(helm("template", "chat", CHART, "-n", "dry", *values("small", "base", "mesh-gateway"), "--set", "mesh.istio.mode=sidecar")))

        def broken(kind, change, *words):
            document = json.loads(json.dumps(next(d for d in rendered if d and d["kind"] == kind)))
            change(document)
            contains(refused("kubectl", "-n", "dry", "apply", "--dry-run=server", "-f", "-", input=json.dumps(document)), *words)

        broken("NetworkPolicy", lambda d: d["spec"].update(policyTypes=["Sideways"]), "Sideways")
        broken("PodDisruptionBudget", lambda d: d["spec"].update(minAvailable=1), "minAvailable")
        broken("StatefulSet", lambda d: d["spec"]["template"]["spec"].update(containers=[]), "containers")
        broken("GRPCRoute", lambda d: d["spec"]["rules"][0]["matches"].append({"method": {}}), "method")
        broken("HTTPRoute", lambda d: d["spec"]["rules"][0].update(timeouts={"request": "1s", "backendRequest": "2s"}), "backendRequest")
        broken("AuthorizationPolicy", lambda d: d["spec"].update(action="PERHAPS"), "PERHAPS")
        broken("DestinationRule", lambda d: d["spec"]["trafficPolicy"].update(loadBalancer={"simple": "BEST"}), "BEST")
        pod = next(d for d in rendered if d and d["kind"] == "StatefulSet")["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bold"}, "spec": dict(pod["spec"], serviceAccountName="default")}
        pod["spec"]["containers"][0]["securityContext"]["privileged"] = True
        contains(refused("kubectl", "-n", "dry", "apply", "--dry-run=server", "-f", "-", input=json.dumps(pod)), "violates PodSecurity", "privileged")


def main(part):
    {"cluster": cluster, "mesh": None}[part]()
    print("%s: %s" % (part, "all is well" if not failures else "%d failed" % len(failures)))
    sys.exit(1 if failures else 0)


main(*sys.argv[1:])
