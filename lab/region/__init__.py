"""The model of a region: accounts, servers, jobs and keys, without HTTP."""
