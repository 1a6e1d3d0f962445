#!/usr/bin/env python3
"""Writes JSON schemas for kubeconform into a directory: those of Kubernetes, which kubernetes-validate brings, and those
of custom resources, out of their definitions.

    schemas.py OUT VERSION[,VERSION...] CRD_FILE...

Everything is strict: a field that the schema does not know is an error.
"""

import importlib.util
import json
import os
import sys

import yaml


def kubernetes(out, version):
    # Its files alone: its code needs more packages.
    package = importlib.util.find_spec("kubernetes_validate").submodule_search_locations[0]
    source = os.path.join(package, "kubernetes-json-schema", "v%s.0-local-strict" % version)
    target = os.path.join(out, "v%s.0-standalone-strict" % version)
    os.makedirs(target, exist_ok=True)
    for file in os.listdir(source):
        with open(os.path.join(source, file), encoding="utf-8") as text:
            schema = json.loads(text.read().replace('"/api/_definitions.json#', '"_definitions.json#'))
        # It names a server, from which references would be read.
        schema.pop("$id", None)
        write(os.path.join(target, file), schema)


def custom(out, file):
    with open(file, encoding="utf-8") as text:
        documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    for document in documents:
        if not document or document.get("kind") != "CustomResourceDefinition":
            continue
        spec = document["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema.setdefault("properties", {}).update(
                apiVersion={"type": "string"}, kind={"type": "string"}, metadata={"type": "object"})
            name = "%s_%s.json" % (spec["names"]["kind"].lower(), version["name"])
            write(os.path.join(out, spec["group"], name), schema)


def strict(schema):
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: strict(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
        schema["anyOf"] = [{"type": "string"}, {"type": "integer"}]
    return schema


def write(path, schema):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(schema, file)


def main(out, versions, *files):
    for version in versions.split(","):
        kubernetes(out, version)
    for file in files:
        custom(out, file)


main(*sys.argv[1:])
