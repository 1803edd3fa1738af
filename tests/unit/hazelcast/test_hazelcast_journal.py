"""Why a member did not come, out of logs as members of Hazelcast 5.3.1 wrote them (shortened)."""

from __future__ import annotations

import pytest
from ansible.module_utils.hazelcast.journal import complaint, last_words

START = """\
Starting Hazelcast member on port 5701...
INFO  [main] AbstractConfigLocator - Loading configuration '/home/hazelcast-5.3.1/config/hazelcast.xml'
INFO  [main] Node - [10.0.0.11]:5701 [demo] [5.3.1] Using Discovery SPI
WARN  [main] CPSubsystem - [10.0.0.11]:5701 [demo] [5.3.1] CP Subsystem is not enabled.
"""
UNKNOWN_PROPERTY = (
    START
    + """\
ERROR [main] Node - [10.0.0.11]:5701 [demo] [5.3.1] Node creation failed
java.lang.RuntimeException: Failed to configure discovery strategies
\tat com.hazelcast.spi.discovery.impl.DefaultDiscoveryService.loadDiscoveryStrategies(DefaultDiscoveryService.java:161)
Caused by: com.hazelcast.config.InvalidConfigurationException: Unknown properties: '[bogus]' on discovery strategy
\t... 11 more
INFO  [main] Node - [10.0.0.11]:5701 [demo] [5.3.1] Shutting down connection manager...
Exception in thread "main" java.lang.RuntimeException: Failed to configure discovery strategies
Caused by: com.hazelcast.config.InvalidConfigurationException: Unknown properties: '[bogus]' on discovery strategy
hazelcast@5701.service: Main process exited, code=exited, status=1/FAILURE
"""
)
MISMATCH = (
    START
    + """\
ERROR [hz.happy.thread-0] cluster - [10.0.0.11]:5701 [demo] [5.3.1] Node could not join cluster. Incompatible
WARN  [hz.happy.generic-operation.thread-0] Node - [10.0.0.11]:5701 [demo] [5.3.1] Terminating forcefully...
ERROR [main] Node - [10.0.0.11]:5701 [demo] [5.3.1] Could not join cluster. Shutting down now!
Exception in thread "main" java.lang.IllegalStateException: Node failed to start!
"""
)
BAD_OPTION = START + 'Exception in thread "main" java.lang.IllegalStateException: No such file\n'


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (UNKNOWN_PROPERTY, "Unknown properties: '[bogus]' on discovery strategy"),
        (MISMATCH, "Node could not join cluster. Incompatible"),
        (BAD_OPTION, "No such file"),
        ("Error: Could not create the Java Virtual Machine.\n", "Could not create the Java Virtual Machine."),
        (UNKNOWN_PROPERTY + MISMATCH, "Node could not join cluster. Incompatible"),
        (UNKNOWN_PROPERTY + START, "Unknown properties: '[bogus]' on discovery strategy"),
        (START, ""),
        ("", ""),
    ],
)
def test_the_first_error_of_the_last_start_that_had_one(log, words):
    assert last_words(log) == words


def test_only_the_last_start_counts_for_a_member_that_runs():
    assert complaint(UNKNOWN_PROPERTY + START) == ""
    assert complaint(START + MISMATCH) == "Node could not join cluster. Incompatible"
