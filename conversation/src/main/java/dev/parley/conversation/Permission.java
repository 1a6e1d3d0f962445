package dev.parley.conversation;

/** What somebody may be allowed to do in a conversation. {@link RoleTable} says to whom. */
public enum Permission {
  /** Send a message. */
  SEND_MESSAGE("send a message"),
  /** Add and take back reactions. */
  REACT("add and take back reactions"),
  /** Edit a message of one's own. */
  EDIT_OWN_MESSAGE("edit one's own message"),
  /** Delete a message of one's own for everybody. */
  DELETE_OWN_MESSAGE("delete one's own message"),
  /** Delete somebody else's message for everybody. */
  DELETE_ANY_MESSAGE("delete others' messages"),
  /** Leave a group. */
  LEAVE("leave"),
  /** Add members to a group. */
  ADD_MEMBERS("add members"),
  /** Remove someone whose role is MEMBER. */
  REMOVE_MEMBER("remove a member"),
  /** Remove someone whose role is ADMIN or OWNER. */
  REMOVE_ADMIN("remove an admin or owner"),
  /** Change a group's title. */
  RENAME("rename"),
  /** Give and take roles. */
  SET_ROLE("give and take roles");

  private final String description;

  Permission(String description) {
    this.description = description;
  }

  /** For the table in the documentation. */
  public String description() {
    return description;
  }
}
