"""What would fail later, asked before: checks of hosts (Python 3.9, no package) and of the account, and their page."""
