package dev.parley.v1;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.parley.internal.v1.EncodedEvents;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rules of the contract that lint does not know. */
class ContractTest {
  /** Every file with a service. */
  private static final List<FileDescriptor> FILES = List.of(ChatProto.getDescriptor());

  @Test
  void everyMethodSaysWhoMayCallIt() {
    assertThat(methods()).isNotEmpty().allSatisfy(method -> assertThat(authorization(method))
        .as(method.getFullName())
        .isNotIn(Authorization.AUTHORIZATION_UNSPECIFIED, Authorization.UNRECOGNIZED));
  }

  @Test
  void everyMethodForMembersNamesItsConversation() {
    assertThat(methods())
        .filteredOn(method -> authorization(method) == Authorization.AUTHORIZATION_MEMBER)
        .isNotEmpty()
        .allSatisfy(method -> assertThat(namesConversation(method.getInputType())).as(method.getFullName()).isTrue());
  }

  @Test
  void encodedEventsAreEventsOnTheWire() throws Exception {
    Event event = Event.newBuilder().setSeq(7).build();
    EncodedEvents encoded = EncodedEvents.newBuilder()
        .setConversationId("c1")
        .setPosition(42)
        .setTerm(Term.newBuilder().setNumber(3))
        .addEvents(event.toByteString())
        .addEvents(event.toByteString())
        .build();

    assertThat(Events.parseFrom(encoded.toByteString())).isEqualTo(Events.newBuilder()
        .setConversationId("c1")
        .setPosition(42)
        .setTerm(Term.newBuilder().setNumber(3))
        .addEvents(event)
        .addEvents(event)
        .build());
    assertThat(numbers(EncodedEvents.getDescriptor())).isEqualTo(numbers(Events.getDescriptor()));
  }

  private static List<String> numbers(Descriptor message) {
    return message.getFields().stream().map(field -> field.getNumber() + " " + field.getName()).toList();
  }

  private static List<MethodDescriptor> methods() {
    return FILES.stream()
        .flatMap(file -> file.getServices().stream())
        .flatMap(service -> service.getMethods().stream())
        .toList();
  }

  private static Authorization authorization(MethodDescriptor method) {
    return method.getOptions().getExtension(OptionsProto.authorization);
  }

  private static boolean namesConversation(Descriptor request) {
    FieldDescriptor command = request.findFieldByName("command");
    return request.findFieldByName("conversation_id") != null
        || command != null && command.getMessageType().findFieldByName("conversation_id") != null;
  }
}
