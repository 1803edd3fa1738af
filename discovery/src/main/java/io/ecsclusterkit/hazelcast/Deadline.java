package io.ecsclusterkit.hazelcast;

import java.time.Duration;

/** A point in time by which an answer is due. */
final class Deadline {

    private final TimeSource time;
    private final long end;

    private Deadline(TimeSource time, long end) {
        this.time = time;
        this.end = end;
    }

    static Deadline in(Duration duration, TimeSource time) {
        return new Deadline(time, time.nanos() + duration.toNanos());
    }

    /** What is left, never negative. */
    Duration left() {
        return Duration.ofNanos(Math.max(0, end - time.nanos()));
    }

    boolean passed() {
        return left().isZero();
    }

    /** The limit, or what is left when that is less; at least a millisecond, because HTTP knows no timeout of zero. */
    Duration cap(Duration limit) {
        Duration left = left();
        Duration least = Duration.ofMillis(1);
        Duration shorter = left.compareTo(limit) < 0 ? left : limit;
        return shorter.compareTo(least) < 0 ? least : shorter;
    }
}
