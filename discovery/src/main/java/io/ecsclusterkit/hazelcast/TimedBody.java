package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The body of an answer as a stream that never waits forever: the JDK's own stream knows no timeout once the headers
 * are there. Holds one network buffer at a time, so memory does not grow with the body.
 */
final class TimedBody extends InputStream implements BodySubscriber<InputStream> {

    private static final int READ_END = -1;

    private final Duration readTimeout;
    private final Deadline deadline;
    /** Lists of buffers, then one {@link Throwable} or {@link #READ_END}. */
    private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();
    private final Deque<ByteBuffer> current = new ArrayDeque<>();
    private final CompletableFuture<Subscription> subscription = new CompletableFuture<>();
    private boolean ended;

    TimedBody(Duration readTimeout, Deadline deadline) {
        this.readTimeout = readTimeout;
        this.deadline = deadline;
    }

    @Override
    public CompletionStage<InputStream> getBody() {
        return CompletableFuture.completedFuture(this);
    }

    @Override
    public void onSubscribe(Subscription given) {
        subscription.complete(given);
        given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        arrived.add(buffers);
    }

    @Override
    public void onError(Throwable error) {
        arrived.add(error);
    }

    @Override
    public void onComplete() {
        arrived.add(READ_END);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? READ_END : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        while (!ended && (current.isEmpty() || !current.peek().hasRemaining())) {
            if (current.poll() == null) {
                receive();
            }
        }
        if (ended) {
            return READ_END;
        }
        ByteBuffer buffer = current.peek();
        int n = Math.min(length, buffer.remaining());
        buffer.get(target, offset, n);
        return n;
    }

    private void receive() throws IOException {
        Object next = next();
        if (next instanceof Throwable) {
            throw new IOException("the connection broke");
        } else if (next instanceof List) {
            ((List<?>) next).forEach(buffer -> current.add((ByteBuffer) buffer));
            subscription.join().request(1);
        } else {
            ended = true;
        }
    }

    private Object next() throws IOException {
        try {
            Object next = arrived.poll(deadline.cap(readTimeout).toMillis(), TimeUnit.MILLISECONDS);
            if (next == null) {
                throw new HttpTimeoutException("the answer stopped in the middle");
            }
            return next;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted");
        }
    }

    @Override
    public void close() {
        ended = true;
        subscription.thenAccept(Subscription::cancel);
    }
}
