package io.ecsclusterkit.hazelcast;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps wrong credentials from being sent again and again: the cloud locks a key for five minutes after five wrong
 * signatures in a row. After a refusal nothing that carries credentials is sent for a minute; and until an answer of
 * this round has shown that they are good, requests go one at a time, so that several regions do not refuse them at once.
 */
final class KeyGuard {

    static final Duration HOLD = Duration.ofSeconds(60);

    private final TimeSource time;
    private final ReentrantLock lane = new ReentrantLock();
    private volatile boolean proven;
    private volatile String reason;
    private volatile long heldUntil;

    KeyGuard(TimeSource time) {
        this.time = time;
    }

    /** From now on the credentials count as unproven again. */
    void newRound() {
        proven = false;
    }

    /**
     * Waits for the right to send one request.
     *
     * @return whether it goes alone: then {@link #leave} is due after the answer
     * @throws CloudException refused, without anything being sent, while requests are held back
     */
    boolean enter(Deadline deadline) throws CloudException {
        boolean alone = !proven;
        if (alone && !waitForLane(deadline)) {
            throw CloudException.trouble("another region's request with the same key took all the time");
        }
        if (alone && proven) {
            // Somebody else has proved the credentials while this request waited.
            leave();
            alone = false;
        }
        if (!left().isZero()) {
            if (alone) {
                leave();
            }
            throw CloudException.refused(reason);
        }
        return alone;
    }

    private boolean waitForLane(Deadline deadline) {
        try {
            return lane.tryLock(deadline.left().toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Lets the next request go. */
    void leave() {
        lane.unlock();
    }

    /** The credentials were good: requests may go side by side. */
    void accepted() {
        proven = true;
    }

    /** The credentials were refused. */
    void refused(String sentence) {
        proven = false;
        reason = sentence;
        heldUntil = time.nanos() + HOLD.toNanos();
    }

    /** How long requests are still held back; zero when they are not. */
    Duration left() {
        return reason == null ? Duration.ZERO : Duration.ofNanos(Math.max(0, heldUntil - time.nanos()));
    }
}
