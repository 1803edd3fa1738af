"""How ssh logs in to a bastion: the jump as Ansible writes it, ssh's configuration for it, its refusals in words."""
