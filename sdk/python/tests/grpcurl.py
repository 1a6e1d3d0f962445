#!/usr/bin/env python3
"""What the tests do of grpcurl, with its arguments, for machines that do not have it: knows nothing of Parley but what
the server's reflection tells.

    grpcurl.py -cacert FILE [-H 'name: value'] [-d JSON] HOST:PORT list [SERVICE]
    grpcurl.py -cacert FILE [-H 'name: value'] [-d JSON] HOST:PORT SERVICE/METHOD

Exit status: 0, or 1 with the status and its details on stderr.
"""

import argparse
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import status_pb2
from grpc_reflection.v1alpha import reflection_pb2

# Messages of v1 have the same fields as those of v1alpha, which the package brings.
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
SECONDS = 20


class Server:
    """A server whose contract is learned by asking it."""

    def __init__(self, channel, metadata):
        self._channel = channel
        self._metadata = metadata
        self._reflect = channel.stream_stream(
            REFLECTION,
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        self._known = set()
        self.pool = descriptor_pool.DescriptorPool()

    def services(self):
        return [service.name for service in self._ask(list_services="").list_services_response.service]

    def methods(self, service):
        self._learn(file_containing_symbol=service)
        return self.pool.FindServiceByName(service).methods

    def call(self, path, request_json):
        service, _, name = path.partition("/")
        method = next(m for m in self.methods(service) if m.name == name)
        request = json_format.Parse(request_json, self._class(method.input_type)(), descriptor_pool=self.pool)
        call = self._channel.unary_unary(
            "/" + path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=self._class(method.output_type).FromString,
        )
        return self._json(call(request, metadata=self._metadata, timeout=SECONDS))

    def details(self, failure):
        """The details of a failed call, by types that the server tells."""
        found = []
        for key, value in failure.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                found += [self._detail(detail) for detail in status_pb2.Status.FromString(value).details]
        return found

    def _detail(self, detail):
        try:
            self._learn(file_containing_symbol=detail.TypeName())
        except grpc.RpcError:
            # Whoever may not ask for types sees the name alone.
            return {"@type": detail.type_url}
        return self._json(detail)

    def _json(self, message):
        return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=self.pool)

    @staticmethod
    def _class(descriptor):
        return message_factory.GetMessageClass(descriptor)

    def _ask(self, **question):
        questions = iter([reflection_pb2.ServerReflectionRequest(**question)])
        answer = next(self._reflect(questions, metadata=self._metadata, timeout=SECONDS))
        if answer.HasField("error_response"):
            sys.exit("reflection of %s: %s" % (question, answer.error_response.error_message))
        return answer

    def _learn(self, **question):
        """Adds a file, after the files that it imports."""
        files = self._ask(**question).file_descriptor_response.file_descriptor_proto
        parsed = [descriptor_pb2.FileDescriptorProto.FromString(file) for file in files]
        self._add(parsed[0], {file.name: file for file in parsed})

    def _add(self, file, at_hand):
        if file.name in self._known:
            return
        self._known.add(file.name)
        for name in file.dependency:
            if name in at_hand:
                self._add(at_hand[name], at_hand)
            elif name not in self._known:
                self._learn(file_by_filename=name)
        self.pool.Add(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-cacert", required=True)
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d", default="{}")
    parser.add_argument("target")
    parser.add_argument("what")
    parser.add_argument("service", nargs="?")
    arguments = parser.parse_args()
    metadata = tuple(tuple(part.strip() for part in header.split(":", 1)) for header in arguments.H)
    with open(arguments.cacert, "rb") as pem:
        credentials = grpc.ssl_channel_credentials(pem.read())
    with grpc.secure_channel(arguments.target, credentials) as channel:
        server = Server(channel, metadata)
        try:
            if arguments.what != "list":
                print(json.dumps(server.call(arguments.what, arguments.d), indent=2))
            elif arguments.service:
                print("\n".join(method.full_name for method in server.methods(arguments.service)))
            else:
                print("\n".join(sorted(server.services())))
        except grpc.RpcError as failure:
            # Without the camel case of grpcurl's codes, which nobody should parse.
            print("ERROR: %s: %s" % (failure.code().name, failure.details()), file=sys.stderr)
            for detail in server.details(failure):
                print(json.dumps(detail, indent=2), file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
