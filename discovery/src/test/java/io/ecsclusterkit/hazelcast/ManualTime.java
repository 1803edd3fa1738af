package io.ecsclusterkit.hazelcast;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Time that passes only when somebody sleeps or the test says so. */
final class ManualTime implements TimeSource {

    final List<Duration> sleeps = Collections.synchronizedList(new ArrayList<>());
    /** Runs after each sleep. */
    volatile Runnable afterSleep = () -> { };
    private volatile Duration passed = Duration.ZERO;
    private volatile Instant begin = Instant.now();

    @Override
    public Instant now() {
        return begin.plus(passed);
    }

    @Override
    public long nanos() {
        return passed.toNanos();
    }

    @Override
    public boolean sleep(Duration duration) {
        sleeps.add(duration);
        pass(duration);
        afterSleep.run();
        return true;
    }

    @Override
    public void stop() {
    }

    synchronized void pass(Duration duration) {
        passed = passed.plus(duration);
    }

    /** Puts the clock of the day wrong. */
    void skew(Duration by) {
        begin = begin.plus(by);
    }
}
