package io.ecsclusterkit.hazelcast;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The machine's own time. */
final class SystemTime implements TimeSource {

    private final CountDownLatch stopped = new CountDownLatch(1);

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    @Override
    public boolean sleep(Duration duration) throws InterruptedException {
        return !stopped.await(duration.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void stop() {
        stopped.countDown();
    }
}
