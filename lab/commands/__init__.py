"""One module per subcommand of `lab`."""
