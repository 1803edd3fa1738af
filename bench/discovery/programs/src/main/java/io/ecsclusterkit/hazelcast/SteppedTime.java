package io.ecsclusterkit.hazelcast;

import java.time.Duration;
import java.time.Instant;

/** The machine's time, with steps ahead: what is kept for five seconds is old at once, and a day passes in a moment. */
final class SteppedTime implements TimeSource {

    private volatile long ahead;

    void pass(Duration duration) {
        ahead += duration.toNanos();
    }

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public long nanos() {
        return System.nanoTime() + ahead;
    }

    @Override
    public boolean sleep(Duration duration) {
        throw new IllegalStateException("the canned region gave no reason to wait");
    }

    @Override
    public void stop() {
        // Nobody waits.
    }
}
