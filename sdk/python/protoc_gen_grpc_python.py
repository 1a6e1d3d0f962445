#!/usr/bin/env python3
"""A plugin of protoc and buf that generates gRPC stubs for Python.

The generator itself has no program of its own: it is built into grpcio-tools' protoc. This reads the request that
plugins get on standard input, has that protoc generate, and answers with the files that have come out.
"""

import os
import subprocess
import sys
import tempfile

from google.protobuf.compiler import plugin_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet


def generate(request, scratch):
    """The response with every file that protoc writes for the request. `scratch` is an empty directory."""
    descriptors = os.path.join(scratch, "descriptors.binpb")
    with open(descriptors, "wb") as file:
        file.write(FileDescriptorSet(file=request.proto_file).SerializeToString())
    out = os.path.join(scratch, "out")
    os.mkdir(out)
    options = ["--grpc_python_opt=" + request.parameter] if request.parameter else []
    command = [sys.executable, "-m", "grpc_tools.protoc", "--descriptor_set_in=" + descriptors]
    command += ["--grpc_python_out=" + out, *options, *request.file_to_generate]
    protoc = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    response = plugin_pb2.CodeGeneratorResponse(
        supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    if protoc.returncode != 0:
        response.error = protoc.stdout.decode("utf-8", "replace")
        return response
    for directory, _, names in sorted(os.walk(out)):
        for name in sorted(names):
            path = os.path.join(directory, name)
            with open(path, encoding="utf-8") as file:
                response.file.add(name=os.path.relpath(path, out).replace(os.sep, "/"), content=file.read())
    return response


def main():
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    with tempfile.TemporaryDirectory() as scratch:
        response = generate(request, scratch)
    sys.stdout.buffer.write(response.SerializeToString())


if __name__ == "__main__":
    main()
