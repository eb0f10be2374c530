"""What people should rank next: which open tasks first, and which of a prompt's answers together."""
