package io.ecsclusterkit.hazelcast;

import java.time.Duration;
import java.time.Instant;

/** Time as the strategy sees it, so that tests can bring their own. */
interface TimeSource {

    /** The time of day, for signatures and ends of keys. */
    Instant now();

    /** A clock for durations that only goes forward, in nanoseconds. */
    long nanos();

    /** Waits, and says whether the time has passed in full: not when the member is shut down meanwhile. */
    boolean sleep(Duration duration) throws InterruptedException;

    /** Ends every wait, now and from now on: the member is being shut down. */
    void stop();
}
