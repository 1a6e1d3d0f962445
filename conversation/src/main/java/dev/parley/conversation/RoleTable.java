package dev.parley.conversation;

import static dev.parley.v1.Role.ROLE_ADMIN;
import static dev.parley.v1.Role.ROLE_MEMBER;
import static dev.parley.v1.Role.ROLE_OWNER;

import dev.parley.v1.Role;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Who may do what in a group. In a direct conversation both users are members, and what concerns membership and title
 * does not exist.
 */
public final class RoleTable {
  private static final List<Role> ROLES = List.of(ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER);

  private static final Map<Permission, Set<Role>> TABLE = new EnumMap<>(Map.ofEntries(
      Map.entry(Permission.SEND_MESSAGE, Set.of(ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.REACT, Set.of(ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.EDIT_OWN_MESSAGE, Set.of(ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.DELETE_OWN_MESSAGE, Set.of(ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.DELETE_ANY_MESSAGE, Set.of(ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.LEAVE, Set.of(ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.ADD_MEMBERS, Set.of(ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.REMOVE_MEMBER, Set.of(ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.REMOVE_ADMIN, Set.of(ROLE_OWNER)),
      Map.entry(Permission.RENAME, Set.of(ROLE_ADMIN, ROLE_OWNER)),
      Map.entry(Permission.SET_ROLE, Set.of(ROLE_OWNER))));

  private RoleTable() {}

  /** Whether somebody with this role may do this. A former member (ROLE_UNSPECIFIED) may do nothing. */
  public static boolean allows(Role role, Permission permission) {
    return TABLE.getOrDefault(permission, Set.of()).contains(role);
  }

  /** The table as it stands in docs/protocol.md. */
  public static String toMarkdown() {
    var text = new StringBuilder("| |");
    ROLES.forEach(role -> text.append(' ').append(nameOf(role)).append(" |"));
    text.append("\n|---|").append("---|".repeat(ROLES.size())).append('\n');
    for (Permission permission : Permission.values()) {
      text.append("| ").append(permission.description()).append(" |");
      ROLES.forEach(role -> text.append(allows(role, permission) ? " yes |" : " |"));
      text.append('\n');
    }
    return text.toString();
  }

  private static String nameOf(Role role) {
    return role.name().substring("ROLE_".length()).toLowerCase(Locale.ROOT);
  }
}
